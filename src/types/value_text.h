// SPDX-License-Identifier: GPL-3.0-or-later
// Values as gdb prints them: {a = 1, b = 0xffff... <symbol>}, repeats,
// strings, enums, flags, bit-fields, unions; the layout of p and struct.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "types/object.h"

namespace inquest {

struct ValueStyle {
  unsigned radix = 10;       // 10 or 16: integers
  char format = 0;           // as in p/x: one of xduotzca, or none
  unsigned print_max = 256;  // elements of arrays and strings ("set print_max")
  unsigned repeats = 0;      // "<repeats 16 times>" from this many on; 0: never
  bool pretty = true;        // one member a line, two spaces a level
  bool array_pretty = false;  // "set print_array": one element a line
  bool stop_at_null = false;  // char arrays end at NUL ("null-stop")
  unsigned indent = 0;        // levels already open
  // Arrays of arrays, and of equal elements, have more than anybody waits for:
  // behind so many scalars, arrays and structures comes "...".
  std::uint64_t most_values = std::uint64_t{1} << 24;
  // "symbol+12" for an address, or nothing: pointers to data and code.
  std::function<std::optional<std::string>(Address)> symbol = {};
};

// The value alone, without "name = ". A part that cannot be read is shown as
// such in its place; a value that cannot be read at all is an error.
Result<std::string> value_text(const Object& object, const ValueStyle& style);

// The same as "p" shows it behind "$1 = ": pointers with their type in front.
Result<std::string> print_text(const Object& object, const ValueStyle& style);

// The name of |value| in an enumeration, "(A | B)" for flags, or its number.
std::string enumerator_text(const Type& type, std::int64_t value);

}  // namespace inquest
