// SPDX-License-Identifier: GPL-3.0-or-later
// Relocations that store a value, or its distance from the place, as a number
// of some size: all that data and DWARF need on any architecture.

#pragma once

#include <span>

#include "arch/arch.h"

namespace inquest {

// How a value may look that is cut to fewer bytes.
enum class Fit { as_signed, as_unsigned, either };

struct RelocationShape {
  unsigned type;
  unsigned size;  // bytes: 1, 2, 4 or 8
  bool is_relative;
  Fit fit;
};

// What Arch::relocate() knows; |arch| names it in errors.
struct RelocationTable {
  std::string_view arch;
  std::span<const RelocationShape> shapes;
};

Result<void> relocate_by(const RelocationTable& table, unsigned type,
                         std::span<std::byte> place, Address at,
                         std::uint64_t value);

}  // namespace inquest
