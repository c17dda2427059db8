// SPDX-License-Identifier: GPL-3.0-or-later
// Reading integers and strings out of foreign bytes, never past their end.

#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/result.h"

namespace inquest {

using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The integer in |bytes| (1 to 8 of them, more are ignored), unsigned.
inline std::uint64_t load_unsigned(Bytes bytes, std::endian endian) {
  std::uint64_t value = 0;
  std::size_t size = bytes.size() < 8 ? bytes.size() : 8;
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t at = endian == std::endian::little ? size - 1 - i : i;
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[at]);
  }
  return value;
}

// Writes the low bytes of |value| into |out| (1 to 8 bytes).
inline void store_unsigned(std::span<std::byte> out, std::uint64_t value,
                           std::endian endian) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::size_t at = endian == std::endian::little ? i : out.size() - 1 - i;
    out[at] = std::byte(value & 0xff);
    value >>= 8;
  }
}

inline std::int64_t sign_extend(std::uint64_t value, unsigned bits) {
  if (bits == 0 || bits >= 64) return static_cast<std::int64_t>(value);
  unsigned shift = 64 - bits;
  return static_cast<std::int64_t>(value << shift) >> shift;
}

// A cursor over bytes. Every step is checked; a step past the end is a
// |corrupt| error that names the offset and what was being read.
class Reader {
 public:
  explicit Reader(Bytes bytes, std::endian endian = std::endian::little,
                  std::string_view what = "data")
      : bytes_(bytes), endian_(endian), what_(what) {}

  std::size_t offset() const { return offset_; }
  std::size_t size() const { return bytes_.size(); }
  std::size_t left() const { return bytes_.size() - offset_; }
  bool at_end() const { return offset_ == bytes_.size(); }
  std::endian endian() const { return endian_; }

  Result<void> seek(std::uint64_t offset);
  Result<void> skip(std::uint64_t count);
  Result<Bytes> bytes(std::uint64_t count);
  // Up to and without the next NUL, which is consumed.
  Result<std::string_view> c_string();
  Result<std::uint64_t> unsigned_of(unsigned size);
  Result<std::uint64_t> uleb128();
  Result<std::int64_t> sleb128();

  template <std::integral T>
  Result<T> read() {
    return static_cast<T>(TRY(unsigned_of(sizeof(T))));
  }

 private:
  Error past_end(std::uint64_t wanted) const;

  Bytes bytes_;
  std::size_t offset_ = 0;
  std::endian endian_;
  std::string_view what_;
};

// |bytes| cut to [offset, offset + size), or a |corrupt| error.
Result<Bytes> slice(Bytes bytes, std::uint64_t offset, std::uint64_t size,
                    std::string_view what);

}  // namespace inquest
