// SPDX-License-Identifier: GPL-3.0-or-later
// zswap: pages on their way to swap that stayed in memory, compressed.

#pragma once

#include <optional>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/page_entry.h"

namespace inquest {

// The page, or nothing where zswap does not have it. |unsupported| names a
// compression or an allocator that we do not know.
Result<std::optional<std::vector<std::byte>>> zswap_page(const Kernel& kernel,
                                                         SwapEntry entry);

}  // namespace inquest
