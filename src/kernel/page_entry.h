// SPDX-License-Identifier: GPL-3.0-or-later
// What Linux says with a page table entry.

#pragma once

#include <string_view>
#include <vector>

#include "base/address.h"

namespace inquest {

// Where a page went: slot |offset| of swap area |type|. Types beyond the areas
// that a kernel can have are marks of its own (pages that migrate, broken
// memory, ...).
struct SwapEntry {
  unsigned type = 0;
  std::uint64_t offset = 0;
};

struct PageEntry {
  enum class Kind {
    empty,
    present,
    hidden,   // the page is there, and nobody may touch it: PROT_NONE
    swapped,  // |swap| says where
  };
  Kind kind = Kind::empty;
  PhysAddress physical;  // of the page, where there is one
  SwapEntry swap;
  std::vector<std::string_view> flags;  // by the names that crash gives them

  // Where |at| is in that page, of |size| bytes (a power of two).
  PhysAddress physical_of(Address at, std::uint64_t size) const {
    return {(physical.value & ~(size - 1)) | (at.value & (size - 1))};
  }
  bool has_page() const {
    return kind == Kind::present || kind == Kind::hidden;
  }
};

}  // namespace inquest
