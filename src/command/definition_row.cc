// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/definition_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "types/declaration.h"

namespace inquest {
namespace {

constexpr unsigned max_typedefs = 64;

std::string number_text(std::uint64_t value, bool is_hex) {
  return is_hex ? fmt::format("{:#x}", value) : fmt::format("{}", value);
}

// What a typedef's name stands for in the end.
const Type* without_typedefs(const Type& type) {
  const Type* now = &type;
  for (unsigned i = 0; i < max_typedefs && now != nullptr; ++i) {
    if (now->kind != TypeKind::typedef_type) return now;
    now = now->target();
  }
  return now;
}

bool has_body(const Type* type) {
  return type != nullptr && type->is_compound() &&
         (type->kind == TypeKind::structure ||
          type->kind == TypeKind::union_type);
}

std::string enumeration_text(const Type& type) {
  std::string text = "enum " + type.name + (type.name.empty() ? "{\n" : " {\n");
  for (const Enumerator& one : type.enumerators()) {
    text += fmt::format("  {} = {}\n", one.name, one.value);
  }
  return text + "};\n";
}

// The column of offsets in front of a member's line.
class Offsets {
 public:
  explicit Offsets(const DefinitionRow& row)
      : row_(row),
        width_(number_text(row.type->size(), row.is_hex).size() + 2) {}

  std::string line(const std::string& text,
                   std::optional<std::uint64_t> offset) const {
    std::string_view rest = text;
    rest.remove_prefix(std::min<std::size_t>(4, rest.size()));
    if (!offset) return std::string(width_ + 3, ' ') + std::string(rest) + '\n';
    std::string place =
        row_.base ? fmt::format("[{:x}]", (*row_.base + *offset).value)
                  : "[" + number_text(*offset, row_.is_hex) + "]";
    return fmt::format("  {:>{}} {}\n", place, width_, rest);
  }

 private:
  const DefinitionRow& row_;
  std::size_t width_;
};

std::string member_text(const DefinitionRow& row, const Type& type) {
  Result<MemberName> place = member_name(type, row.member);
  if (!place) return "";
  Result<MemberPlace> found = find_member(type, row.member);
  std::vector<DefinitionLine> lines = definition_lines(type);
  std::string text = lines.front().text + '\n';
  Offsets offsets(row);
  std::uint64_t offset = found ? found->offset() : 0;
  if (place->name.empty() && found) {
    text += offsets.line("    " + declaration(*found->type, row.member) + ";",
                         offset);
    return text + "}\n";
  }
  if (place->container != &type) {
    lines = definition_lines(*place->container);
  }
  auto line = std::ranges::find(lines, place->name, &DefinitionLine::member);
  if (line != lines.end()) text += offsets.line(line->text, offset);
  return text + "}\n";
}

std::string body_text(const DefinitionRow& row, const Type& type) {
  std::vector<DefinitionLine> lines = definition_lines(type);
  Offsets offsets(row);
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const DefinitionLine& line = lines[i];
    bool is_edge = i == 0 || i + 1 == lines.size();
    if (!row.has_offsets || is_edge) {
      text += line.text + '\n';
      continue;
    }
    std::optional<std::uint64_t> offset;
    if (!line.member.empty()) {
      Result<MemberPlace> place = find_member(type, line.member);
      if (place) offset = place->offset();
    }
    text += offsets.line(line.text, offset);
  }
  return text;
}

report::Record member_record(const Member& member) {
  report::Record record;
  record.add("name", member.name);
  record.add("offset", member.offset());
  if (member.type != nullptr) record.add("type", type_name(*member.type));
  if (member.bit_size != 0) {
    record.add("bit_offset", member.bit_offset % 8);
    record.add("bit_size", member.bit_size);
  }
  return record;
}

}  // namespace

Result<MemberName> member_name(const Type& type, std::string_view path) {
  TRY(find_member(type, path));
  std::size_t dot = path.rfind('.');
  MemberName result{&type.stripped(), 0, path};
  if (dot != std::string_view::npos) {
    MemberPlace container = TRY(find_member(type, path.substr(0, dot)));
    result.container = &container.type->stripped();
    result.bit_offset = container.bit_offset;
    result.name = path.substr(dot + 1);
  }
  if (path.ends_with(']')) result.name = "";
  return result;
}

std::string to_text(const DefinitionRow& row) {
  const Type* real = without_typedefs(*row.type);
  std::string size =
      row.has_size ? "SIZE: " + number_text(row.type->size(), row.is_hex) + '\n'
                   : "";
  if (real != nullptr && real->kind == TypeKind::enumeration &&
      real == row.type) {
    return enumeration_text(*real);
  }
  if (has_body(real) && !row.member.empty()) return member_text(row, *real);
  bool is_typedef = real != row.type;
  if (has_body(real)) {
    std::string text = body_text(row, *real);
    if (!is_typedef) return text + size;
    text.pop_back();
    return "typedef " + text + " " + row.type->name + ";\n" + size;
  }
  if (!is_typedef) return type_name(*row.type) + '\n' + size;
  std::string text = real == nullptr ? "void " + row.type->name
                                     : declaration(*real, row.type->name);
  return "typedef " + text + ";\n" + size;
}

report::Record to_record(const DefinitionRow& row) {
  report::Record record;
  record.add("type", type_name(*row.type));
  record.add("size", row.type->size());
  const Type* real = without_typedefs(*row.type);
  if (real == nullptr) return record;
  if (real != row.type) record.add("stands_for", type_name(*real));
  if (row.base) record.add("address", *row.base);
  if (!row.member.empty()) {
    Result<MemberPlace> place = find_member(*real, row.member);
    if (!place) return record;
    record.add("member", row.member);
    record.add("offset", place->offset());
    record.add("member_type", type_name(*place->type));
    return record;
  }
  if (real->kind == TypeKind::enumeration) {
    report::Record values;
    for (const Enumerator& one : real->enumerators()) {
      values.add(one.name, one.value);
    }
    record.add("enumerators", std::move(values));
  }
  if (has_body(real)) {
    std::vector<report::Record> members;
    for (const Member& member : real->members()) {
      members.push_back(member_record(member));
    }
    record.add("members", std::move(members));
  }
  return record;
}

}  // namespace inquest
