// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/packed_page.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "dump/compress.h"

namespace inquest {
namespace {

struct Named {
  std::string_view name;
  Compression method;
};
constexpr std::array<Named, 6> compressions = {
    {{"lzo", Compression::lzo},
     {"lzo-rle", Compression::lzo_rle},
     {"lz4", Compression::lz4},
     {"lz4hc", Compression::lz4},
     {"zstd", Compression::zstd},
     {"deflate", Compression::deflate}}};

}  // namespace

Result<std::vector<std::byte>> unpacked_page(
    const Kernel& kernel, std::string_view compression,
    std::span<const std::byte> packed) {
  const auto* found =
      std::ranges::find(compressions, compression, &Named::name);
  if (found == compressions.end()) {
    return Error(
        ErrorKind::unsupported,
        fmt::format("compressed with {}, which is not supported", compression));
  }
  std::vector<std::byte> page(kernel.page_size());
  TRY(decompress(found->method, packed, page));
  return page;
}

std::vector<std::byte> repeated_word(const Kernel& kernel, std::uint64_t word) {
  constexpr std::size_t size = 8;
  std::vector<std::byte> page(kernel.page_size());
  for (std::size_t at = 0; at + size <= page.size(); at += size) {
    store_unsigned(std::span(page).subspan(at, size), word,
                   kernel.arch().endian());
  }
  return page;
}

}  // namespace inquest
