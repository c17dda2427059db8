// SPDX-License-Identifier: GPL-3.0-or-later
// LZ4 blocks without a frame, as zram and zswap store them (lz4 and lz4hc).

#pragma once

#include <optional>

#include "base/bytes.h"

namespace inquest {

// How many bytes of |out| were unpacked; nothing when |packed| is damaged or
// too large for |out|.
std::optional<std::size_t> unpack_lz4(Bytes packed, std::span<std::byte> out);

}  // namespace inquest
