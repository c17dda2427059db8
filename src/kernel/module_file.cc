// SPDX-License-Identifier: GPL-3.0-or-later
// Files that belong to modules: found, checked, laid out and loaded.

#include <algorithm>
#include <functional>
#include <system_error>

#include <fmt/format.h>

#include "debuginfo/btf.h"
#include "debuginfo/relocate.h"
#include "kernel/module_state.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_sections = 4096;
constexpr std::size_t longest_section_name = 256;

// "/x/snd-hda-intel.ko.xz" is the file of module snd_hda_intel.
std::string module_name_of(const fs::path& path) {
  std::string name = path.filename().string();
  bool is_module = false;
  for (bool again = true; again;) {
    again = false;
    for (std::string_view suffix :
         {".xz", ".zst", ".gz", ".debug", ".dbg", ".ko"}) {
      if (!name.ends_with(suffix)) continue;
      is_module = is_module || suffix == ".ko" || suffix == ".debug";
      name.resize(name.size() - suffix.size());
      again = true;
    }
  }
  std::ranges::replace(name, '-', '_');
  return is_module ? name : std::string();
}

void add_file(const fs::path& path,
              std::multimap<std::string, fs::path>& found) {
  std::string name = module_name_of(path);
  if (!name.empty()) found.emplace(std::move(name), path);
}

// All module files in |folder|, by module name; |is_tree|: and below.
std::multimap<std::string, fs::path> files_in(const fs::path& folder,
                                              bool is_tree) {
  constexpr int most_entries = 200000;
  std::multimap<std::string, fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(
      folder, fs::directory_options::skip_permission_denied, error);
  for (int i = 0; !error && entry != fs::recursive_directory_iterator() &&
                  i < most_entries;
       entry.increment(error), ++i) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      if (!is_tree) entry.disable_recursion_pending();
    } else {
      add_file(entry->path(), found);
    }
  }
  return found;
}

// struct module_sect_attrs: attrs[nsections] with name and address; since 6.14
// (4b2c11e4aaf7) an array of bin_attribute whose private is the address.
class SectionAttributes {
 public:
  explicit SectionAttributes(Object attributes)
      : attributes_(std::move(attributes)) {}

  Result<std::map<std::string, Address>> sections() const;

 private:
  Result<std::uint64_t> count() const;
  Result<std::string> name(const Object& attribute) const;
  Result<Address> address(const Object& attribute) const;

  Object attributes_;
};

Result<std::uint64_t> SectionAttributes::count() const {
  if (attributes_.has_member("nsections")) {
    return attributes_["nsections"].to_unsigned();
  }
  Object pointers = attributes_["grp"]["bin_attrs"];
  std::uint64_t count = 0;
  while (count < most_sections &&
         TRY(pointers.at(count).to_address()).value != 0) {
    ++count;
  }
  return count;
}

Result<std::string> SectionAttributes::name(const Object& attribute) const {
  for (std::string_view path :
       {"battr.attr.name", "attr.name", "mattr.attr.name", "name"}) {
    if (!attribute.has_member(path)) continue;
    Address at = TRY(attribute[path].to_address());
    return attribute.space().c_string(at, longest_section_name);
  }
  return Error(ErrorKind::not_found, "module section without a name");
}

Result<Address> SectionAttributes::address(const Object& attribute) const {
  bool is_own = attribute.has_member("address");
  return Address{TRY(attribute[is_own ? "address" : "private"].to_unsigned())};
}

Result<std::map<std::string, Address>> SectionAttributes::sections() const {
  std::uint64_t sections = TRY(count());
  if (sections > most_sections) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} sections in one module", sections));
  }
  std::map<std::string, Address> found;
  for (std::uint64_t i = 0; i < sections; ++i) {
    Object attribute = attributes_["attrs"].at(i);
    found.emplace(TRY(name(attribute)), TRY(address(attribute)));
  }
  return found;
}

// Folders that hold modules of |release|, and whether they are trees.
std::vector<std::pair<fs::path, bool>> usual_folders(std::string_view release) {
  std::vector<std::pair<fs::path, bool>> folders = {{".", false}};
  if (release.empty() || release.find('/') != std::string_view::npos) {
    return folders;
  }
  for (fs::path root : {"/usr/lib/debug/lib/modules",
                        "/usr/lib/debug/usr/lib/modules", "/lib/modules"}) {
    folders.emplace_back(root / release, true);
  }
  return folders;
}

std::string release_of(const Kernel& kernel) {
  if (auto noted = kernel.vmcoreinfo().find("OSRELEASE")) {
    return std::string(*noted);
  }
  const auto& uts = kernel.dump_info().uts;
  return uts ? uts->release : "";
}

bool has_debug_info(const ElfFile& file) {
  return file.section(".debug_info") != nullptr ||
         file.section(".zdebug_info") != nullptr;
}

