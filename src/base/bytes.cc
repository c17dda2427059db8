// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/bytes.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {

Error Reader::past_end(std::uint64_t wanted) const {
  return Error(ErrorKind::corrupt,
               fmt::format("{}: {} bytes wanted at offset {:#x}, {} left",
                           what_, wanted, offset_, left()));
}

Result<void> Reader::seek(std::uint64_t offset) {
  if (offset > bytes_.size()) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{}: offset {:#x} is past the end {:#x}", what_,
                             offset, bytes_.size()));
  }
  offset_ = offset;
  return {};
}

Result<void> Reader::skip(std::uint64_t count) {
  if (count > left()) return past_end(count);
  offset_ += count;
  return {};
}

Result<Bytes> Reader::bytes(std::uint64_t count) {
  if (count > left()) return past_end(count);
  Bytes found = bytes_.subspan(offset_, count);
  offset_ += count;
  return found;
}

Result<std::string_view> Reader::c_string() {
  std::string_view rest = as_text(bytes_.subspan(offset_));
  std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) {
    return Error(
        ErrorKind::corrupt,
        fmt::format("{}: unterminated string at offset {:#x}", what_, offset_));
  }
  offset_ += end + 1;
  return rest.substr(0, end);
}

Result<std::uint64_t> Reader::unsigned_of(unsigned size) {
  return load_unsigned(TRY(bytes(size)), endian_);
}

Result<std::uint64_t> Reader::uleb128() {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    auto byte = std::to_integer<std::uint64_t>(TRY(bytes(1))[0]);
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
}

Result<std::int64_t> Reader::sleb128() {
  std::uint64_t value = 0;
  for (unsigned shift = 0;;) {
    auto byte = std::to_integer<std::uint64_t>(TRY(bytes(1))[0]);
    if (shift < 64) value |= (byte & 0x7f) << shift;
    shift = std::min(shift + 7, 70U);
    if (!(byte & 0x80)) return sign_extend(value, shift);
  }
}

Result<Bytes> slice(Bytes bytes, std::uint64_t offset, std::uint64_t size,
                    std::string_view what) {
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{}: {:#x} bytes at offset {:#x} do not fit into "
                             "{:#x} bytes",
                             what, size, offset, bytes.size()));
  }
  return bytes.subspan(offset, size);
}

}  // namespace inquest
