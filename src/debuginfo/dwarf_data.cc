// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/dwarf_data.h"

#include <algorithm>

#include <dwarf.h>
#include <fmt/format.h>

namespace inquest {
namespace {

// More than any compiler makes; bounds what a broken table can cost.
constexpr std::size_t most_abbreviations = 1 << 16;

Error bad_unit(std::uint64_t offset, std::string_view why) {
  return Error(ErrorKind::corrupt,
               fmt::format("DWARF unit at {:#x}: {}", offset, why));
}

Error bad_die(std::uint64_t offset, std::string_view why) {
  return Error(ErrorKind::corrupt,
               fmt::format("DWARF entry at {:#x}: {}", offset, why));
}

// The section that |offset| of the common space lies in, and where it starts.
std::pair<Bytes, std::uint64_t> section_of(const DwarfSections& sections,
                                           std::uint64_t offset) {
  if (offset < sections.info.size()) return {sections.info, 0};
  return {sections.types, sections.info.size()};
}

std::string_view string_at(Bytes strings, std::uint64_t offset) {
  DwarfCursor cursor(strings, offset, std::endian::little);
  return cursor.c_string();
}

// The |index|-th integer of a table that starts at |base|.
std::optional<std::uint64_t> indexed(Bytes table, std::uint64_t base,
                                     std::uint64_t index, unsigned size,
                                     std::endian endian) {
  if (base > table.size() || index >= (table.size() - base) / size) return {};
  return load_unsigned(table.subspan(base + index * size, size), endian);
}

// The parts of a header behind the version, which differ by version.
void read_header_rest(DwarfCursor& cursor, DwarfUnit& unit, bool in_types) {
  if (unit.version >= 5) {
    unit.kind = static_cast<unsigned>(cursor.fixed(1));
    unit.address_size = static_cast<unsigned>(cursor.fixed(1));
    unit.abbreviations = cursor.fixed(unit.offset_size);
  } else {
    unit.kind = in_types ? DW_UT_type : DW_UT_compile;
    unit.abbreviations = cursor.fixed(unit.offset_size);
    unit.address_size = static_cast<unsigned>(cursor.fixed(1));
  }
  if (unit.kind == DW_UT_type || unit.kind == DW_UT_split_type) {
    unit.signature = cursor.fixed(8);
    unit.type = unit.offset + cursor.fixed(unit.offset_size);
  } else if (unit.kind == DW_UT_skeleton || unit.kind == DW_UT_split_compile) {
    cursor.skip(8);
  }
}

Attribute number(std::uint16_t name, std::uint64_t value,
                 bool is_signed = false) {
  return {.name = name,
          .value_class = AttributeClass::number,
          .is_signed = is_signed,
          .number = value};
}

Attribute text(std::uint16_t name, std::string_view value) {
  return {.name = name, .value_class = AttributeClass::text, .text = value};
}

Attribute reference(std::uint16_t name, std::uint64_t value) {
  return {
      .name = name, .value_class = AttributeClass::reference, .number = value};
}

Attribute indexed_text(std::uint16_t name, std::uint64_t index,
                       const DwarfSections& sections, const DwarfUnit& unit) {
  auto offset = indexed(sections.string_offsets, unit.string_offsets, index,
                        unit.offset_size, sections.endian);
  if (!offset) return {.name = name};
  return text(name, string_at(sections.strings, *offset));
}

Attribute indexed_address(std::uint16_t name, std::uint64_t index,
                          const DwarfSections& sections,
                          const DwarfUnit& unit) {
  auto address = indexed(sections.addresses, unit.addresses, index,
                         unit.address_size, sections.endian);
  if (!address) return {.name = name};
  return {
      .name = name, .value_class = AttributeClass::address, .number = *address};
}

Attribute block(std::uint16_t name, DwarfCursor& cursor, std::uint64_t size) {
  return {.name = name,
          .value_class = AttributeClass::block,
          .block = cursor.bytes(size)};
}

// Forms whose value is a string.
std::optional<Attribute> read_text(DwarfCursor& cursor,
                                   const AttributeSpec& spec,
                                   const DwarfSections& sections,
                                   const DwarfUnit& unit) {
  auto by_index = [&](std::uint64_t index) {
    return indexed_text(spec.name, index, sections, unit);
  };
  switch (spec.form) {
    case DW_FORM_string:
      return text(spec.name, cursor.c_string());
    case DW_FORM_strp:
      return text(spec.name,
                  string_at(sections.strings, cursor.fixed(unit.offset_size)));
    case DW_FORM_line_strp:
      return text(spec.name, string_at(sections.line_strings,
                                       cursor.fixed(unit.offset_size)));
    case DW_FORM_strx:
    case DW_FORM_GNU_str_index:
      return by_index(cursor.uleb());
    case DW_FORM_strx1:
      return by_index(cursor.fixed(1));
    case DW_FORM_strx2:
      return by_index(cursor.fixed(2));
    case DW_FORM_strx3:
      return by_index(cursor.fixed(3));
    case DW_FORM_strx4:
      return by_index(cursor.fixed(4));
    default:
      return {};
  }
}

// Forms whose value is an address or another DIE.
std::optional<Attribute> read_place(DwarfCursor& cursor,
                                    const AttributeSpec& spec,
                                    const DwarfSections& sections,
                                    const DwarfUnit& unit) {
  auto by_index = [&](std::uint64_t index) {
    return indexed_address(spec.name, index, sections, unit);
  };
  auto in_unit = [&](std::uint64_t offset) {
    return reference(spec.name, unit.offset + offset);
  };
  switch (spec.form) {
    case DW_FORM_addr:
      return Attribute{.name = spec.name,
                       .value_class = AttributeClass::address,
                       .number = cursor.fixed(unit.address_size)};
    case DW_FORM_addrx:
    case DW_FORM_GNU_addr_index:
      return by_index(cursor.uleb());
    case DW_FORM_addrx1:
      return by_index(cursor.fixed(1));
    case DW_FORM_addrx2:
      return by_index(cursor.fixed(2));
    case DW_FORM_addrx3:
      return by_index(cursor.fixed(3));
    case DW_FORM_addrx4:
      return by_index(cursor.fixed(4));
    case DW_FORM_ref1:
      return in_unit(cursor.fixed(1));
    case DW_FORM_ref2:
      return in_unit(cursor.fixed(2));
    case DW_FORM_ref4:
      return in_unit(cursor.fixed(4));
    case DW_FORM_ref8:
      return in_unit(cursor.fixed(8));
    case DW_FORM_ref_udata:
      return in_unit(cursor.uleb());
    case DW_FORM_ref_addr:
      return reference(spec.name,
                       cursor.fixed(unit.version <= 2 ? unit.address_size
                                                      : unit.offset_size));
    case DW_FORM_ref_sig8:
      return Attribute{.name = spec.name,
                       .value_class = AttributeClass::signature,
                       .number = cursor.fixed(8)};
    default:
      return {};
  }
}

// The attributes of one abbreviation, up to a pair of zeroes.
void read_specs(DwarfCursor& cursor, std::vector<AttributeSpec>& specs) {
  while (cursor.is_good()) {
    AttributeSpec spec;
    spec.name = static_cast<std::uint16_t>(cursor.uleb());
    spec.form = static_cast<std::uint16_t>(cursor.uleb());
    if (spec.form == DW_FORM_implicit_const) spec.constant = cursor.sleb();
    if (spec.name == 0 && spec.form == 0) break;
    specs.push_back(spec);
  }
}

}  // namespace

Result<DwarfSections> dwarf_sections(const ElfFile& file) {
  DwarfSections found;
  found.endian = file.endian();
  const std::pair<std::string_view, Bytes*> wanted[] = {
      {".debug_info", &found.info},
      {".debug_types", &found.types},
      {".debug_abbrev", &found.abbrev},
      {".debug_str", &found.strings},
      {".debug_line_str", &found.line_strings},
      {".debug_str_offsets", &found.string_offsets},
      {".debug_addr", &found.addresses},
  };
  for (auto [name, bytes] : wanted) {
    const ElfSection* section = file.section(name);
    if (section) *bytes = TRY(file.contents(*section));
  }
  if (found.info.empty()) {
    return Error(ErrorKind::not_found,
                 fmt::format("{}: no DWARF debug info", file.path().string()));
  }
  return found;
}

Abbreviations Abbreviations::parse(Bytes section, std::uint64_t offset,
                                   std::endian endian) {
  Abbreviations table;
  DwarfCursor cursor(section, offset, endian);
  while (cursor.is_good() && table.all_.size() < most_abbreviations) {
    Abbreviation one;
    one.code = cursor.uleb();
    if (one.code == 0) break;
    one.tag = static_cast<std::uint16_t>(cursor.uleb());
    one.has_children = cursor.fixed(1) != 0;
    one.first = static_cast<std::uint32_t>(table.specs_.size());
    read_specs(cursor, table.specs_);
    if (!cursor.is_good()) break;
    one.count = static_cast<std::uint32_t>(table.specs_.size()) - one.first;
    table.all_.push_back(one);
    table.is_dense_ &= one.code == table.all_.size();
  }
  if (!table.is_dense_) {
    std::stable_sort(
        table.all_.begin(), table.all_.end(),
        [](const auto& a, const auto& b) { return a.code < b.code; });
  }
  return table;
}

std::size_t Abbreviations::find(std::uint64_t code) const {
  if (is_dense_) {
    return code - 1 < all_.size() ? static_cast<std::size_t>(code - 1)
                                  : all_.size();
  }
  auto found =
      std::lower_bound(all_.begin(), all_.end(), code,
                       [](const Abbreviation& one, std::uint64_t wanted) {
                         return one.code < wanted;
                       });
  if (found == all_.end() || found->code != code) return all_.size();
  return static_cast<std::size_t>(found - all_.begin());
}

Result<DwarfUnit> dwarf_unit(const DwarfSections& sections,
                             std::uint64_t offset) {
  auto [section, start] = section_of(sections, offset);
  DwarfUnit unit;
  unit.offset = offset;
  DwarfCursor cursor(section, offset - start, sections.endian);
  auto [length, offset_size] = cursor.unit_length();
  unit.offset_size = offset_size;
  if (!cursor.is_good() || length > cursor.left()) {
    return bad_unit(offset, "longer than its section");
  }
  unit.end = start + cursor.offset() + length;
  unit.version = static_cast<unsigned>(cursor.fixed(2));
  if (!cursor.is_good() || unit.version < 2 || unit.version > 5) {
    return bad_unit(offset, fmt::format("version {}", unit.version));
  }
  read_header_rest(cursor, unit, start != 0);
  unit.first = start + cursor.offset();
  if (!cursor.is_good() || unit.first > unit.end) {
    return bad_unit(offset, "header cut off");
  }
  if (unit.address_size == 0 || unit.address_size > 8) {
    return bad_unit(offset, "impossible address size");
  }
  return unit;
}

DwarfCursor cursor_in(const DwarfSections& sections, const DwarfUnit& unit,
                      std::uint64_t offset) {
  auto [section, start] = section_of(sections, unit.offset);
  DwarfCursor cursor(section.first(unit.end - start), 0, sections.endian);
  if (offset < unit.first || offset >= unit.end) {
    cursor.fail();
  } else {
    cursor.seek(offset - start);
  }
  return cursor;
}

std::optional<unsigned> fixed_size(unsigned form, const DwarfUnit& unit) {
  switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
      return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
      return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
      return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
      return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
    case DW_FORM_ref_sup4:
      return 4;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
      return 8;
    case DW_FORM_data16:
      return 16;
    case DW_FORM_addr:
      return unit.address_size;
    case DW_FORM_ref_addr:
      return unit.version <= 2 ? unit.address_size : unit.offset_size;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_sec_offset:
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
    case DW_FORM_GNU_ref_alt:
      return unit.offset_size;
    default:
      return {};
  }
}

