// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/btf_data.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr std::uint16_t magic = 0xeb9f;
constexpr std::uint32_t record_size = 12;
constexpr std::size_t name_limit = 1024;

Error corrupt(std::string message) {
  return {ErrorKind::corrupt, "BTF: " + std::move(message)};
}

// Bytes that follow a record; nothing for a kind we do not know, because then
// the next record cannot be found either.
std::optional<std::uint64_t> size_of_entries(const BtfRecord& record) {
  std::uint64_t count = record.count;
  switch (record.kind) {
    case BtfKind::integer:
    case BtfKind::variable:
    case BtfKind::declaration_tag:
      return 4;
    case BtfKind::array:
      return 12;
    case BtfKind::structure:
    case BtfKind::union_type:
    case BtfKind::section:
    case BtfKind::enumeration64:
      return count * 12;
    case BtfKind::enumeration:
    case BtfKind::function_type:
      return count * 8;
    case BtfKind::pointer:
    case BtfKind::forward:
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
    case BtfKind::function:
    case BtfKind::floating:
    case BtfKind::type_tag:
      return 0;
    case BtfKind::unknown:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t BtfData::load(std::uint64_t offset) const {
  if (offset + 4 > types_.size()) return 0;
  std::uint32_t value = 0;
  std::memcpy(&value, types_.data() + offset, sizeof(value));
  return endian_ == std::endian::native ? value : __builtin_bswap32(value);
}

BtfRecord BtfData::record_at(std::uint32_t offset) const {
  std::uint32_t info = load(offset + 4);
  std::uint32_t kind = info >> 24 & 0x1f;
  constexpr auto last = static_cast<std::uint32_t>(BtfKind::enumeration64);
  BtfRecord record;
  record.kind = kind <= last ? BtfKind(kind) : BtfKind::unknown;
  record.flag = info >> 31 != 0;
  record.name = load(offset);
  record.count = info & 0xffff;
  record.size_or_type = load(offset + 8);
  record.entries_at = offset + record_size;
  return record;
}

BtfRecord BtfData::record(std::uint32_t id) const {
  if (id < first_ || id >= end() || id == 0) return {};
  return record_at(offsets_[id - first_]);
}

std::string_view BtfData::name(std::uint32_t offset) const {
  if (offset < first_string_) return base_ ? base_->name(offset) : "";
  std::uint64_t at = offset - first_string_;
  if (at >= strings_.size()) return {};
  std::string_view rest = as_text(strings_.subspan(at)).substr(0, name_limit);
  return rest.substr(0, std::min(rest.find('\0'), rest.size()));
}

Result<void> BtfData::read_header(Bytes bytes) {
  Reader reader(bytes, endian_, "BTF header");
  if (TRY(reader.read<std::uint16_t>()) != magic) {
    return corrupt("no magic number of this byte order");
  }
  auto version = TRY(reader.read<std::uint8_t>());
  if (version != 1) {
    return Error(ErrorKind::unsupported,
                 fmt::format("BTF: version {} is not known", version));
  }
  TRY(reader.skip(1));  // flags
  auto header_size = TRY(reader.read<std::uint32_t>());
  auto types_at = TRY(reader.read<std::uint32_t>());
  auto types_size = TRY(reader.read<std::uint32_t>());
  auto strings_at = TRY(reader.read<std::uint32_t>());
  auto strings_size = TRY(reader.read<std::uint32_t>());
  if (header_size < reader.offset()) return corrupt("header is too small");
  Bytes body = TRY(
      slice(bytes, header_size,
            bytes.size() - std::min<std::uint64_t>(header_size, bytes.size()),
            "BTF"));
  types_ = TRY(slice(body, types_at, types_size, "BTF types"));
  strings_ = TRY(slice(body, strings_at, strings_size, "BTF strings"));
  return {};
}

Result<void> BtfData::find_records() {
  if (first_ == 0) offsets_.push_back(0);  // void has no record
  offsets_.reserve(types_.size() / 20);
  std::uint64_t offset = 0;
  while (offset < types_.size()) {
    if (types_.size() - offset < record_size) {
      return corrupt(fmt::format("type {} is cut off", end()));
    }
    BtfRecord record = record_at(static_cast<std::uint32_t>(offset));
    auto more = size_of_entries(record);
    if (!more) {
      return Error(ErrorKind::unsupported,
                   fmt::format("BTF: type {} is of an unknown kind", end()));
    }
    if (*more > types_.size() - offset - record_size) {
      return corrupt(fmt::format("type {} is cut off", end()));
    }
    bool is_enum = record.kind == BtfKind::enumeration ||
                   record.kind == BtfKind::enumeration64;
    if (is_enum && (record.flag || record.kind == BtfKind::enumeration64)) {
      has_signed_enums_ = true;
    }
    offsets_.push_back(static_cast<std::uint32_t>(offset));
    offset += record_size + *more;
  }
  return {};
}

Result<BtfData> BtfData::parse(Bytes bytes, std::endian endian,
                               const BtfData* base) {
  BtfData data;
  data.endian_ = endian;
  data.base_ = base;
  if (base) {
    data.first_ = base->end();
    data.first_string_ =
        base->first_string_ + static_cast<std::uint32_t>(base->strings_.size());
    data.has_signed_enums_ = base->has_signed_enums_;
  }
  TRY(data.read_header(bytes));
  TRY(data.find_records());
  return data;
}

}  // namespace inquest
