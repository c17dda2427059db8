// SPDX-License-Identifier: GPL-3.0-or-later
// Reading what is kept in blocks: pages, or pieces of a file.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/address.h"
#include "base/result.h"

namespace inquest {

// Fills |out| through |read|(from, out), which is asked for what lies within
// one block of |block_size|, in order and up to its first error.
template <typename Tag, typename Read>
Result<void> read_by_blocks(Location<Tag> from, std::span<std::byte> out,
                            std::uint64_t block_size, const Read& read) {
  while (!out.empty()) {
    auto count = std::min<std::uint64_t>(block_size - from.value % block_size,
                                         out.size());
    TRY(read(from, out.first(count)));
    out = out.subspan(count);
    from = from + count;
  }
  return {};
}

}  // namespace inquest