void skip_form(DwarfCursor& cursor, unsigned form, const DwarfUnit& unit) {
  if (auto size = fixed_size(form, unit)) return cursor.skip(*size);
  switch (form) {
    case DW_FORM_udata:
    case DW_FORM_sdata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
      cursor.uleb();
      return;
    case DW_FORM_string:
      cursor.c_string();
      return;
    case DW_FORM_block1:
      return cursor.skip(cursor.fixed(1));
    case DW_FORM_block2:
      return cursor.skip(cursor.fixed(2));
    case DW_FORM_block4:
      return cursor.skip(cursor.fixed(4));
    case DW_FORM_block:
    case DW_FORM_exprloc:
      return cursor.skip(cursor.uleb());
    case DW_FORM_indirect: {
      auto real = static_cast<unsigned>(cursor.uleb());
      if (real == DW_FORM_indirect || real == DW_FORM_implicit_const) {
        return cursor.fail();
      }
      return skip_form(cursor, real, unit);
    }
    default:
      cursor.fail();
  }
}

Attribute read_attribute(DwarfCursor& cursor, const AttributeSpec& spec,
                         const DwarfSections& sections, const DwarfUnit& unit) {
  if (auto found = read_text(cursor, spec, sections, unit)) return *found;
  if (auto found = read_place(cursor, spec, sections, unit)) return *found;
  switch (spec.form) {
    case DW_FORM_implicit_const:
      return number(spec.name, static_cast<std::uint64_t>(spec.constant), true);
    case DW_FORM_flag_present:
      return number(spec.name, 1);
    case DW_FORM_data1:
    case DW_FORM_data2:
    case DW_FORM_data4:
    case DW_FORM_data8:
    case DW_FORM_flag:
    case DW_FORM_sec_offset:
      return number(spec.name,
                    cursor.fixed(fixed_size(spec.form, unit).value_or(1)));
    case DW_FORM_udata:
      return number(spec.name, cursor.uleb());
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx: {
      Attribute index = number(spec.name, cursor.uleb());
      index.is_index = true;
      return index;
    }
    case DW_FORM_sdata:
      return number(spec.name, static_cast<std::uint64_t>(cursor.sleb()), true);
    case DW_FORM_block1:
      return block(spec.name, cursor, cursor.fixed(1));
    case DW_FORM_block2:
      return block(spec.name, cursor, cursor.fixed(2));
    case DW_FORM_block4:
      return block(spec.name, cursor, cursor.fixed(4));
    case DW_FORM_block:
    case DW_FORM_exprloc:
      return block(spec.name, cursor, cursor.uleb());
    case DW_FORM_data16:
      return block(spec.name, cursor, 16);
    case DW_FORM_indirect: {
      auto real = static_cast<std::uint16_t>(cursor.uleb());
      if (real == DW_FORM_indirect || real == DW_FORM_implicit_const) break;
      return read_attribute(cursor, {spec.name, real, 0}, sections, unit);
    }
    default:
      skip_form(cursor, spec.form, unit);
      return {.name = spec.name};
  }
  cursor.fail();
  return {};
}

