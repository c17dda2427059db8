// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of gdb's machine interface (GDB/MI), as far as a console needs:
// what a command printed, and how it ended.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inquest {

struct MiRecord {
  enum class Kind {
    console,  // |text| that the command printed
    log,      // |text| of warnings and errors
    done,     // the command with the number |token| is over
    error,    // the same, and |text| says why it failed
    other,
  };
  Kind kind = Kind::other;
  std::string text = {};
  std::uint64_t token = 0;
};

// |line| without its line end; anything that is no record is |other|.
MiRecord parse_mi(std::string_view line);
// |text| as a C string.
std::string mi_quoted(std::string_view text);

}  // namespace inquest