// A module's own BTF; null when it has none.
std::shared_ptr<TypeSource> split_btf(
    const Kernel& kernel, const std::shared_ptr<const ElfFile>& file) {
  const ElfSection* section = file->section(".BTF");
  if (section == nullptr || !kernel.btf()) return nullptr;
  auto bytes = file->contents(*section);
  if (!bytes) return nullptr;
  auto btf = Btf::open(*bytes, file->endian(), file->pointer_size(),
                       kernel.btf(), file);
  return btf ? std::move(btf).value() : nullptr;
}

std::string to_hex(Bytes bytes) {
  std::string text;
  for (std::byte byte : bytes)
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace

const Modules::State::Files& Modules::State::files(const fs::path& folder,
                                                   bool is_tree) {
  std::scoped_lock hold(folders_lock);
  auto [entry, is_new] = folders.try_emplace({folder, is_tree});
  if (is_new) entry->second = files_in(folder, is_tree);
  return entry->second;
}

Result<std::map<std::string, Address>> Modules::sections(
    const Module& module) const {
  Object object = state_->kernel.object("module", module.address);
  Object attributes = object["sect_attrs"];
  if (TRY(attributes.to_address()).value == 0) {
    return Error(
        ErrorKind::not_found,
        fmt::format("module {} does not list its sections", module.name));
  }
  return SectionAttributes(attributes.dereference()).sections();
}

// struct module has it since 5.14 (9294523e3768); before, only the notes.
std::string Modules::build_id(const Module& module) const {
  Object object = state_->kernel.object("module", module.address);
  if (object.has_member("build_id")) {
    auto bytes = object["build_id"].to_bytes();
    if (bytes && std::ranges::any_of(*bytes, [](std::byte byte) {
          return byte != std::byte{};
        })) {
      return to_hex(*bytes);
    }
  }
  constexpr std::size_t note_size = 36;
  auto parts = sections(module);
  if (!parts) return {};
  auto at = parts->find(".note.gnu.build-id");
  if (at == parts->end()) return {};
  auto note = state_->kernel.memory().bytes(at->second, note_size);
  if (!note) return {};
  return build_id_in_notes(*note, state_->kernel.arch().endian());
}

// Empty when the build-ids agree or one of them is not known.
std::string Modules::mismatch(const Module& module, const ElfFile& file) const {
  std::string in_memory = build_id(module);
  if (in_memory.empty() || file.build_id().empty() ||
      in_memory == file.build_id()) {
    return {};
  }
  return fmt::format(
      "{} is another build of {}: its build-id is {}, the "
      "loaded module's is {}",
      file.path().string(), module.name, file.build_id(), in_memory);
}

// Files with debug information are preferred to those without.
Result<fs::path> Modules::search(const Module& module,
                                 std::span<const fs::path> first) const {
  std::vector<std::pair<fs::path, bool>> folders;
  for (const fs::path& folder : first)
    folders.emplace_back(folder, true);
  for (auto& usual : usual_folders(release_of(state_->kernel)))
    folders.push_back(std::move(usual));
  std::optional<fs::path> bare;
  std::string others;
  for (const auto& [folder, is_tree] : folders) {
    auto [begin, end] = state_->files(folder, is_tree).equal_range(module.name);
    for (auto named = begin; named != end; ++named) {
      auto file = ElfFile::open(named->second);
      if (!file) continue;
      std::string wrong = mismatch(module, **file);
      if (!wrong.empty()) {
        others += "; " + wrong;
      } else if (has_debug_info(**file)) {
        return named->second;
      } else if (!bare) {
        bare = named->second;
      }
    }
  }
  if (bare) return std::move(*bare);
  return Error(ErrorKind::not_found,
               fmt::format("cannot find or load object file for {} module{}",
                           module.name, others));
}

Result<void> Modules::load(const Module& module, const fs::path& path) {
  const Kernel& kernel = state_->kernel;
  std::shared_ptr<const ElfFile> file = TRY(ElfFile::open(path));
  std::string wrong = mismatch(module, *file);
  if (!wrong.empty()) return Error(ErrorKind::corrupt, wrong);
  auto external = [&kernel](std::string_view name) -> std::optional<Address> {
    auto at = kernel.symbol(name);
    return at ? std::optional(*at) : std::nullopt;
  };
  auto loaded = std::make_unique<ModuleFile>();
  loaded->path = path;
  auto places = TRY(sections(module));
  loaded->relocated = TRY(relocated(file, kernel.arch(), places, external));
  DwarfOptions options;  // laid out for this dump: nothing to keep
  if (auto types = dwarf_types(loaded->relocated, options)) {
    loaded->types = std::move(types).value();
  }
  if (auto lines = source_lines(loaded->relocated)) {
    loaded->lines = std::move(lines).value();
  }
  if (!has_debug_info(*file)) loaded->types = split_btf(kernel, file);
  unload(module);
  if (loaded->types) kernel.types().add(loaded->types);
  state_->detail(module).file = std::move(loaded);
  return {};
}

void Modules::unload(const Module& module) {
  std::unique_ptr<ModuleFile>& file = state_->detail(module).file;
  if (file && file->types) state_->kernel.types().remove(*file->types);
  file.reset();
}

}  // namespace inquest
