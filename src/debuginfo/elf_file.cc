// SPDX-License-Identifier: GPL-3.0-or-later
//
// ELF by hand: the file header, the section headers and what they point to.
// Opening reads these and the note sections and nothing else, because a
// vmlinux has half a gigabyte of debug information that most questions never
// touch. All of it is untrusted: a section that does not fit into the file is
// kept with its header and is an error when its contents are asked for.
#include "debuginfo/elf_file.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include <elf.h>
#include <fmt/format.h>

#include "debuginfo/unpack.h"

namespace inquest {
namespace {

constexpr std::uint64_t unpack_limit = std::uint64_t{2} << 30;
constexpr std::size_t name_limit = 1024;
constexpr unsigned note_sections_limit = 64;
constexpr std::uint64_t note_size_limit = 64 << 10;

// Reads the words of one ELF class.
class ElfReader : public Reader {
 public:
  ElfReader(Bytes bytes, std::endian endian, bool is_64)
      : Reader(bytes, endian, "ELF header"), is_64_(is_64) {}
  Result<std::uint64_t> word() { return unsigned_of(is_64_ ? 8 : 4); }
  bool is_64() const { return is_64_; }

 private:
  bool is_64_;
};

struct Header {
  std::uint64_t sections_at = 0;
  std::uint64_t entry_size = 0;
  std::uint64_t count = 0;
  std::uint64_t names = 0;  // index of the section that holds the names
};

// A section header as in the file, with its name still an offset.
struct RawSection {
  std::uint32_t name = 0;
  ElfSection section;
};

Result<RawSection> raw_section(ElfReader reader) {
  RawSection raw;
  raw.name = TRY(reader.read<std::uint32_t>());
  raw.section.type = TRY(reader.read<std::uint32_t>());
  raw.section.flags = TRY(reader.word());
  raw.section.address = {TRY(reader.word())};
  raw.section.offset = {TRY(reader.word())};
  raw.section.size = TRY(reader.word());
  raw.section.link = TRY(reader.read<std::uint32_t>());
  raw.section.info = TRY(reader.read<std::uint32_t>());
  TRY(reader.word());  // alignment
  raw.section.entry_size = TRY(reader.word());
  return raw;
}

// A name in a string table; no longer than |name_limit|, so that names cannot
// cost more than their number.
std::string_view text_at(Bytes strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  std::string_view rest =
      as_text(strings.subspan(offset)).substr(0, name_limit);
  return rest.substr(0, std::min(rest.find('\0'), rest.size()));
}

std::string to_hex(Bytes bytes) {
  std::string text;
  for (std::byte byte : bytes) {
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
  return text;
}

// Callers put the file's name before it.
Error problem(std::string what) {
  return {ErrorKind::corrupt, std::move(what)};
}

class ElfImage : public ElfFile {
 public:
  ElfImage(std::filesystem::path path, Bytes image,
           std::shared_ptr<const void> keeps)
      : keeps_(std::move(keeps)) {
    path_ = std::move(path);
    image_ = image;
  }

  Result<void> parse();
  Result<Bytes> contents(const ElfSection& section) const override;

 private:
  Result<Header> header();
  Result<void> read_sections(const Header& header);
  Result<Bytes> section_headers(Header& header) const;
  void read_build_id();
  ElfReader reader(Bytes bytes) const {
    return {bytes, endian_, pointer_size_ == 8};
  }
  template <typename T>
  Result<T> named(Result<T> result) const {
    if (result) return result;
    return std::move(result).error().while_doing(path_.string());
  }
  Result<Bytes> unpacked_contents(const ElfSection& section,
                                  Bytes packed) const;

  std::shared_ptr<const void> keeps_;
  mutable std::mutex mutex_;
  // Decompressed sections by file offset.
  mutable std::map<std::uint64_t, std::vector<std::byte>> unpacked_;
};

Result<Header> ElfImage::header() {
  bool is_elf =
      image_.size() >= EI_NIDENT && as_text(image_.first(SELFMAG)) == ELFMAG;
  if (!is_elf) {
    return Error(ErrorKind::unsupported, "not an ELF file");
  }
  auto ident = [&](int at) {
    return std::to_integer<unsigned>(image_[static_cast<std::size_t>(at)]);
  };
  unsigned elf_class = ident(EI_CLASS);
  unsigned data = ident(EI_DATA);
  if ((elf_class != ELFCLASS32 && elf_class != ELFCLASS64) ||
      (data != ELFDATA2LSB && data != ELFDATA2MSB)) {
    return problem("ELF class or byte order makes no sense");
  }
  pointer_size_ = elf_class == ELFCLASS64 ? 8 : 4;
  endian_ = data == ELFDATA2LSB ? std::endian::little : std::endian::big;

  ElfReader fields = reader(image_);
  TRY(fields.seek(EI_NIDENT));
  type_ = TRY(fields.read<std::uint16_t>());
  machine_ = TRY(fields.read<std::uint16_t>());
  TRY(fields.skip(4));  // version
  TRY(fields.word());   // entry
  TRY(fields.word());   // program headers
  Header header;
  header.sections_at = TRY(fields.word());
  TRY(fields.skip(4 + 2 + 2 + 2));  // flags, sizes of program headers
  header.entry_size = TRY(fields.read<std::uint16_t>());
  header.count = TRY(fields.read<std::uint16_t>());
  header.names = TRY(fields.read<std::uint16_t>());
  return header;
}

// The section header table; counts too big for the file header are in the
// first section's fields.
Result<Bytes> ElfImage::section_headers(Header& header) const {
  std::uint64_t minimum = pointer_size_ == 8 ? 64 : 40;
  if (header.entry_size < minimum) {
    return problem("section headers are too small");
  }
  if (header.count == 0 || header.names == SHN_XINDEX) {
    Bytes first = TRY(
        slice(image_, header.sections_at, header.entry_size, "first section"));
    ElfSection section = TRY(raw_section(reader(first))).section;
    if (header.count == 0) header.count = section.size;
    if (header.names == SHN_XINDEX) header.names = section.link;
  }
  if (header.count > image_.size() / header.entry_size) {
    return problem("more section headers than the file has room for");
  }
  return slice(image_, header.sections_at, header.count * header.entry_size,
               "section headers");
}

Result<void> ElfImage::read_sections(const Header& from) {
  if (from.sections_at == 0) return {};
  Header header = from;
  Bytes table = TRY(section_headers(header));
  std::vector<RawSection> raw;
  raw.reserve(header.count);
  for (std::uint64_t i = 0; i < header.count; ++i) {
    Bytes entry = table.subspan(i * header.entry_size, header.entry_size);
    raw.push_back(TRY(raw_section(reader(entry))));
  }
  Bytes names;
  if (header.names < raw.size()) {
    const ElfSection& section = raw[header.names].section;
    names =
        TRY(slice(image_, section.offset.value, section.size, "section names"));
  }
  sections_.reserve(raw.size());
  for (RawSection& each : raw) {
    each.section.name = text_at(names, each.name);
    sections_.push_back(std::move(each.section));
  }
  return {};
}

void ElfImage::read_build_id() {
  unsigned looked_at = 0;
  for (const ElfSection& section : sections_) {
    if (section.type != SHT_NOTE || section.size > note_size_limit) continue;
    if (++looked_at > note_sections_limit) return;
    Result<Bytes> notes = contents(section);
    if (notes) build_id_ = build_id_in_notes(*notes, endian_);
    if (!build_id_.empty()) return;
  }
}

Result<void> ElfImage::parse() {
  Header parsed = TRY(named(header()));
  TRY(named(read_sections(parsed)));
  read_build_id();
  return {};
}

Result<Bytes> ElfImage::unpacked_contents(const ElfSection& section,
                                          Bytes packed) const {
  std::lock_guard lock(mutex_);
  auto found = unpacked_.find(section.offset.value);
  if (found != unpacked_.end()) return Bytes(found->second);
  ElfReader fields = reader(packed);
  auto type = TRY(fields.read<std::uint32_t>());
  if (pointer_size_ == 8) TRY(fields.skip(4));
  std::uint64_t size = TRY(fields.word());
  TRY(fields.word());  // alignment
  if (size > unpack_limit) return problem("section is too big to unpack");
  auto bytes =
      TRY(unpacked_section(type, packed.subspan(fields.offset()), size));
  auto kept = unpacked_.emplace(section.offset.value, std::move(bytes)).first;
  return Bytes(kept->second);
}

Result<Bytes> ElfImage::contents(const ElfSection& section) const {
  if (section.type == SHT_NOBITS) return Bytes();
  Bytes bytes = TRY(
      named(slice(image_, section.offset.value, section.size, section.name)));
  if (!(section.flags & SHF_COMPRESSED)) return bytes;
  Result<Bytes> unpacked = unpacked_contents(section, bytes);
  if (unpacked) return unpacked;
  return std::move(unpacked).error().while_doing(
      fmt::format("{}: {}", path_.string(), section.name));
}

Result<std::shared_ptr<const ElfFile>> parsed(
    const std::filesystem::path& path, Bytes image,
    std::shared_ptr<const void> keeps) {
  auto file = std::make_shared<ElfImage>(path, image, std::move(keeps));
  TRY(file->parse());
  return std::shared_ptr<const ElfFile>(file);
}

}  // namespace

Result<std::shared_ptr<const ElfFile>> ElfFile::open(
    const std::filesystem::path& path) {
  auto mapped = TRY(MappedFile::open(path));
  if (packing(mapped->bytes()) == Packing::none) {
    return parsed(path, mapped->bytes(), mapped);
  }
  auto bytes = unpacked(mapped->bytes(), unpack_limit);
  if (!bytes) return std::move(bytes).error().while_doing(path.string());
  return from_bytes(std::move(bytes).value(), path.string());
}

Result<std::shared_ptr<const ElfFile>> ElfFile::from_bytes(
    std::vector<std::byte> bytes, std::string name) {
  auto kept = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return parsed(std::move(name), Bytes(*kept), kept);
}

const ElfSection* ElfFile::section(std::string_view name) const {
  auto found = std::find_if(
      sections_.begin(), sections_.end(),
      [&](const ElfSection& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

std::optional<std::string> ElfFile::debug_link() const {
  const ElfSection* link = section(".gnu_debuglink");
  if (!link) return {};
  Result<Bytes> bytes = contents(*link);
  if (!bytes) return {};
  std::string_view name = text_at(*bytes, 0);
  if (name.empty()) return {};
  return std::string(name);
}

Result<std::vector<ElfSymbol>> ElfFile::symbols() const {
  auto table =
      std::find_if(sections_.begin(), sections_.end(),
                   [](const auto& each) { return each.type == SHT_SYMTAB; });
  if (table == sections_.end()) return std::vector<ElfSymbol>();
  if (table->link >= sections_.size()) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{}: symbols without names", path_.string()));
  }
  Bytes entries = TRY(contents(*table));
  Bytes names = TRY(contents(sections_[table->link]));
  const bool is_64 = pointer_size_ == 8;
  const std::size_t entry_size = is_64 ? 24 : 16;
  auto field = [&](Bytes entry, std::size_t at, std::size_t size) {
    return load_unsigned(entry.subspan(at, size), endian_);
  };
  std::vector<ElfSymbol> found;
  found.reserve(entries.size() / entry_size);
  for (; entries.size() >= entry_size; entries = entries.subspan(entry_size)) {
    Bytes entry = entries.first(entry_size);
    ElfSymbol symbol;
    symbol.name = text_at(names, field(entry, 0, 4));
    symbol.value = is_64 ? field(entry, 8, 8) : field(entry, 4, 4);
    symbol.size = is_64 ? field(entry, 16, 8) : field(entry, 8, 4);
    symbol.info = std::to_integer<unsigned char>(entry[is_64 ? 4U : 12U]);
    symbol.section = static_cast<unsigned>(field(entry, is_64 ? 6 : 14, 2));
    found.push_back(symbol);
  }
  return found;
}

std::string build_id_in_notes(Bytes notes, std::endian endian) {
  Reader reader(notes, endian, "notes");
  constexpr std::uint64_t longest_id = 64;
  auto padded = [](std::uint64_t size) { return (size + 3) & ~3ULL; };
  while (reader.left() >= 12) {
    std::uint64_t name_size = *reader.read<std::uint32_t>();
    std::uint64_t size = *reader.read<std::uint32_t>();
    auto type = *reader.read<std::uint32_t>();
    Result<Bytes> name =
        reader.bytes(std::min<std::uint64_t>(padded(name_size), reader.left()));
    if (!name || size > reader.left()) return {};
    Bytes value = *reader.bytes(size);
    if (type == NT_GNU_BUILD_ID && name_size == 4 && name->size() == 4 &&
        as_text(*name) == std::string_view("GNU\0", 4) && !value.empty() &&
        size <= longest_id) {
      return to_hex(value);
    }
    Result<void> next = reader.skip(
        std::min<std::uint64_t>(padded(size) - size, reader.left()));
    if (!next) return {};
  }
  return {};
}

}  // namespace inquest
