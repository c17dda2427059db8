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
  unsigned print_max = 200;  // elements of arrays and strings ("set print_max")
  unsigned repeats = 10;     // "<repeats 16 times>" from this many on
  bool pretty = true;        // one member a line, two spaces a level
  bool array_pretty = false;  // "set print_array"
  bool stop_at_null = true;   // char arrays end at NUL ("null-stop")
  unsigned indent = 0;        // levels already open
  // "symbol+12" for an address, or nothing: pointers to data and code.
  std::function<std::optional<std::string>(Address)> symbol;
};

// The value alone, without "name = ". A part that cannot be read is shown as
// such in its place; a value that cannot be read at all is an error.
Result<std::string> value_text(const Object& object, const ValueStyle& style);

}  // namespace inquest
