// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/unpack.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

namespace inquest {
namespace {

constexpr std::size_t chunk = 1 << 20;

Error broken(std::string_view format) {
  return Error(ErrorKind::corrupt, fmt::format("damaged {} data", format));
}

Error too_big(std::uint64_t limit) {
  return Error(ErrorKind::corrupt,
               fmt::format("unpacks to more than {} bytes", limit));
}

// Grows by chunks, and only when all room so far has been filled: what is
// allocated follows what is really there and not what a header claims.
class Output {
 public:
  explicit Output(std::uint64_t limit) : limit_(limit) {}

  bool is_full() const { return used_ >= limit_; }
  std::span<std::byte> room() {
    if (used_ == bytes_.size()) {
      std::uint64_t more = std::max<std::uint64_t>(chunk, bytes_.size());
      bytes_.resize(std::min<std::uint64_t>(bytes_.size() + more, limit_));
    }
    return std::span(bytes_).subspan(used_);
  }
  void use(std::size_t count) { used_ += count; }
  std::vector<std::byte> take() && {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  std::uint64_t limit_;
  std::size_t used_ = 0;
  std::vector<std::byte> bytes_;
};

struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

// zlib counts in 32 bits: both sides are fed in pieces.
Result<std::vector<std::byte>> inflated(Bytes in, std::uint64_t limit) {
  z_stream stream = {};
  constexpr int zlib_or_gzip = 15 + 32;
  if (inflateInit2(&stream, zlib_or_gzip) != Z_OK) return broken("zlib");
  std::unique_ptr<z_stream, InflateEnd> owner(&stream);
  Output out(limit);
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (stream.avail_in == 0) {
      Bytes piece = in.first(std::min(in.size(), chunk));
      in = in.subspan(piece.size());
      stream.next_in =
          reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
      stream.avail_in = static_cast<uInt>(piece.size());
    }
    if (out.is_full()) return too_big(limit);
    std::span<std::byte> room = out.room();
    auto before = static_cast<uInt>(std::min(room.size(), chunk));
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = before;
    status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) return broken("zlib");
    out.use(before - stream.avail_out);
  }
  return std::move(out).take();
}

struct LzmaEnd {
  void operator()(lzma_stream* stream) const { lzma_end(stream); }
};

Result<std::vector<std::byte>> un_xz(Bytes in, std::uint64_t limit) {
  constexpr std::uint64_t memory_limit = 256U << 20;
  lzma_stream stream = LZMA_STREAM_INIT;
  std::unique_ptr<lzma_stream, LzmaEnd> owner(&stream);
  if (lzma_stream_decoder(&stream, memory_limit, LZMA_CONCATENATED) !=
      LZMA_OK) {
    return broken("xz");
  }
  stream.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
  stream.avail_in = in.size();
  Output out(limit);
  for (lzma_ret status = LZMA_OK; status != LZMA_STREAM_END;) {
    if (out.is_full()) return too_big(limit);
    std::span<std::byte> room = out.room();
    stream.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    stream.avail_out = room.size();
    status = lzma_code(&stream, LZMA_FINISH);
    if (status != LZMA_OK && status != LZMA_STREAM_END) return broken("xz");
    out.use(room.size() - stream.avail_out);
  }
  return std::move(out).take();
}

struct ZstdEnd {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

Result<std::vector<std::byte>> un_zstd(Bytes in, std::uint64_t limit) {
  std::unique_ptr<ZSTD_DStream, ZstdEnd> stream(ZSTD_createDStream());
  if (!stream) return broken("zstd");
  ZSTD_inBuffer input = {in.data(), in.size(), 0};
  Output out(limit);
  for (std::size_t left = 1; left != 0 || input.pos < input.size;) {
    if (out.is_full()) return too_big(limit);
    std::span<std::byte> room = out.room();
    ZSTD_outBuffer output = {room.data(), room.size(), 0};
    std::size_t before = input.pos;
    left = ZSTD_decompressStream(stream.get(), &output, &input);
    if (ZSTD_isError(left)) return broken("zstd");
    if (input.pos == before && output.pos == 0 && left != 0) {
      return broken("zstd");
    }
    out.use(output.pos);
  }
  return std::move(out).take();
}

template <std::size_t Size>
bool starts_with(Bytes file, const std::array<unsigned char, Size>& magic) {
  return file.size() >= Size &&
         std::equal(magic.begin(), magic.end(), file.begin(),
                    [](unsigned char want, std::byte have) {
                      return std::byte{want} == have;
                    });
}

}  // namespace

Packing packing(Bytes file) {
  using Magic4 = std::array<unsigned char, 4>;
  if (starts_with<2>(file, {0x1f, 0x8b})) return Packing::gzip;
  if (starts_with<6>(file, {0xfd, '7', 'z', 'X', 'Z', 0})) return Packing::xz;
  if (starts_with<4>(file, Magic4{0x28, 0xb5, 0x2f, 0xfd})) {
    return Packing::zstd;
  }
  return Packing::none;
}

Result<std::vector<std::byte>> unpacked(Bytes file, std::uint64_t limit) {
  switch (packing(file)) {
    case Packing::gzip:
      return inflated(file, limit);
    case Packing::xz:
      return un_xz(file, limit);
    case Packing::zstd:
      return un_zstd(file, limit);
    case Packing::none:
      break;
  }
  return Error(ErrorKind::unsupported, "not a compressed file");
}

Result<std::vector<std::byte>> unpacked_section(unsigned type, Bytes packed,
                                                std::uint64_t size) {
  constexpr unsigned zlib = 1;
  constexpr unsigned zstd = 2;
  if (type != zlib && type != zstd) {
    return Error(ErrorKind::unsupported,
                 fmt::format("section compression {} is not known", type));
  }
  // One byte more than promised: a stream that ends exactly there is whole.
  std::uint64_t limit = size == UINT64_MAX ? size : size + 1;
  auto bytes =
      TRY(type == zlib ? inflated(packed, limit) : un_zstd(packed, limit));
  if (bytes.size() != size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("section unpacks to {} bytes instead of {}",
                             bytes.size(), size));
  }
  return bytes;
}

}  // namespace inquest
