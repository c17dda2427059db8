// SPDX-License-Identifier: GPL-3.0-or-later
// Packs files as distributions do.

#pragma once

#include <cstring>
#include <vector>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"

namespace inquest::test {

inline std::vector<std::byte> with_zlib(Bytes bytes) {
  std::vector<std::byte> packed(compressBound(bytes.size()));
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  packed.resize(size);
  return packed;
}

inline std::vector<std::byte> with_gzip(Bytes bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::vector<std::byte> packed(deflateBound(&stream, bytes.size()));
  std::vector<Bytef> in(bytes.size());
  std::memcpy(in.data(), bytes.data(), bytes.size());
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::vector<std::byte> with_xz(Bytes bytes) {
  std::vector<std::byte> packed(lzma_stream_buffer_bound(bytes.size()));
  std::size_t size = 0;
  lzma_easy_buffer_encode(
      1, LZMA_CHECK_CRC32, nullptr,
      reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
      reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size());
  packed.resize(size);
  return packed;
}

inline std::vector<std::byte> with_zstd(Bytes bytes) {
  std::vector<std::byte> packed(ZSTD_compressBound(bytes.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(),
                              bytes.size(), 1));
  return packed;
}

}  // namespace inquest::test
