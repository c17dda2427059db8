// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/structure_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "command/definition_row.h"
#include "command/values.h"
#include "types/declaration.h"
#include "types/named_members.h"

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

// Whether no member follows in the structure that |path| ends in.
bool is_last_member(const Type& type, std::string_view path) {
  Result<MemberName> place = member_name(type, path);
  if (!place || place->name.empty()) return false;
  bool is_last = false;
  visit_named_members(*place->container,
                      [&](const Type& in, const Member& member) {
                        if (member.name != place->name) return true;
                        is_last = &member == &in.members().back();
                        return false;
                      });
  return is_last;
}

// A pointer and, below it, what it points to.
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

// With the symbol that a long number is the address of.
Result<std::string> direct_number(const Object& member,
                                  const ValueStyle& style) {
  const Type& type = member.type().stripped();
  std::uint64_t bits = TRY(member.to_unsigned());
  std::string text = type.is_signed ? fmt::to_string(TRY(member.to_signed()))
                                    : fmt::to_string(bits);
  if (style.radix == 16) {
    std::uint64_t size = type.size();
    if (size < 8) bits &= (std::uint64_t{1} << (size * 8)) - 1;
    text = fmt::format("{:#x}", bits);
  }
  if (type.size() < 8 || !style.symbol) return text;
  auto symbol = style.symbol(Address{bits});
  bool is_start = symbol && symbol->find('+') == std::string::npos;
  return is_start ? fmt::format("{} <{}>", text, *symbol) : text;
}

// Numbers as they lie there, strings without the NULs behind them.
Result<std::string> direct_member_text(const Object& member,
                                       std::string_view name,
                                       const ValueStyle& style) {
  const Type& type = member.type().stripped();
  const Type* element = type.kind == TypeKind::array ? type.target() : nullptr;
  if (element != nullptr && element->stripped().is_char) {
    ValueStyle string = style;
    string.stop_at_null = true;
    return fmt::format("  {} = {}\n", name, TRY(value_text(member, string)));
  }
  if (type.kind == TypeKind::pointer) {
    std::string text =
        fmt::format("  {} = {:#x}", name, TRY(member.to_address()).value);
    const Type* target = type.target();
    if (target != nullptr && target->stripped().is_char) {
      auto string = member.to_string();
      text += fmt::format("  \"{}\"", printable(string.value_or("")));
    }
    return text + '\n';
  }
  if (!type.is_scalar() || type.kind == TypeKind::floating) {
    return fmt::format("  {} = {}\n", name, TRY(value_text(member, style)));
  }
  return fmt::format("  {} = {}\n", name, TRY(direct_number(member, style)));
}

Result<std::string> member_text(const Object& object, const Object& member,
                                std::string_view path,
                                const MemberStyle& style) {
  ValueStyle indented = style.value;
  indented.indent = 1;
  if (style.is_direct) return direct_member_text(member, path, indented);
  if (style.is_pointed && member.type().is_pointer()) {
    return pointer_member_text(member, path, style.value);
  }
  std::string text = TRY(value_text(member, indented));
  std::string_view end = is_last_member(object.type(), path) ? "" : ",";
  return fmt::format("  {} = {}{}\n", path, text, end);
}

// The bare name: "struct " is not part of what the user names.
std::string bare_name(const Type& type) {
  return type.name.empty() ? type_name(type) : type.name;
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
    text += fmt::format("{:16x}:  {:<33}   {}\n", (row.at + at).value,
                        words_text(line, row.endian), characters(line));
  }
  return text;
}

StructureName structure_name(std::string_view text) {
  std::size_t dot = std::min(text.find('.'), text.size());
  StructureName parts{std::string(text.substr(0, dot)), {}};
  if (dot + 1 >= text.size()) return parts;
  for (std::string_view member : split(text.substr(dot + 1), ',')) {
    if (!member.empty()) parts.members.emplace_back(member);
  }
  return parts;
}

Error no_structure(std::string_view reference) {
  return {ErrorKind::not_found,
          fmt::format("invalid data structure reference: {}", reference)};
}

Result<InstanceRow> whole_instance(const Object& object,
                                   const ValueStyle& style) {
  if (object.fault() != nullptr) return as_gdb_error(*object.fault());
  InstanceRow row{.cpu = std::nullopt,
                  .type = type_name(object.type()),
                  .value = object,
                  .members = {},
                  .text = ""};
  Result<std::string> text = value_text(object, style);
  if (!text) return as_gdb_error(text.error());
  row.text = row.type + " " + *text + '\n';
  return row;
}

InstanceParts instance_members(const Object& object,
                               const std::vector<std::string>& members,
                               const MemberStyle& style) {
  InstanceParts parts{.row = {.cpu = std::nullopt,
                              .type = type_name(object.type()),
                              .value = object,
                              .members = {},
                              .text = ""}};
  for (const std::string& member : members) {
    Object part = object[member];
    if (part.fault() != nullptr) {
      bool is_unknown = part.fault()->kind() == ErrorKind::not_found;
      parts.missing.push_back(
          is_unknown ? no_structure(bare_name(object.type()) + "." + member)
                     : as_gdb_error(*part.fault()));
      continue;
    }
    Result<std::string> text = member_text(object, part, member, style);
    if (!text) {
      parts.missing.push_back(as_gdb_error(text.error()));
      continue;
    }
    parts.row.text += *text;
    parts.row.members.emplace_back(member, part);
  }
  return parts;
}

}  // namespace inquest
