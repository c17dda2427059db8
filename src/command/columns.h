// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of the tables that crash lays out.

#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "report/report.h"

namespace inquest {

// What there is, or in brackets why there is none: numbers in decimal,
// addresses in hexadecimal, text made safe for a terminal.
template <std::integral T>
std::string cell(const Result<T>& number) {
  return number ? fmt::to_string(*number) : report::cell_text(number.error());
}
inline std::string cell(const Result<Address>& at) {
  return at ? fmt::format("{:x}", at->value) : report::cell_text(at.error());
}
inline std::string cell(const Result<std::string>& text) {
  return text ? printable(*text) : report::cell_text(text.error());
}
inline std::string hex_cell(const Result<std::uint64_t>& number) {
  return number ? fmt::format("{:x}", *number)
                : report::cell_text(number.error());
}

// "0 00:01:13.250": days and the time of day, the days at least |width| wide.
inline std::string elapsed_text(std::uint64_t nanoseconds, std::size_t width) {
  constexpr std::uint64_t second = 1'000'000'000;
  std::uint64_t seconds = nanoseconds / second;
  return fmt::format("{:>{}} {:02}:{:02}:{:02}.{:03}", seconds / 86400, width,
                     seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
                     nanoseconds / 1'000'000 % 1000);
}

// |text| in the middle of |width| places; an odd one is on the right.
inline std::string centred(std::string_view text, std::size_t width) {
  std::size_t spare = width - std::min(width, text.size());
  return std::string(spare / 2, ' ') + std::string(text) +
         std::string(spare - spare / 2, ' ');
}

// The same; an odd place is on the left.
inline std::string centred_right(std::string_view text, std::size_t width) {
  std::size_t spare = width - std::min(width, text.size());
  return std::string(spare - spare / 2, ' ') + std::string(text) +
         std::string(spare / 2, ' ');
}

}  // namespace inquest
