// SPDX-License-Identifier: GPL-3.0-or-later
// Line number programs of .debug_line: one per compilation unit, yielding a
// table from addresses to places in source files.

#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "debuginfo/dwarf_data.h"

namespace inquest {

struct LineRow {
  Address address;
  std::uint32_t file = 0;  // as the program numbers them
  std::uint32_t line = 0;
  bool is_statement = false;
  bool is_end = false;  // the first address behind a sequence
};

// Rows of one contiguous piece of code, ascending; the last one is its end.
struct LineSequence {
  std::uint32_t first = 0, count = 0;  // rows
};

struct LineTable {
  std::vector<LineRow> rows;
  std::vector<LineSequence> sequences;  // by address
  std::vector<std::string> files;       // full paths, by number

  // The row that a debugger shows for |at|, or null.
  const LineRow* find(Address at) const;
  // The path of file |number|, "" when there is none.
  const std::string& file(std::uint64_t number) const;
};

struct LineSections {
  Bytes line, strings, line_strings;
  std::endian endian = std::endian::little;
};

// The table of the program at |offset|; |directory| is the unit's
// DW_AT_comp_dir. A program that breaks off yields the rows before the break.
Result<LineTable> line_table(const LineSections& sections, std::uint64_t offset,
                             std::string_view directory, unsigned address_size);

}  // namespace inquest
