// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/unwinding.h"

#include <map>
#include <mutex>

#include "kernel/module.h"
#include "kernel/orc_tables.h"
#include "unwind/cfi_method.h"
#include "unwind/frame_pointer.h"
#include "unwind/orc_method.h"
#include "unwind/x86_64.h"

namespace inquest {
namespace {

// Call frame information of vmlinux and of the modules that have a file.
class CfiSources {
 public:
  explicit CfiSources(const Kernel& kernel) : kernel_(kernel) {}

  CfiMethod::Source find(Address pc) {
    std::lock_guard lock(mutex_);
    const Module* module = kernel_.modules().at(pc);
    if (module == nullptr) {
      return {of(kernel_.vmlinux_file()), kernel_.kaslr_offset()};
    }
    const ModuleFile* file = kernel_.modules().file(*module);
    if (file == nullptr || file->relocated == nullptr) return {};
    return {of(*file->relocated), 0};
  }

 private:
  std::shared_ptr<const Cfi> of(const ElfFile& file) {
    auto [found, is_new] = opened_.try_emplace(&file);
    if (is_new) {
      // The kernel keeps its files open longer than this.
      auto cfi = Cfi::open({std::shared_ptr<const void>(), &file});
      if (cfi) found->second = std::move(cfi).value();
    }
    return found->second;
  }

  const Kernel& kernel_;
  std::mutex mutex_;
  std::map<const ElfFile*, std::shared_ptr<const Cfi>> opened_;
};

std::vector<unsigned> preserved_on_x86_64() {
  using namespace x86_64;
  return {rbx, rbp, r12, r13, r14, r15};
}

}  // namespace

Unwinder kernel_unwinder(const Kernel& kernel,
                         std::shared_ptr<const GeneratedCodes> generated) {
  std::vector<std::shared_ptr<const UnwindMethod>> methods;
  if (kernel.arch().name() == "x86_64") {
    auto tables = std::make_shared<OrcTables>(kernel, std::move(generated));
    methods.push_back(std::make_shared<OrcMethod>(
        [tables](Address pc) { return tables->entry(pc); }));
    auto sources = std::make_shared<CfiSources>(kernel);
    methods.push_back(std::make_shared<CfiMethod>(
        kernel.arch(), preserved_on_x86_64(),
        [sources](Address pc) { return sources->find(pc); }));
    methods.push_back(std::make_shared<FramePointerMethod>());
  }
  return Unwinder(std::move(methods));
}

}  // namespace inquest
