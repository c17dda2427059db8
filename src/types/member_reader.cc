// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/member_reader.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_bytes = 512;

}  // namespace

// What no word can hold is not there.
MemberReader::Field MemberReader::field_at(const Type& type,
                                           std::string_view path) {
  auto place = find_member(type, path);
  if (!place || place->type == nullptr || !place->type->is_scalar()) return {};
  std::uint64_t bits = place->bit_size;
  if (bits == 0) bits = std::min<std::uint64_t>(place->type->size(), 9) * 8;
  if (bits > 64 - place->bit_offset % 8) bits = 0;
  return {place->bit_offset, static_cast<unsigned>(bits)};
}

MemberReader::MemberReader(const Type& type,
                           std::initializer_list<std::string_view> paths) {
  std::uint64_t end = 0;
  start_ = ~std::uint64_t{0};
  for (std::string_view path : paths) {
    Field field = field_at(type, path);
    std::uint64_t first = field.bit_offset / 8;
    std::uint64_t last = (field.bit_offset + field.bits + 7) / 8;
    bool is_near = std::max(end, last) - std::min(start_, first) <= most_bytes;
    if (!is_near) field.bits = 0;
    if (field.bits != 0) {
      start_ = std::min(start_, first);
      end = std::max(end, last);
    }
    fields_.push_back(field);
  }
  if (end == 0) start_ = 0;
  size_ = end - start_;
}

Result<void> MemberReader::read(const AddressSpace& memory, Address at,
                                std::span<std::uint64_t> out) const {
  std::array<std::byte, most_bytes> room;
  std::span<std::byte> bytes = std::span(room).first(size_);
  TRY(memory.read(at + start_, bytes));
  for (std::size_t i = 0; i < fields_.size() && i < out.size(); ++i) {
    const Field& field = fields_[i];
    out[i] = 0;
    if (field.bits == 0) continue;
    unsigned within = field.bit_offset % 8;
    unsigned covered = (within + field.bits + 7) / 8;
    std::uint64_t word = load_unsigned(
        bytes.subspan(field.bit_offset / 8 - start_, covered), memory.endian());
    unsigned above = covered * 8 - within - field.bits;
    bool is_little = memory.endian() == std::endian::little;
    word >>= is_little ? within : above;
    if (field.bits < 64) word &= (std::uint64_t{1} << field.bits) - 1;
    out[i] = word;
  }
  return {};
}

}  // namespace inquest
