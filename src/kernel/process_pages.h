// SPDX-License-Identifier: GPL-3.0-or-later
// The pages of a process's memory areas, one by one.

#pragma once

#include <optional>

#include "base/generator.h"
#include "kernel/page_entry.h"
#include "kernel/user_memory.h"

namespace inquest {

// Where a page is: neither in memory nor in swap is one that was never there,
// or that is in its file alone.
struct ProcessPage {
  Address at;
  std::optional<PhysAddress> physical;
  std::optional<SwapEntry> swap;
  std::optional<Error> fault;  // the page tables are not in the dump
};

// The pages of [start, end), ascending. Page tables are walked once for what
// one entry of them maps.
Generator<ProcessPage> process_pages(const Kernel& kernel,
                                     const MappedSpace& memory, Address start,
                                     Address end);

}  // namespace inquest
