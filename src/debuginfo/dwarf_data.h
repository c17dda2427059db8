// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of DWARF 2 to 5 as units, abbreviations, DIEs and attributes.
//
// .debug_info and .debug_types (DWARF 4) count as one space of offsets: a DIE
// of .debug_types at t has the offset .debug_info's size + t. A unit is the
// smallest thing that can be understood alone: its header tells how its DIEs
// are encoded and where its abbreviations are. An abbreviation gives the tag
// of a DIE and the form of each attribute; the DIE itself is just its number
// and the attributes' values one after the other.

#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "debuginfo/dwarf_cursor.h"
#include "debuginfo/elf_file.h"

namespace inquest {

struct DwarfSections {
  Bytes info, types, abbrev, strings, line_strings, string_offsets, addresses;
  std::endian endian = std::endian::little;

  std::uint64_t size() const { return info.size() + types.size(); }
};
// |not_found| when the file has no .debug_info. The bytes live as long as the
// file.
Result<DwarfSections> dwarf_sections(const ElfFile& file);

struct AttributeSpec {
  std::uint16_t name = 0;     // DW_AT_*
  std::uint16_t form = 0;     // DW_FORM_*
  std::int64_t constant = 0;  // of DW_FORM_implicit_const
};

struct Abbreviation {
  std::uint64_t code = 0;
  std::uint16_t tag = 0;  // DW_TAG_*
  bool has_children = false;
  std::uint32_t first = 0, count = 0;  // its part of the specs
};

class Abbreviations {
 public:
  // The table at |offset|, up to its end or to the first thing that makes no
  // sense.
  static Abbreviations parse(Bytes section, std::uint64_t offset,
                             std::endian endian);

  // Its position in all(); all().size() when there is none.
  std::size_t find(std::uint64_t code) const;
  const std::vector<Abbreviation>& all() const { return all_; }
  std::span<const AttributeSpec> specs(const Abbreviation& one) const {
    return std::span(specs_).subspan(one.first, one.count);
  }

 private:
  std::vector<Abbreviation> all_;  // sorted by code
  std::vector<AttributeSpec> specs_;
  bool is_dense_ = true;  // codes are 1, 2, 3, ...
};

struct DwarfUnit {
  std::uint64_t offset = 0;  // of its header, in the common space
  std::uint64_t end = 0;     // behind its last byte
  std::uint64_t first = 0;   // of its first DIE
  std::uint64_t abbreviations = 0;
  std::uint64_t signature = 0;  // of a type unit
  std::uint64_t type = 0;       // of a type unit: the DIE it is about
  unsigned version = 0;
  unsigned kind = 0;  // DW_UT_*
  unsigned address_size = 8;
  unsigned offset_size = 4;
  std::uint64_t string_offsets = 0;  // DW_AT_str_offsets_base
  std::uint64_t addresses = 0;       // DW_AT_addr_base
  std::uint64_t range_lists = 0;     // DW_AT_rnglists_base
};

// The header of the unit at |offset|. What follows from the first DIE's
// attributes (the bases) is left out.
Result<DwarfUnit> dwarf_unit(const DwarfSections& sections,
                             std::uint64_t offset);
// A cursor at |offset| that ends with the unit.
DwarfCursor cursor_in(const DwarfSections& sections, const DwarfUnit& unit,
                      std::uint64_t offset);

// How many bytes a value of that form takes; nothing when that differs from
// value to value.
std::optional<unsigned> fixed_size(unsigned form, const DwarfUnit& unit);
void skip_form(DwarfCursor& cursor, unsigned form, const DwarfUnit& unit);

enum class AttributeClass {
  none,       // not understood
  number,     // a constant, a flag, an offset into another section
  address,    // of the target
  text,       // a string
  block,      // bytes, or a DWARF expression
  reference,  // a DIE's offset, in the common space
  signature,  // of a type unit
};

struct Attribute {
  std::uint16_t name = 0;
  AttributeClass value_class = AttributeClass::none;
  bool is_signed = false;    // number: the form says so
  bool is_index = false;     // number: counts in a table of its section
  std::uint64_t number = 0;  // number, address, reference, signature
  std::string_view text = {};
  Bytes block = {};
};
// Reads one value; fails the cursor on unknown forms.
Attribute read_attribute(DwarfCursor& cursor, const AttributeSpec& spec,
                         const DwarfSections& sections, const DwarfUnit& unit);

// One debugging information entry, read.
struct Die {
  std::uint64_t offset = 0;
  std::uint64_t next = 0;  // the first byte behind its attributes
  unsigned tag = 0;        // 0: the end of a list of children
  bool has_children = false;
  std::vector<Attribute> attributes;

  const Attribute* find(unsigned name) const;
  bool has(unsigned name) const { return find(name) != nullptr; }
  std::string_view name() const;
  // A number, or nothing.
  std::optional<std::uint64_t> number(unsigned name) const;
  std::optional<std::uint64_t> reference(unsigned name) const;
  bool flag(unsigned name) const { return number(name).value_or(0) != 0; }
};

// Units and DIEs of one file, read when asked for. Safe from many threads.
class DwarfData {
 public:
  explicit DwarfData(const DwarfSections& sections) : sections_(sections) {}

  struct Unit : DwarfUnit {
    Abbreviations table;
  };

  const DwarfSections& sections() const { return sections_; }
  // The unit whose header is at |offset|, with its bases.
  Result<const Unit*> unit(std::uint64_t offset) const;
  Result<Die> die(const Unit& unit, std::uint64_t offset) const;
  // The DIE behind |die| and all below it.
  Result<std::uint64_t> behind(const Unit& unit, const Die& die) const;
  // Calls |each| with each direct child until it says false.
  template <typename Each>
  Result<void> each_child(const Unit& unit, const Die& parent,
                          Each&& each) const {
    if (!parent.has_children) return {};
    for (std::uint64_t at = parent.next; at < unit.end;) {
      Die child = TRY(die(unit, at));
      if (child.tag == 0 || !each(child)) return {};
      at = TRY(behind(unit, child));
    }
    return {};
  }

 private:
  const DwarfSections sections_;
  mutable std::mutex mutex_;
  mutable std::map<std::uint64_t, std::unique_ptr<const Unit>> units_;
};

}  // namespace inquest
