// SPDX-License-Identifier: GPL-3.0-or-later
// The addresses that a DIE of DWARF covers.

#pragma once

#include <vector>

#include "base/address.h"
#include "debuginfo/dwarf_data.h"

namespace inquest {

struct AddressRange {
  Address first;
  Address end;  // behind the last

  bool contains(Address at) const { return at >= first && at < end; }
};

// The sections that only ranges need.
struct DwarfRangeSections {
  Bytes ranges;       // .debug_ranges: up to DWARF 4
  Bytes range_lists;  // .debug_rnglists: DWARF 5
};
Result<DwarfRangeSections> dwarf_range_sections(const ElfFile& file);

// From DW_AT_low_pc and DW_AT_high_pc or DW_AT_ranges, in the order of the
// file; none when the DIE has no code or its list makes no sense.
std::vector<AddressRange> dwarf_ranges(const DwarfData& data,
                                       const DwarfRangeSections& lists,
                                       const DwarfData::Unit& unit,
                                       const Die& die);

}  // namespace inquest
