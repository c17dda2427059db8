// SPDX-License-Identifier: GPL-3.0-or-later
// What kernel virtual addresses are used for.

#pragma once

#include <vector>

#include "kernel/kernel.h"
#include "memory/extents.h"

namespace inquest {

enum class RangeKind { direct_map, image, vmalloc, modules, vmemmap };

struct KernelRange {
  RangeKind kind = RangeKind::direct_map;
  AddressRange range;
};

// Ascending; none overlaps another. Linear windows are in memory as far as the
// machine has it, of the others what the page tables map. Not among them are
// fixed mappings, which show memory that lies in another range too.
std::vector<KernelRange> kernel_ranges(const Kernel& kernel);

// The addresses a process may use; its page tables bound them more tightly.
constexpr AddressRange user_range = {Address{0},
                                     Address{~std::uint64_t{0} >> 1}};

}  // namespace inquest
