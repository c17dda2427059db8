// SPDX-License-Identifier: GPL-3.0-or-later
// The compressions that pages come in: those of a dump and, in its memory,
// those of zram and zswap.

#pragma once

#include "base/bytes.h"

namespace inquest {

enum class Compression {
  none,
  zlib,
  lzo,
  snappy,
  zstd,
  lzo_rle,
  lz4,
  deflate,  // zlib's without its header
};

// Fills |out|, which must be exactly what |packed| unpacks to: anything else
// is a |corrupt| error. Safe from many threads.
Result<void> decompress(Compression method, Bytes packed,
                        std::span<std::byte> out);

}  // namespace inquest
