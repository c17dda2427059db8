// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/entry_row.h"

#include <fmt/format.h>

#include "command/values.h"

namespace inquest {
namespace {

Result<EntryShape::Part> part_of(Types& types, std::string_view word,
                                 bool is_direct) {
  StructureName name = structure_name(word);
  Result<const Type*> type = types.type(name.name, TypeTag::structure);
  if (!type) type = types.type(name.name, TypeTag::any);
  if (!type || !(*type)->is_compound()) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid structure name: {}", name.name));
  }
  for (const std::string& member : name.members) {
    if (!has_member(**type, member)) {
      return no_structure(name.name + "." + member);
    }
  }
  return EntryShape::Part{*type, std::move(name.members), is_direct};
}

}  // namespace

Result<EntryShape> entry_shape(const Session& session, const Options& options) {
  EntryShape shape;
  shape.style = value_style(session, options.radix());
  for (const auto& [letter, argument] : options.all()) {
    if (letter != 's' && letter != 'S') continue;
    shape.parts.push_back(
        TRY(part_of(session.kernel.types(), argument, letter == 'S')));
  }
  return shape;
}

report::Record to_record(const EntryRow& row) {
  report::Record record;
  record.add("address", row.address);
  if (row.index) record.add("index", *row.index);
  if (!row.position.empty()) record.add("position", row.position);
  if (row.parts.empty()) return record;
  report::List parts;
  for (const InstanceRow& part : row.parts) {
    parts.emplace_back(to_record(part));
  }
  record.add("structures", std::move(parts));
  return record;
}

std::string to_text(const EntryRow& row) {
  std::string text = fmt::format("{:x}\n", row.address.value);
  if (row.index) text += fmt::format("  index: {}", *row.index);
  if (!row.position.empty()) {
    text += fmt::format("  position: {}\n", row.position);
  }
  for (const InstanceRow& part : row.parts)
    text += to_text(part);
  return text;
}

void show_entry(const AddressSpace& space, const EntryShape& shape,
                EntryRow row, report::Sink& out) {
  std::vector<Error> missing;
  for (const EntryShape::Part& part : shape.parts) {
    Object object(space, *part.type, row.address - shape.offset);
    if (part.members.empty()) {
      auto whole = whole_instance(object, shape.style);
      if (whole) {
        row.parts.push_back(std::move(whole).value());
      } else {
        missing.push_back(std::move(whole).error());
      }
      continue;
    }
    MemberStyle style{.value = shape.style, .is_direct = part.is_direct};
    InstanceParts parts = instance_members(object, part.members, style);
    row.parts.push_back(std::move(parts.row));
    for (Error& error : parts.missing)
      missing.push_back(std::move(error));
  }
  emit(out, row);
  for (const Error& error : missing)
    out.problem(error);
}

}  // namespace inquest
