// SPDX-License-Identifier: GPL-3.0-or-later
//
// A module's object file is linked by the kernel when it is loaded: every
// section gets an address of its own. Its debug information refers to code
// and to other debug sections through relocations. Here the copy of the file
// is brought to what a linker would have made of it: section headers and
// symbols with the addresses of the dump, debug sections relocated and
// unpacked, and a file type that keeps other readers from doing it again.
// Code and data are left alone: the dump has the real ones.
#include "debuginfo/relocate.h"

#include <algorithm>
#include <vector>

#include <elf.h>
#include <fmt/format.h>

namespace inquest {
namespace {

class Linker {
 public:
  Linker(const ElfFile& file, const Arch& arch,
         const std::map<std::string, Address>& addresses)
      : file_(file),
        arch_(arch),
        image_(file.image().begin(), file.image().end()),
        sections_(file.sections().begin(), file.sections().end()),
        is_64_(file.pointer_size() == 8) {
    for (ElfSection& section : sections_) {
      auto found = addresses.find(section.name);
      if (found != addresses.end()) section.address = found->second;
    }
  }

  using External = std::function<std::optional<Address>(std::string_view)>;
  Result<void> link(const External& external);
  std::vector<std::byte> take() && { return std::move(image_); }

 private:
  Result<void> unpack_sections();
  Result<void> read_symbols(const External& external);
  Result<void> write_symbols();
  Result<void> write_headers();
  Result<void> relocate_section(const ElfSection& relocations);
  Result<std::span<std::byte>> writable(std::uint64_t offset,
                                        std::uint64_t size);
  bool is_wanted(const ElfSection& relocations) const;
  std::uint64_t field(Bytes entry, std::size_t at) const {
    std::size_t size = is_64_ ? 8 : 4;
    return load_unsigned(entry.subspan(at * size, size), file_.endian());
  }