const Attribute* Die::find(unsigned name) const {
  for (const Attribute& one : attributes) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

std::string_view Die::name() const {
  const Attribute* found = find(DW_AT_name);
  return found ? found->text : std::string_view();
}

std::optional<std::uint64_t> Die::number(unsigned name) const {
  const Attribute* found = find(name);
  if (!found || found->value_class != AttributeClass::number) return {};
  return found->number;
}

std::optional<std::uint64_t> Die::reference(unsigned name) const {
  const Attribute* found = find(name);
  if (!found || found->value_class != AttributeClass::reference) return {};
  return found->number;
}

Result<const DwarfData::Unit*> DwarfData::unit(std::uint64_t offset) const {
  std::lock_guard lock(mutex_);
  auto found = units_.find(offset);
  if (found != units_.end()) return found->second.get();
  auto unit = std::make_unique<Unit>();
  static_cast<DwarfUnit&>(*unit) = TRY(dwarf_unit(sections_, offset));
  unit->table = Abbreviations::parse(sections_.abbrev, unit->abbreviations,
                                     sections_.endian);
  // DWARF 5's default base is behind the table's header; GNU's is 0.
  if (unit->version >= 5) {
    unit->string_offsets = unit->addresses = unit->offset_size == 8 ? 16 : 8;
  }
  Die root = TRY(die(*unit, unit->first));
  auto base = [&](unsigned name, std::uint64_t other) {
    return root.number(name).value_or(other);
  };
  unit->string_offsets = base(DW_AT_str_offsets_base, unit->string_offsets);
  unit->addresses =
      base(DW_AT_addr_base, base(DW_AT_GNU_addr_base, unit->addresses));
  unit->range_lists = base(DW_AT_rnglists_base, 0);
  return units_.emplace(offset, std::move(unit)).first->second.get();
}

Result<Die> DwarfData::die(const Unit& unit, std::uint64_t offset) const {
  DwarfCursor cursor = cursor_in(sections_, unit, offset);
  if (!cursor.is_good()) return bad_die(offset, "outside its unit");
  std::uint64_t start = offset - cursor.offset();
  Die found;
  found.offset = offset;
  std::uint64_t code = cursor.uleb();
  if (code != 0) {
    std::size_t index = unit.table.find(code);
    if (index == unit.table.all().size()) {
      return bad_die(offset, fmt::format("no abbreviation {}", code));
    }
    const Abbreviation& shape = unit.table.all()[index];
    found.tag = shape.tag;
    found.has_children = shape.has_children;
    found.attributes.reserve(shape.count);
    for (const AttributeSpec& spec : unit.table.specs(shape)) {
      found.attributes.push_back(read_attribute(cursor, spec, sections_, unit));
    }
  }
  if (!cursor.is_good()) return bad_die(offset, "cut off");
  found.next = start + cursor.offset();
  return found;
}

Result<std::uint64_t> DwarfData::behind(const Unit& unit,
                                        const Die& die) const {
  if (!die.has_children) return die.next;
  if (auto sibling = die.reference(DW_AT_sibling)) {
    if (*sibling <= die.offset || *sibling > unit.end) {
      return bad_die(die.offset, "impossible sibling");
    }
    return *sibling;
  }
  std::uint64_t at = die.next;
  for (unsigned depth = 1; depth != 0 && at < unit.end;) {
    Die below = TRY(this->die(unit, at));
    auto sibling = below.reference(DW_AT_sibling);
    if (below.has_children && sibling && *sibling > at) {
      at = *sibling;
      continue;
    }
    at = below.next;
    if (below.tag == 0) --depth;
    if (below.has_children) ++depth;
  }
  return at;
}

}  // namespace inquest
