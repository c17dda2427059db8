// SPDX-License-Identifier: GPL-3.0-or-later
// The machine's memory by NUMA node.

#pragma once

#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A struct pglist_data.
struct MemoryNode {
  unsigned number = 0;
  Address at;
  std::uint64_t first_frame = 0;
  std::uint64_t spanned = 0;  // frames from there on, holes included
  std::uint64_t present = 0;  // those that are memory
};

// By number; those without memory are among them.
Result<std::vector<MemoryNode>> memory_nodes(const Kernel& kernel);

}  // namespace inquest
