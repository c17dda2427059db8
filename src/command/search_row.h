// SPDX-License-Identifier: GPL-3.0-or-later
// What search answers: a place in memory, and what is there.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command/context.h"
#include "command/rd_row.h"

namespace inquest {

struct SearchRow {
  Address address;
  // Of a word; a string has its text.
  std::uint64_t value = 0;
  unsigned width = 8;
  std::string name = {};                 // the symbol or sum looked for
  std::optional<std::string> text = {};  // the string and what follows it
  std::string string = {};               // the string looked for
  std::optional<TaskHeader> task = {};   // whose stack it is on
  bool has_context = false;              // -x
  std::vector<RdRow> before = {}, after = {};
};
report::Record to_record(const SearchRow& row);
std::string to_text(const SearchRow& row);

// |at| is in |memory|, or the last readable addresses before it: up to |count|
// words on each side of a word at |row|.
void add_context(SearchRow& row, const AddressSpace& memory,
                 std::uint64_t count);
// The first of the string that was found and of what follows.
std::string string_text(const AddressSpace& memory, Address at,
                        std::size_t size);

}  // namespace inquest
