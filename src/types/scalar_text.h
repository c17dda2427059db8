// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, characters and strings as gdb writes them.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace inquest {

struct NumberShape {
  std::uint64_t bits = 64;
  bool is_signed = false;
  bool is_char = false;  // "97 'a'" in decimal
};

// |format| is one of xduotzc, or 0: as |radix| says.
std::string number_text(std::uint64_t value, const NumberShape& shape,
                        char format, unsigned radix);
// Quoted, with escapes; runs of |repeats| or more equal characters become
// '\000' <repeats 12 times>, 0: never.
std::string string_text(std::string_view text, unsigned repeats);
// Quoted: 'a', '\n', '\000'.
std::string character_text(unsigned char c);
// A float, double, or 80-bit extended value.
std::string floating_text(Bytes bytes, std::endian endian);
// An integer of up to 16 bytes.
std::string wide_text(Bytes bytes, std::endian endian, bool is_signed,
                      bool is_hex);

}  // namespace inquest
