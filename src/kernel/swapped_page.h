// SPDX-License-Identifier: GPL-3.0-or-later
// Pages that were swapped out and are in the dump all the same.

#pragma once

#include <vector>

#include "kernel/kernel.h"
#include "kernel/page_entry.h"

namespace inquest {

// The content of a page in a swap area: from the swap cache, zswap or zram.
// |fault| names the file and slot of one that is in none of them.
Result<std::vector<std::byte>> swapped_page(const Kernel& kernel,
                                            SwapEntry entry);

}  // namespace inquest
