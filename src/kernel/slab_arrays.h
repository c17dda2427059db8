// SPDX-License-Identifier: GPL-3.0-or-later
// SLAB, the allocator with arrays of free objects, until 6.8 (16a1d968358a).

#pragma once

#include "kernel/slabs.h"

namespace inquest {

Result<std::unique_ptr<SlabAllocator>> open_slab_arrays(const Kernel& kernel);

}  // namespace inquest
