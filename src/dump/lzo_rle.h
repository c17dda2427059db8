// SPDX-License-Identifier: GPL-3.0-or-later
// LZO1X as Linux extended it in 5.1 with runs of zeroes: what zram and zswap
// call lzo-rle. liblzo2 knows the plain kind only.

#pragma once

#include <optional>

#include "base/bytes.h"

namespace inquest {

// How many bytes of |out| were unpacked; nothing when |packed| is damaged or
// too large for |out|. Data of plain LZO1X is unpacked too.
std::optional<std::size_t> unpack_lzo_rle(Bytes packed,
                                          std::span<std::byte> out);

}  // namespace inquest
