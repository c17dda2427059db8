// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses in the dumped machine and offsets in files: distinct types, so
// that one is never taken for another, nor for a pointer of ours.

#pragma once

#include <compare>
#include <cstdint>

namespace inquest {

template <typename Tag>
struct Location {
  std::uint64_t value = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads <=>
  friend auto operator<=>(const Location&, const Location&) = default;
  constexpr Location operator+(std::uint64_t distance) const {
    return {value + distance};
  }
  constexpr Location operator-(std::uint64_t distance) const {
    return {value - distance};
  }
  constexpr std::uint64_t operator-(Location from) const {
    return value - from.value;
  }
};

// A virtual address of the dumped machine.
using Address = Location<struct VirtualTag>;
// A physical address of the dumped machine.
using PhysAddress = Location<struct PhysicalTag>;
// An offset in a file.
using FileOffset = Location<struct FileTag>;

}  // namespace inquest
