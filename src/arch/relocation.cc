// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/relocation.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {
namespace {

bool fits(std::uint64_t value, const RelocationShape& shape) {
  if (shape.size == 8) return true;
  unsigned bits = shape.size * 8;
  bool is_unsigned = value >> bits == 0;
  bool is_signed = sign_extend(value, bits) == static_cast<std::int64_t>(value);
  return (shape.fit != Fit::as_signed && is_unsigned) ||
         (shape.fit != Fit::as_unsigned && is_signed);
}

}  // namespace

Result<void> relocate_by(const RelocationTable& table, unsigned type,
                         std::span<std::byte> place, Address at,
                         std::uint64_t value) {
  auto shape = std::ranges::find(table.shapes, type, &RelocationShape::type);
  if (shape == table.shapes.end()) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{} relocation type {}", table.arch, type));
  }
  if (place.size() < shape->size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} relocation {} of {} bytes where {} are left",
                             table.arch, type, shape->size, place.size()));
  }
  std::uint64_t result = shape->is_relative ? value - at.value : value;
  if (!fits(result, *shape)) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} relocation {}: {:#x} does not fit in {} bytes",
                             table.arch, type, result, shape->size),
                 at.value);
  }
  store_unsigned(place.first(shape->size), result, std::endian::little);
  return {};
}

}  // namespace inquest
