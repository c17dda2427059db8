// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/dwarf_shapes.h"

#include <dwarf.h>

namespace inquest {
namespace {

bool is_indexed_tag(unsigned tag) {
  switch (tag) {
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_typedef:
    case DW_TAG_base_type:
    case DW_TAG_variable:
    case DW_TAG_subprogram:
    case DW_TAG_enumerator:
      return true;
    default:
      return false;
  }
}

ScanSlot slot_of(unsigned tag, const AttributeSpec& spec) {
  if (spec.name == DW_AT_sibling) return ScanSlot::sibling;
  if (!is_indexed_tag(tag)) return ScanSlot::none;
  switch (spec.name) {
    case DW_AT_name:
      return ScanSlot::name;
    case DW_AT_declaration:
      return ScanSlot::declaration;
    case DW_AT_byte_size:
      return ScanSlot::byte_size;
    case DW_AT_decl_line:
      return ScanSlot::line;
    case DW_AT_decl_column:
      return ScanSlot::column;
    case DW_AT_location:
      return tag == DW_TAG_variable ? ScanSlot::location : ScanSlot::none;
    case DW_AT_low_pc:
    case DW_AT_ranges:
      return tag == DW_TAG_subprogram ? ScanSlot::code : ScanSlot::none;
    case DW_AT_specification:
    case DW_AT_abstract_origin:
      return ScanSlot::origin;
    default:
      return ScanSlot::none;
  }
}

}  // namespace

ScanShapes::ScanShapes(const DwarfSections& sections, const DwarfUnit& unit,
                       const Abbreviations& table)
    : sections_(sections), unit_(unit), table_(&table) {
  shapes_.reserve(table.all().size());
  for (const Abbreviation& one : table.all()) {
    ScanShape shape{.tag = one.tag,
                    .has_children = one.has_children,
                    .first = static_cast<std::uint32_t>(steps_.size())};
    for (const AttributeSpec& spec : table.specs(one)) {
      ScanSlot slot = slot_of(one.tag, spec);
      auto size = fixed_size(spec.form, unit);
      if (slot == ScanSlot::none && size) {
        shape.tail += *size;
        continue;
      }
      steps_.push_back({slot, spec.form, shape.tail, spec.constant});
      shape.tail = 0;
    }
    shape.count = static_cast<std::uint32_t>(steps_.size()) - shape.first;
    shapes_.push_back(shape);
  }
}

void ScanShapes::read(DwarfCursor& cursor, const ScanShape& shape,
                      std::uint64_t start, ScannedDie& die) const {
  for (std::uint32_t i = 0; i < shape.count; ++i) {
    const ScanStep& step = steps_[shape.first + i];
    if (step.skip) cursor.skip(step.skip);
    switch (step.slot) {
      case ScanSlot::none:
        skip_form(cursor, step.form, unit_);
        break;
      case ScanSlot::name:
        read_name(cursor, step.form, start, die);
        break;
      case ScanSlot::sibling:
        die.sibling = reference(cursor, step.form);
        break;
      case ScanSlot::origin:
        die.origin = reference(cursor, step.form);
        break;
      case ScanSlot::declaration:
        die.is_declaration = number(cursor, step) != 0;
        break;
      case ScanSlot::byte_size:
        die.byte_size = number(cursor, step);
        break;
      case ScanSlot::line:
        die.line = static_cast<std::uint32_t>(number(cursor, step));
        break;
      case ScanSlot::column:
        die.column = static_cast<std::uint32_t>(number(cursor, step));
        break;
      case ScanSlot::location:
        die.has_address = is_static_location(cursor, step.form);
        break;
      case ScanSlot::code:
        skip_form(cursor, step.form, unit_);
        die.has_address = true;
        break;
    }
  }
  cursor.skip(shape.tail);
}

void ScanShapes::read_name(DwarfCursor& cursor, unsigned form,
                           std::uint64_t start, ScannedDie& die) const {
  if (form == DW_FORM_strp) {
    die.name = cursor.fixed(unit_.offset_size);
    die.has_name = true;
    return;
  }
  std::uint64_t at = start + cursor.offset();
  AttributeSpec spec{DW_AT_name, static_cast<std::uint16_t>(form), 0};
  std::string_view text = read_attribute(cursor, spec, sections_, unit_).text;
  if (text.empty()) return;
  die.has_name = true;
  die.is_inline = form == DW_FORM_string;
  if (die.is_inline) {
    die.name = at;
    return;
  }
  const char* strings = as_text(sections_.strings).data();
  const char* strings_end = strings + sections_.strings.size();
  die.has_name = text.data() >= strings && text.data() < strings_end;
  if (die.has_name) {
    die.name = static_cast<std::uint64_t>(text.data() - strings);
  }
}

std::uint64_t ScanShapes::number(DwarfCursor& cursor,
                                 const ScanStep& step) const {
  switch (step.form) {
    case DW_FORM_flag_present:
      return 1;
    case DW_FORM_implicit_const:
      return static_cast<std::uint64_t>(step.constant);
    case DW_FORM_data1:
    case DW_FORM_flag:
      return cursor.fixed(1);
    case DW_FORM_data2:
      return cursor.fixed(2);
    case DW_FORM_data4:
      return cursor.fixed(4);
    case DW_FORM_data8:
      return cursor.fixed(8);
    case DW_FORM_udata:
      return cursor.uleb();
    case DW_FORM_sdata:
      return static_cast<std::uint64_t>(cursor.sleb());
    default:
      skip_form(cursor, step.form, unit_);
      return 0;
  }
}

std::uint64_t ScanShapes::reference(DwarfCursor& cursor, unsigned form) const {
  if (form == DW_FORM_ref4) return unit_.offset + cursor.fixed(4);
  AttributeSpec spec{0, static_cast<std::uint16_t>(form), 0};
  Attribute found = read_attribute(cursor, spec, sections_, unit_);
  return found.value_class == AttributeClass::reference ? found.number : 0;
}

bool ScanShapes::is_static_location(DwarfCursor& cursor, unsigned form) const {
  AttributeSpec spec{0, static_cast<std::uint16_t>(form), 0};
  Bytes block = read_attribute(cursor, spec, sections_, unit_).block;
  if (block.empty()) return false;
  auto operation = std::to_integer<unsigned>(block[0]);
  return operation == DW_OP_addr || operation == DW_OP_addrx ||
         operation == DW_OP_GNU_addr_index;
}

}  // namespace inquest
