// SPDX-License-Identifier: GPL-3.0-or-later
// A fast reader of DWARF's bytes for scans over hundreds of megabytes. Instead
// of a Result per step it remembers that a step failed: reads then give 0,
// and the caller asks is_good() before it believes anything.

#pragma once

#include <bit>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace inquest {

class DwarfCursor {
 public:
  DwarfCursor() = default;
  DwarfCursor(Bytes bytes, std::uint64_t offset, std::endian endian)
      : begin_(bytes.data()),
        at_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        is_swapped_(endian != std::endian::native) {
    seek(offset);
  }

  bool is_good() const { return is_good_; }
  bool at_end() const { return at_ == end_; }
  std::uint64_t offset() const {
    return static_cast<std::uint64_t>(at_ - begin_);
  }
  std::uint64_t left() const { return static_cast<std::uint64_t>(end_ - at_); }

  void fail() {
    is_good_ = false;
    at_ = end_;
  }
  void seek(std::uint64_t offset) {
    if (offset > static_cast<std::uint64_t>(end_ - begin_)) return fail();
    at_ = begin_ + offset;
  }
  void skip(std::uint64_t count) {
    if (count > left()) return fail();
    at_ += count;
  }
  // Nothing is read from |end| on.
  void limit(std::uint64_t end) {
    if (end < static_cast<std::uint64_t>(end_ - begin_)) end_ = begin_ + end;
    if (at_ > end_) fail();
  }

  // An unsigned integer of 1 to 8 bytes.
  std::uint64_t fixed(unsigned size) {
    switch (size) {
      case 1:
        return load<std::uint8_t>();
      case 2:
        return load<std::uint16_t>();
      case 4:
        return load<std::uint32_t>();
      case 8:
        return load<std::uint64_t>();
      default:
        return odd(size);
    }
  }
  std::uint64_t uleb() {
    if (at_ != end_ && !std::to_integer<int>(*at_ & std::byte(0x80))) {
      return std::to_integer<std::uint64_t>(*at_++);
    }
    return long_leb().first;
  }
  std::int64_t sleb() {
    auto [value, bits] = long_leb();
    return sign_extend(value, bits);
  }
  // What a unit or an entry starts with: how much follows, and how its format
  // (32 or 64 bits) writes offsets.
  struct UnitLength {
    std::uint64_t bytes = 0;
    unsigned offset_size = 4;
  };
  UnitLength unit_length() {
    std::uint64_t bytes = fixed(4);
    if (bytes == 0xffffffff) return {fixed(8), 8};
    return {bytes, 4};
  }
  Bytes bytes(std::uint64_t count) {
    if (count > left()) {
      fail();
      return {};
    }
    Bytes found(at_, static_cast<std::size_t>(count));
    at_ += count;
    return found;
  }
  // Up to the next NUL, which is consumed.
  std::string_view c_string() {
    auto size = static_cast<std::size_t>(left());
    const void* nul = size ? std::memchr(at_, 0, size) : nullptr;
    if (!nul) {
      fail();
      return {};
    }
    const auto* stop = static_cast<const std::byte*>(nul);
    std::string_view text(reinterpret_cast<const char*>(at_),
                          static_cast<std::size_t>(stop - at_));
    at_ = stop + 1;
    return text;
  }

 private:
  template <typename T>
  std::uint64_t load() {
    if (left() < sizeof(T)) {
      fail();
      return 0;
    }
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    if constexpr (sizeof(T) > 1) {
      if (is_swapped_) [[unlikely]] {
        value = static_cast<T>(swapped(value, sizeof(T)));
      }
    }
    return value;
  }
  static std::uint64_t swapped(std::uint64_t value, unsigned size) {
    return __builtin_bswap64(value) >> (64 - 8 * size);
  }
  std::uint64_t odd(unsigned size) {
    if (size > 8) {
      fail();
      return 0;
    }
    bool is_big = is_swapped_ == (std::endian::native == std::endian::little);
    return load_unsigned(bytes(size),
                         is_big ? std::endian::big : std::endian::little);
  }
  std::pair<std::uint64_t, unsigned> long_leb() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    while (at_ != end_) {
      auto byte = std::to_integer<std::uint64_t>(*at_++);
      if (shift < 64) {
        value |= (byte & 0x7f) << shift;
        shift += 7;
      }
      if (!(byte & 0x80)) return {value, shift};
    }
    fail();
    return {0, 7};
  }

  const std::byte* begin_ = nullptr;
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  bool is_swapped_ = false;
  bool is_good_ = true;
};

}  // namespace inquest
