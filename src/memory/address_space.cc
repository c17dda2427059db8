// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/address_space.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace inquest {
namespace {

// No allocation follows a size found in the dump beyond this.
constexpr std::size_t largest_read = std::size_t{1} << 30;
// No page is smaller.
constexpr std::uint64_t smallest_page = 4096;

}  // namespace

Result<std::uint64_t> AddressSpace::load(Address at, unsigned size) const {
  std::array<std::byte, 8> buffer = {};
  if (size == 0 || size > buffer.size()) {
    return Error(ErrorKind::usage,
                 fmt::format("an integer of {} bytes was asked for", size));
  }
  std::span<std::byte> bytes = std::span(buffer).first(size);
  TRY(read(at, bytes));
  return load_unsigned(bytes, endian());
}

Result<std::uint32_t> AddressSpace::u32(Address at) const {
  return static_cast<std::uint32_t>(TRY(load(at, 4)));
}

Result<std::string> AddressSpace::c_string(Address at,
                                           std::size_t limit) const {
  std::string text;
  std::array<char, 256> buffer;
  while (text.size() < limit) {
    std::uint64_t to_page_end = smallest_page - at.value % smallest_page;
    auto count = static_cast<std::size_t>(std::min<std::uint64_t>(
        {to_page_end, buffer.size(), limit - text.size()}));
    std::span<char> chunk = std::span(buffer).first(count);
    TRY(read(at, std::as_writable_bytes(chunk)));
    auto end = std::find(chunk.begin(), chunk.end(), '\0');
    text.append(chunk.begin(), end);
    if (end != chunk.end()) break;
    at = at + count;
  }
  return text;
}

Result<std::vector<std::byte>> AddressSpace::bytes(Address at,
                                                   std::size_t size) const {
  if (size > largest_read) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} bytes at {:#x}: more than anything in a "
                             "kernel has",
                             size, at.value),
                 at.value);
  }
  std::vector<std::byte> out(size);
  TRY(read(at, out));
  return out;
}

}  // namespace inquest