  const ElfFile& file_;
  const Arch& arch_;
  std::vector<std::byte> image_;
  std::vector<ElfSection> sections_;
  bool is_64_;
  std::vector<ElfSymbol> symbols_;      // as in the file
  std::vector<std::uint64_t> targets_;  // their addresses in the dump
};

Result<std::span<std::byte>> Linker::writable(std::uint64_t offset,
                                              std::uint64_t size) {
  TRY(slice(image_, offset, size, "module file"));
  return std::span(image_).subspan(offset, size);
}

// Compressed sections are put behind the end of the file, unpacked.
Result<void> Linker::unpack_sections() {
  std::span<const ElfSection> packed = file_.sections();
  for (std::size_t i = 0; i < packed.size(); ++i) {
    bool is_packed = packed[i].flags & SHF_COMPRESSED;
    if (!is_packed || packed[i].type == SHT_NOBITS) continue;
    Bytes bytes = TRY(file_.contents(packed[i]));
    image_.resize((image_.size() + 15) & ~std::size_t{15});
    sections_[i].offset = {image_.size()};
    sections_[i].size = bytes.size();
    sections_[i].flags &= ~std::uint64_t{SHF_COMPRESSED};
    image_.insert(image_.end(), bytes.begin(), bytes.end());
  }
  return {};
}

Result<void> Linker::read_symbols(const External& external) {
  symbols_ = TRY(file_.symbols());
  targets_.reserve(symbols_.size());
  for (const ElfSymbol& symbol : symbols_) {
    std::uint64_t target = symbol.value;
    if (symbol.section == SHN_UNDEF) {
      std::optional<Address> found;
      if (!symbol.name.empty() && external) found = external(symbol.name);
      target = found ? found->value : 0;
    } else if (symbol.section < sections_.size()) {
      target += sections_[symbol.section].address.value;
    }
    targets_.push_back(target);
  }
  return {};
}

// The symbols' values become addresses, as in a linked file.
Result<void> Linker::write_symbols() {
  auto table =
      std::find_if(sections_.begin(), sections_.end(),
                   [](const auto& each) { return each.type == SHT_SYMTAB; });
  if (table == sections_.end()) return {};
  std::size_t entry_size = is_64_ ? 24 : 16;
  auto entries = TRY(writable(table->offset.value, table->size));
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    std::size_t at = i * entry_size + (is_64_ ? 8 : 4);
    if (symbols_[i].section == SHN_UNDEF) continue;
    if (at + (is_64_ ? 8 : 4) > entries.size()) break;
    store_unsigned(entries.subspan(at, is_64_ ? 8 : 4), targets_[i],
                   file_.endian());
  }
  return {};
}

Result<void> Linker::write_headers() {
  std::size_t word = is_64_ ? 8 : 4;
  std::endian endian = file_.endian();
  store_unsigned(TRY(writable(EI_NIDENT, 2)), ET_DYN, endian);
  Bytes header = TRY(slice(image_, 0, is_64_ ? 64 : 52, "ELF header"));
  std::uint64_t at = field(header.subspan(24), 2);
  std::uint64_t size =
      load_unsigned(header.subspan(is_64_ ? 58 : 46, 2), endian);
  for (const ElfSection& section : sections_) {
    // name and type, then flags, address, offset, size in words
    auto fields = TRY(writable(at + 8, 4 * word));
    store_unsigned(fields.subspan(0, word), section.flags, endian);
    store_unsigned(fields.subspan(word, word), section.address.value, endian);
    store_unsigned(fields.subspan(2 * word, word), section.offset.value,
                   endian);
    store_unsigned(fields.subspan(3 * word, word), section.size, endian);
    at += size;
  }
  return {};
}

bool Linker::is_wanted(const ElfSection& relocations) const {
  if (relocations.type != SHT_RELA && relocations.type != SHT_REL) return false;
  if (relocations.info >= sections_.size()) return false;
  const ElfSection& target = sections_[relocations.info];
  return target.type != SHT_NOBITS &&
         (target.name.starts_with(".debug_") || target.name == ".eh_frame");
}

Result<void> Linker::relocate_section(const ElfSection& relocations) {
  const ElfSection& target = sections_[relocations.info];
  if (relocations.type == SHT_REL) {
    return Error(
        ErrorKind::unsupported,
        fmt::format("{}: relocations without addends", relocations.name));
  }
  Bytes entries = TRY(file_.contents(relocations));
  auto place = TRY(writable(target.offset.value, target.size));
  const std::size_t entry_size = is_64_ ? 24 : 12;
  for (; entries.size() >= entry_size; entries = entries.subspan(entry_size)) {
    std::uint64_t offset = field(entries, 0);
    std::uint64_t info = field(entries, 1);
    std::uint64_t addend = field(entries, 2);
    std::uint64_t symbol = is_64_ ? info >> 32 : info >> 8;
    auto type = static_cast<unsigned>(is_64_ ? info & 0xffffffff : info & 0xff);
    if (offset >= place.size() || symbol >= targets_.size()) {
      return Error(ErrorKind::corrupt,
                   fmt::format("{}: offset {:#x} or symbol {} out of range",
                               relocations.name, offset, symbol));
    }
    auto bytes = place.subspan(
        offset, std::min<std::uint64_t>(8, place.size() - offset));
    TRY(arch_.relocate(type, bytes, target.address + offset,
                       targets_[symbol] + addend));
  }
  return {};
}

Result<void> Linker::link(const External& external) {
  TRY(unpack_sections());
  TRY(read_symbols(external));
  std::uint64_t left = file_.image().size();
  for (const ElfSection& section : file_.sections()) {
    if (!is_wanted(section)) continue;
    // Sane sections do not share bytes.
    if (section.size > left) {
      return Error(ErrorKind::corrupt, "more relocations than bytes");
    }
    left -= section.size;
    TRY(relocate_section(section));
  }
  TRY(write_symbols());
  return write_headers();
}

}  // namespace

Result<std::shared_ptr<const ElfFile>> relocated(
    const std::shared_ptr<const ElfFile>& file, const Arch& arch,
    const std::map<std::string, Address>& sections,
    const std::function<std::optional<Address>(std::string_view)>& external) {
  std::string name = file->path().string();
  if (file->type() != ET_REL) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{}: not an object file", name));
  }
  if (file->machine() != arch.elf_machine()) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{}: not of {}", name, arch.name()));
  }
  Linker linker(*file, arch, sections);
  Result<void> linked = linker.link(external);
  if (!linked) return std::move(linked).error().while_doing(name);
  return ElfFile::from_bytes(std::move(linker).take(), name);
}

}  // namespace inquest
