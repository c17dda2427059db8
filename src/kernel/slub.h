// SPDX-License-Identifier: GPL-3.0-or-later
// SLUB, the slab allocator of most kernels and the only one since 6.8.

#pragma once

#include "kernel/slabs.h"

namespace inquest {

Result<std::unique_ptr<SlabAllocator>> open_slub(const Kernel& kernel);

}  // namespace inquest
