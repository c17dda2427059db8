// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/structure_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "command/definition_row.h"
#include "command/values.h"
#include "types/declaration.h"

namespace inquest {
namespace {

constexpr std::size_t line_bytes = 16;

std::string words_text(Bytes line, std::endian endian) {
  std::string text;
  std::size_t at = 0;
  while (at < line.size()) {
    std::size_t size = std::min<std::size_t>(8, line.size() - at);
    text +=
        fmt::format("{}{:0{}x}", text.empty() ? "" : " ",
                    load_unsigned(line.subspan(at, size), endian), size * 2);
    at += size;
  }
  return text;
}

std::string characters(Bytes line) {
  std::string text;
  for (std::byte byte : line) {
    auto c = std::to_integer<unsigned char>(byte);
    text += c >= 32 && c < 127 ? static_cast<char>(c) : '.';
  }
  return text;
}

std::optional<bool> is_last_in(const Type& type, std::string_view name,
                               unsigned depth) {
  if (depth > 32) return std::nullopt;
  for (const Member& member : type.members()) {
    if (member.name == name) return &member == &type.members().back();
    if (!member.name.empty() || member.type == nullptr) continue;
    if (auto found = is_last_in(member.type->stripped(), name, depth + 1)) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

report::Record to_record(const InstanceRow& row) {
  report::Record record;
  if (row.cpu) record.add("cpu", *row.cpu);
  record.add("type", row.type);
  record.add("address", row.value.address());
  if (row.members.empty()) {
    record.add("value", to_value(row.value));
    return record;
  }
  report::Record values;
  for (const auto& [name, value] : row.members) {
    values.add(name, to_value(value));
  }
  record.add("value", std::move(values));
  return record;
}

std::string to_text(const InstanceRow& row) {
  return row.text;
}

report::Record to_record(const RawRow& row) {
  std::string bytes;
  for (std::byte byte : row.bytes) {
    bytes += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
  return report::Record().with("address", row.at).with("bytes", bytes);
}

std::string to_text(const RawRow& row) {
  std::string text;
  Bytes all = row.bytes;
  for (std::size_t at = 0; at < all.size(); at += line_bytes) {
    Bytes line = all.subspan(at, std::min(line_bytes, all.size() - at));
    text += fmt::format("{:x}:  {:<33}   {}\n", (row.at + at).value,
                        words_text(line, row.endian), characters(line));
  }
  return text;
}

bool is_last_member(const Type& type, std::string_view path) {
  Result<MemberName> place = member_name(type, path);
  if (!place || place->name.empty()) return false;
  return is_last_in(*place->container, place->name, 0).value_or(false);
}

Result<std::string> pointer_member_text(const Object& member,
                                        std::string_view name,
                                        const ValueStyle& style) {
  constexpr std::string_view margin = "     ";
  Address at = TRY(member.to_address());
  std::string text =
      fmt::format("  {} = {:#x}\n", declaration(member.type(), name), at.value);
  const Type* target = member.type().stripped().target();
  if (at.value == 0 || target == nullptr || target->size() == 0) return text;
  Object pointed = member.dereference();
  std::string value = TRY(value_text(pointed, style));
  std::string where;
  auto symbol = style.symbol ? style.symbol(at) : std::nullopt;
  if (symbol) where = "<" + *symbol + "> ";
  text += "  -> " + where;
  bool is_first = true;
  for (std::string_view line : lines(value)) {
    if (!is_first) text += margin;
    is_first = false;
    text += std::string(line) + '\n';
  }
  return text;
}

}  // namespace inquest
