// SPDX-License-Identifier: GPL-3.0-or-later
// What memory is used for, as /proc/meminfo has it.

#pragma once

#include "kernel/kernel.h"

namespace inquest {

// In pages; each stands or falls by itself.
struct MemoryUsage {
  Result<std::uint64_t> total;    // all that the page allocator got
  Result<std::uint64_t> free;     // what it has left
  Result<std::uint64_t> buffers;  // contents of block devices
  Result<std::uint64_t> cached;   // contents of files
  Result<std::uint64_t> slab;
  Result<std::uint64_t> huge_total, huge_free;  // in the pools
  Result<std::uint64_t> swap_total, swap_used;
  Result<std::uint64_t> commit_limit;  // as the settings would have it
  Result<std::uint64_t> committed;     // what processes may come to need
};
MemoryUsage memory_usage(const Kernel& kernel);

// Pages with more than one user, reserved ones not counted: looks at every
// struct page.
Result<std::uint64_t> shared_pages(const Kernel& kernel);

}  // namespace inquest
