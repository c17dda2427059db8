// SPDX-License-Identifier: GPL-3.0-or-later
// ELF files and BTF sections written by tests, word by word.

#pragma once

#include <map>
#include <string>
#include <vector>

#include <elf.h>

#include "base/bytes.h"

namespace inquest::test {

// Appends integers and strings in a byte order.
class Writer {
 public:
  explicit Writer(std::endian endian = std::endian::little) : endian_(endian) {}

  Writer& number(std::uint64_t value, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    store_unsigned(std::span(bytes_).last(size), value, endian_);
    return *this;
  }
  Writer& u16(std::uint64_t value) { return number(value, 2); }
  Writer& u32(std::uint64_t value) { return number(value, 4); }
  Writer& u64(std::uint64_t value) { return number(value, 8); }
  Writer& text(std::string_view value) {
    return append(inquest::as_bytes(value));
  }
  Writer& append(Bytes value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  std::size_t size() const { return bytes_.size(); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::endian endian_;
  std::vector<std::byte> bytes_;
};

// Strings that end in NUL, each once.
class StringTable {
 public:
  std::uint32_t add(const std::string& text) {
    auto [at, is_new] =
        offsets_.try_emplace(text, static_cast<std::uint32_t>(bytes_.size()));
    if (is_new) bytes_.append(text).push_back('\0');
    return at->second;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
  std::map<std::string, std::uint32_t> offsets_ = {{"", 0}};
};

struct SectionSpec {
  std::string name;
  std::uint32_t type = SHT_PROGBITS;
  std::uint64_t flags = 0;
  std::uint64_t address = 0;
  std::vector<std::byte> bytes = {};
  std::uint64_t size = 0;  // of NOBITS
  std::uint32_t link = 0, info = 0;
  std::uint64_t entry_size = 0;
};

struct SymbolSpec {
  std::string name;
  std::uint64_t value = 0;
  unsigned type = STT_FUNC;
  unsigned binding = STB_GLOBAL;
  unsigned section = SHN_ABS;
  std::uint64_t size = 0;
};

class ElfBuilder {
 public:
  explicit ElfBuilder(unsigned type = ET_EXEC, bool is_64 = true,
                      std::endian endian = std::endian::little,
                      unsigned machine = EM_X86_64)
      : type_(type), is_64_(is_64), endian_(endian), machine_(machine) {
    add({.name = "", .type = SHT_NULL});
  }

  // Returns the section's number.
  unsigned add(SectionSpec section) {
    sections_.push_back(std::move(section));
    return static_cast<unsigned>(sections_.size() - 1);
  }
  // .symtab and .strtab; returns .symtab's number.
  unsigned add_symbols(const std::vector<SymbolSpec>& symbols) {
    StringTable names;
    Writer out(endian_);
    write_symbol(out, names,
                 {.name = "", .type = 0, .binding = 0, .section = SHN_UNDEF});
    for (const SymbolSpec& symbol : symbols)
      write_symbol(out, names, symbol);
    auto table = add({.name = ".symtab",
                      .type = SHT_SYMTAB,
                      .bytes = out.bytes(),
                      .link = static_cast<std::uint32_t>(sections_.size() + 1),
                      .entry_size = is_64_ ? 24U : 16U});
    add({.name = ".strtab",
         .type = SHT_STRTAB,
         .bytes = Writer().text(names.bytes()).bytes()});
    return table;
  }

  std::vector<std::byte> build() {
    StringTable names;
    for (const SectionSpec& section : sections_)
      names.add(section.name);
    names.add(".shstrtab");
    add({.name = ".shstrtab", .type = SHT_STRTAB});
    sections_.back().bytes = Writer().text(names.bytes()).bytes();

    std::size_t header_size = is_64_ ? 64 : 52;
    Writer data(endian_), table(endian_);
    for (const SectionSpec& section : sections_) {
      std::size_t at = header_size + data.size();
      data.append(section.bytes);
      write_section(table, names, section, at);
    }
    Writer file(endian_);
    write_header(file, header_size + data.size());
    file.append(data.bytes()).append(table.bytes());
    return file.bytes();
  }

 private:
  void word(Writer& out, std::uint64_t value) const {
    out.number(value, is_64_ ? 8 : 4);
  }
  void write_header(Writer& out, std::size_t sections_at) const {
    out.text("\177ELF");
    out.number(is_64_ ? ELFCLASS64 : ELFCLASS32, 1);
    out.number(endian_ == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB, 1);
    out.number(EV_CURRENT, 1).number(0, 8).number(0, 1);
    out.u16(type_).u16(machine_).u32(EV_CURRENT);
    word(out, 0);
    word(out, 0);
    word(out, sections_at);
    out.u32(0).u16(is_64_ ? 64 : 52).u16(0).u16(0);
    out.u16(is_64_ ? 64 : 40).u16(sections_.size());
    out.u16(sections_.size() - 1);
  }
  void write_section(Writer& out, StringTable& names,
                     const SectionSpec& section, std::size_t at) const {
    out.u32(names.add(section.name)).u32(section.type);
    word(out, section.flags);
    word(out, section.address);
    word(out, section.type == SHT_NULL ? 0 : at);
    word(out, section.type == SHT_NOBITS ? section.size : section.bytes.size());
    out.u32(section.link).u32(section.info);
    word(out, 1);
    word(out, section.entry_size);
  }
  void write_symbol(Writer& out, StringTable& names,
                    const SymbolSpec& symbol) const {
    unsigned info = symbol.binding << 4 | symbol.type;
    out.u32(names.add(symbol.name));
    if (is_64_) {
      out.number(info, 1).number(0, 1).u16(symbol.section);
      out.u64(symbol.value).u64(symbol.size);
    } else {
      out.u32(symbol.value).u32(symbol.size);
      out.number(info, 1).number(0, 1).u16(symbol.section);
    }
  }

  unsigned type_;
  bool is_64_;
  std::endian endian_;
  unsigned machine_;
  std::vector<SectionSpec> sections_;
};

// The contents of a note section.
inline std::vector<std::byte> note(const std::string& owner, unsigned type,
                                   Bytes value,
                                   std::endian endian = std::endian::little) {
  Writer out(endian);
  out.u32(owner.size() + 1).u32(value.size()).u32(type);
  out.text(owner).number(0, 1);
  while (out.size() % 4 != 0)
    out.number(0, 1);
  out.append(value);
  while (out.size() % 4 != 0)
    out.number(0, 1);
  return out.bytes();
}

// A .BTF section. Types are numbered from |first| in the order of calls.
class BtfBuilder {
 public:
  explicit BtfBuilder(std::uint32_t first = 1,
                      std::endian endian = std::endian::little,
                      std::uint32_t first_string = 0)
      : next_(first),
        first_string_(first_string),
        endian_(endian),
        types_(endian) {}

  using Entries = std::vector<std::vector<std::uint64_t>>;

  std::uint32_t name(const std::string& text) {
    return text.empty() ? 0 : strings_.add(text) + first_string_;
  }
  // What some kinds keep beside the count.
  static constexpr unsigned flag = 1U << 31;
  // One record and the words that follow it.
  std::uint32_t add(const std::string& text, unsigned kind,
                    unsigned count_and_flag, std::uint32_t size_or_type,
                    const Entries& entries = {}) {
    std::uint32_t info = kind << 24 | count_and_flag;
    types_.u32(name(text)).u32(info).u32(size_or_type);
    for (const auto& entry : entries) {
      for (std::uint64_t each : entry)
        types_.u32(each);
    }
    return next_++;
  }
  std::uint32_t integer(const std::string& text, unsigned size,
                        unsigned encoding, unsigned bits = 0) {
    return add(text, 1, 0, size, {{encoding << 24 | (bits ? bits : size * 8)}});
  }
  std::uint32_t end() const { return next_; }
  std::uint32_t strings_size() const {
    return static_cast<std::uint32_t>(strings_.bytes().size());
  }

  std::vector<std::byte> build() const {
    Writer out(endian_);
    out.u16(0xeb9f).number(1, 1).number(0, 1).u32(24);
    out.u32(0).u32(types_.size());
    out.u32(types_.size()).u32(strings_.bytes().size());
    out.append(types_.bytes()).text(strings_.bytes());
    return out.bytes();
  }

 private:
  std::uint32_t next_;
  std::uint32_t first_string_;
  std::endian endian_;
  StringTable strings_;
  Writer types_;
};

}  // namespace inquest::test
