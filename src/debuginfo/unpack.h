// SPDX-License-Identifier: GPL-3.0-or-later
// Compressed files and sections of debug information. The only file of this
// layer that knows zlib, liblzma and libzstd.

#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"

namespace inquest {

// Compressions of whole files, told by their first bytes.
enum class Packing { none, gzip, xz, zstd };
Packing packing(Bytes file);

// The contents of a compressed file; more than |limit| bytes are an error.
Result<std::vector<std::byte>> unpacked(Bytes file, std::uint64_t limit);

// A section's bytes: |type| is ELFCOMPRESS_ZLIB (1) or ELFCOMPRESS_ZSTD (2),
// |size| what the section's header promises.
Result<std::vector<std::byte>> unpacked_section(unsigned type, Bytes packed,
                                                std::uint64_t size);

}  // namespace inquest
