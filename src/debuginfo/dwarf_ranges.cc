// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/dwarf_ranges.h"

#include <dwarf.h>

namespace inquest {
namespace {

// No function or unit of a kernel is in more pieces.
constexpr std::size_t most_ranges = 1 << 16;

std::optional<std::uint64_t> address_of(const Die& die, unsigned name) {
  const Attribute* found = die.find(name);
  if (!found || found->value_class != AttributeClass::address) return {};
  return found->number;
}

class RangeReader {
 public:
  RangeReader(const DwarfData& data, const DwarfData::Unit& unit,
              std::uint64_t base)
      : data_(data), unit_(unit), base_(base) {}

  std::vector<AddressRange> old_list(Bytes section, std::uint64_t offset) {
    DwarfCursor cursor(section, offset, data_.sections().endian);
    std::uint64_t highest = ~0ULL >> (64 - 8 * unit_.address_size);
    while (cursor.is_good() && found_.size() < most_ranges) {
      std::uint64_t first = cursor.fixed(unit_.address_size);
      std::uint64_t end = cursor.fixed(unit_.address_size);
      if (!cursor.is_good() || (first == 0 && end == 0)) break;
      if (first == highest) {
        base_ = end;
      } else {
        add(base_ + first, base_ + end);
      }
    }
    return std::move(found_);
  }

  std::vector<AddressRange> list(Bytes section, std::uint64_t offset) {
    DwarfCursor cursor(section, offset, data_.sections().endian);
    while (found_.size() < most_ranges && cursor.is_good() && step(cursor)) {
    }
    return std::move(found_);
  }

 private:
  bool step(DwarfCursor& cursor) {
    auto kind = static_cast<unsigned>(cursor.fixed(1));
    switch (kind) {
      case DW_RLE_base_addressx:
        base_ = indexed(cursor.uleb());
        break;
      case DW_RLE_base_address:
        base_ = address(cursor);
        break;
      case DW_RLE_startx_endx: {
        std::uint64_t first = indexed(cursor.uleb());
        add(first, indexed(cursor.uleb()));
        break;
      }
      case DW_RLE_startx_length: {
        std::uint64_t first = indexed(cursor.uleb());
        add(first, first + cursor.uleb());
        break;
      }
      case DW_RLE_offset_pair: {
        std::uint64_t first = cursor.uleb();
        add(base_ + first, base_ + cursor.uleb());
        break;
      }
      case DW_RLE_start_end: {
        std::uint64_t first = address(cursor);
        add(first, address(cursor));
        break;
      }
      case DW_RLE_start_length: {
        std::uint64_t first = address(cursor);
        add(first, first + cursor.uleb());
        break;
      }
      default:
        return false;
    }
    return cursor.is_good();
  }

  std::uint64_t address(DwarfCursor& cursor) const {
    return cursor.fixed(unit_.address_size);
  }
  std::uint64_t indexed(std::uint64_t index) const {
    const DwarfSections& sections = data_.sections();
    if (index > sections.addresses.size()) return 0;
    DwarfCursor cursor(sections.addresses,
                       unit_.addresses + index * unit_.address_size,
                       sections.endian);
    return cursor.fixed(unit_.address_size);
  }
  void add(std::uint64_t first, std::uint64_t end) {
    if (first < end) found_.push_back({{first}, {end}});
  }

  const DwarfData& data_;
  const DwarfData::Unit& unit_;
  std::uint64_t base_;
  std::vector<AddressRange> found_;
};

// The address that the offsets of a unit's lists count from.
std::uint64_t base_of(const DwarfData& data, const DwarfData::Unit& unit) {
  auto root = data.die(unit, unit.first);
  return root ? address_of(*root, DW_AT_low_pc).value_or(0) : 0;
}

}  // namespace

Result<DwarfRangeSections> dwarf_range_sections(const ElfFile& file) {
  DwarfRangeSections found;
  if (const ElfSection* section = file.section(".debug_ranges")) {
    found.ranges = TRY(file.contents(*section));
  }
  if (const ElfSection* section = file.section(".debug_rnglists")) {
    found.range_lists = TRY(file.contents(*section));
  }
  return found;
}

std::vector<AddressRange> dwarf_ranges(const DwarfData& data,
                                       const DwarfRangeSections& lists,
                                       const DwarfData::Unit& unit,
                                       const Die& die) {
  if (const Attribute* where = die.find(DW_AT_ranges)) {
    RangeReader reader(data, unit, base_of(data, unit));
    if (unit.version < 5) return reader.old_list(lists.ranges, where->number);
    std::uint64_t offset = where->number;
    if (where->is_index) {
      // An index into the table of offsets at the unit's base.
      if (offset > lists.range_lists.size()) return {};
      DwarfCursor table(lists.range_lists,
                        unit.range_lists + offset * unit.offset_size,
                        data.sections().endian);
      offset = unit.range_lists + table.fixed(unit.offset_size);
    }
    return reader.list(lists.range_lists, offset);
  }
  auto first = address_of(die, DW_AT_low_pc);
  const Attribute* high = die.find(DW_AT_high_pc);
  if (!first || !high) return {};
  std::uint64_t end = high->value_class == AttributeClass::address
                          ? high->number
                          : *first + high->number;
  if (end <= *first) return {};
  return {{{*first}, {end}}};
}

}  // namespace inquest
