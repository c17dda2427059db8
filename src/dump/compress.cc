// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/compress.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <libdeflate.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zstd.h>

#include "dump/lzo_rle.h"

namespace inquest {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

struct FreeInflater {
  void operator()(libdeflate_decompressor* inflater) const {
    libdeflate_free_decompressor(inflater);
  }
};

// Each returns how much it unpacked, or nothing.
using Unpacked = std::optional<std::size_t>;

// Set up once for each thread.
libdeflate_decompressor* inflater() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeInflater>
      inflater(libdeflate_alloc_decompressor());
  return inflater.get();
}

Unpacked unpack_zlib(Bytes packed, std::span<std::byte> out) {
  std::size_t size = 0;
  if (inflater() == nullptr) return std::nullopt;
  auto status = libdeflate_zlib_decompress(
      inflater(), packed.data(), packed.size(), out.data(), out.size(), &size);
  return status == LIBDEFLATE_SUCCESS ? Unpacked(size) : std::nullopt;
}

Unpacked unpack_deflate(Bytes packed, std::span<std::byte> out) {
  std::size_t size = 0;
  if (inflater() == nullptr) return std::nullopt;
  auto status = libdeflate_deflate_decompress(
      inflater(), packed.data(), packed.size(), out.data(), out.size(), &size);
  return status == LIBDEFLATE_SUCCESS ? Unpacked(size) : std::nullopt;
}

Unpacked unpack_lzo(Bytes packed, std::span<std::byte> out) {
  lzo_uint size = out.size();
  int status = lzo1x_decompress_safe(
      reinterpret_cast<const unsigned char*>(packed.data()), packed.size(),
      reinterpret_cast<unsigned char*>(out.data()), &size, nullptr);
  if (status != LZO_E_OK) return std::nullopt;
  return size;
}

Unpacked unpack_lz4(Bytes packed, std::span<std::byte> out) {
  int size = LZ4_decompress_safe(reinterpret_cast<const char*>(packed.data()),
                                 reinterpret_cast<char*>(out.data()),
                                 static_cast<int>(packed.size()),
                                 static_cast<int>(out.size()));
  if (size < 0) return std::nullopt;
  return static_cast<std::size_t>(size);
}

Unpacked unpack_snappy(Bytes packed, std::span<std::byte> out) {
  std::size_t size = out.size();
  auto status = snappy_uncompress(reinterpret_cast<const char*>(packed.data()),
                                  packed.size(),
                                  reinterpret_cast<char*>(out.data()), &size);
  if (status != SNAPPY_OK) return std::nullopt;
  return size;
}

Unpacked unpack_zstd(Bytes packed, std::span<std::byte> out) {
  // A context is 150 KB: too much to set up for every page.
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(
      ZSTD_createDCtx());
  if (!context) return std::nullopt;
  std::size_t size = ZSTD_decompressDCtx(context.get(), out.data(), out.size(),
                                         packed.data(), packed.size());
  if (ZSTD_isError(size) != 0) return std::nullopt;
  return size;
}

Unpacked copy(Bytes packed, std::span<std::byte> out) {
  if (packed.size() != out.size()) return std::nullopt;
  std::copy(packed.begin(), packed.end(), out.begin());
  return out.size();
}

struct Method {
  std::string_view name;
  Unpacked (*unpack)(Bytes packed, std::span<std::byte> out);
};

constexpr std::array<Method, 8> methods = {{{"uncompressed", copy},
                                            {"zlib", unpack_zlib},
                                            {"lzo", unpack_lzo},
                                            {"snappy", unpack_snappy},
                                            {"zstd", unpack_zstd},
                                            {"lzo-rle", unpack_lzo_rle},
                                            {"lz4", unpack_lz4},
                                            {"deflate", unpack_deflate}}};

}  // namespace

Result<void> decompress(Compression method, Bytes packed,
                        std::span<std::byte> out) {
  const Method& chosen = methods.at(static_cast<std::size_t>(method));
  Unpacked size = chosen.unpack(packed, out);
  if (!size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} data is damaged", chosen.name));
  }
  if (*size != out.size()) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} data unpacks to {} bytes instead of {}",
                             chosen.name, *size, out.size()));
  }
  return {};
}

}  // namespace inquest
