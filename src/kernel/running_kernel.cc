// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/running_kernel.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <mutex>
#include <sstream>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "debuginfo/btf.h"
#include "debuginfo/kallsyms.h"
#include "kernel/task.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

constexpr const char* btf_folder = "/sys/kernel/btf";

// Files of /proc and /sys have no size.
Result<std::string> contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (file && !text.str().empty()) return std::move(text).str();
  return Error(ErrorKind::io, fmt::format("{} cannot be read", path.string()));
}

// The split BTF of all modules, as one source.
class ModuleTypes : public TypeSource {
 public:
  ModuleTypes(std::shared_ptr<const Btf> base, unsigned pointer_size)
      : base_(std::move(base)), pointer_size_(pointer_size) {}

  Result<const Type*> type(std::string_view name, TypeTag tag) override {
    return first("type", name, [&](Btf& btf) { return btf.type(name, tag); });
  }
  std::vector<const Type*> types(std::string_view name, TypeTag tag) override {
    std::vector<const Type*> all;
    for (const auto& btf : modules()) {
      auto found = btf->types(name, tag);
      all.insert(all.end(), found.begin(), found.end());
    }
    return all;
  }
  Result<TypedSymbol> variable(std::string_view name) override {
    return first("variable", name,
                 [&](Btf& btf) { return btf.variable(name); });
  }
  Result<TypedSymbol> function(std::string_view name) override {
    return first("function", name,
                 [&](Btf& btf) { return btf.function(name); });
  }
  Result<std::pair<const Type*, std::int64_t>> enumerator(
      std::string_view name) override {
    return first("enumerator", name,
                 [&](Btf& btf) { return btf.enumerator(name); });
  }
  void each_type(const std::function<bool(const Type&)>& each) override {
    bool goes_on = true;
    for (const auto& btf : modules()) {
      if (!goes_on) return;
      btf->each_type([&](const Type& type) { return goes_on = each(type); });
    }
  }
  std::vector<std::string> names(std::string_view prefix,
                                 std::size_t limit) override {
    std::vector<std::string> all;
    for (const auto& btf : modules()) {
      if (all.size() >= limit) break;
      auto found = btf->names(prefix, limit - all.size());
      all.insert(all.end(), found.begin(), found.end());
    }
    return all;
  }

 private:
  template <typename Ask>
  auto first(std::string_view what, std::string_view name, Ask ask)
      -> decltype(ask(std::declval<Btf&>())) {
    for (const auto& btf : modules()) {
      auto found = ask(*btf);
      if (found) return found;
    }
    return Error(ErrorKind::not_found,
                 fmt::format("no {} named {}", what, name));
  }

  const std::vector<std::shared_ptr<Btf>>& modules() {
    std::call_once(once_, [this] {
      std::error_code error;
      std::vector<std::string> found;
      for (fs::directory_iterator entry(btf_folder, error);
           !error && entry != fs::directory_iterator();
           entry.increment(error)) {
        found.push_back(entry->path().filename());
      }
      std::ranges::sort(found);
      for (const std::string& name : found) {
        if (name != "vmlinux") add(name);
      }
    });
    return modules_;
  }

  // A module that has gone meanwhile has no types.
  void add(const std::string& name) {
    auto bytes = running_btf(name);
    if (!bytes) return;
    auto btf =
        Btf::open(**bytes, std::endian::native, pointer_size_, base_, *bytes);
    if (btf) modules_.push_back(std::move(btf).value());
  }

  std::shared_ptr<const Btf> base_;
  unsigned pointer_size_;
  std::once_flag once_;
  std::vector<std::shared_ptr<Btf>> modules_;
};

}  // namespace

VmlinuxQuery running_kernel() {
  VmlinuxQuery query;
  utsname names = {};
  if (uname(&names) == 0) {
    query.release = names.release;
    query.version = names.version;
  }
  if (auto notes = contents_of("/sys/kernel/notes")) {
    query.build_id = build_id_in_notes(
        std::as_bytes(std::span(notes->data(), notes->size())),
        std::endian::native);
  }
  return query;
}

Result<SymbolTable> running_symbols() {
  auto found = kallsyms_listing(TRY(contents_of("/proc/kallsyms")));
  if (found || found.error().kind() != ErrorKind::unsupported) return found;
  constexpr const char* setting = "/proc/sys/kernel/kptr_restrict";
  std::string restricted(trim(contents_of(setting).value_or("unknown")));
  return Error(ErrorKind::unsupported,
               fmt::format("/proc/kallsyms hides all addresses from us "
                           "(kernel.kptr_restrict is {}; root sees them when "
                           "it is 0 or 1)",
                           restricted));
}

Result<std::shared_ptr<const std::vector<std::byte>>> running_btf(
    const std::string& name) {
  std::string text = TRY(contents_of(fs::path(btf_folder) / name));
  auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(),
                                                        bytes.end());
}

Result<Object> own_task(const Kernel& kernel) {
  if (kernel.dump_info().is_own_machine) {
    auto task = task_of_pid(kernel, static_cast<std::uint64_t>(getpid()));
    auto comm = task ? task_comm(*task) : Result<std::string>(task.error());
    auto own = contents_of("/proc/self/comm");
    if (comm && own && *comm == trim(*own)) return task;
  }
  return Error(ErrorKind::not_found, "this process is not among the tasks");
}

std::shared_ptr<TypeSource> running_module_types(
    std::shared_ptr<const Btf> base, unsigned pointer_size) {
  return std::make_shared<ModuleTypes>(std::move(base), pointer_size);
}

}  // namespace inquest
