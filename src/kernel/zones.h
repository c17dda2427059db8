// SPDX-License-Identifier: GPL-3.0-or-later
// The zones of the memory nodes.

#pragma once

#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A struct zone; each field stands or falls by itself.
struct Zone {
  Object object;
  Address at;
  unsigned node = 0, number = 0;
  Result<std::string> name;
  Result<std::uint64_t> first_frame;
  Result<std::uint64_t> spanned;  // frames from there on, holes included
  Result<std::uint64_t> present;  // those that are memory
  Result<std::uint64_t> managed;  // those that are the page allocator's
  // Watermarks in pages, without the boost that is added to each for a while.
  Result<std::uint64_t> min, low, high;
  Result<std::uint64_t> boost;  // |not_found| before 5.0

  bool is_populated() const { return present.value_or(0) != 0; }
};

// By node and number; those without memory are among them.
Result<std::vector<Zone>> memory_zones(const Kernel& kernel);

}  // namespace inquest
