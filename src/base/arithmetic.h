// SPDX-License-Identifier: GPL-3.0-or-later
// Arithmetic with numbers that a damaged dump may hold: results too large wrap
// around, as they do in the kernel.

#pragma once

#include <cstdint>

namespace inquest {

inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) +
                                   static_cast<std::uint64_t>(b));
}

inline std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) -
                                   static_cast<std::uint64_t>(b));
}

}  // namespace inquest
