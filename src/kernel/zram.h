// SPDX-License-Identifier: GPL-3.0-or-later
// zram: block devices whose pages are kept in memory, compressed.

#pragma once

#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// Whether a struct gendisk is zram's.
bool is_zram(const Object& disk);

// Page |index| of such a disk. |unsupported| names a compression that we cannot
// unpack; |fault| is what was written on to a backing device.
Result<std::vector<std::byte>> zram_page(const Kernel& kernel,
                                         const Object& disk,
                                         std::uint64_t index);

}  // namespace inquest
