// SPDX-License-Identifier: GPL-3.0-or-later
// What struct and union answer: values of structures and of their members.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/report.h"
#include "types/value_text.h"

namespace inquest {

// A structure in memory, whole or the members asked for.
struct InstanceRow {
  std::optional<unsigned> cpu;
  std::string type;
  Object value;
  std::vector<std::pair<std::string, Object>> members;  // empty: whole
  std::string text;
};
report::Record to_record(const InstanceRow& row);
std::string to_text(const InstanceRow& row);

struct RawRow {
  Address at;
  std::vector<std::byte> bytes;
  std::endian endian = std::endian::little;
};
report::Record to_record(const RawRow& row);
std::string to_text(const RawRow& row);

// "task_struct.pid,comm": a name and members of it.
struct StructureName {
  std::string name;
  std::vector<std::string> members;
};
StructureName structure_name(std::string_view text);
// |reference|: a structure's name, or "name.member".
Error no_structure(std::string_view reference);

struct MemberStyle {
  ValueStyle value;
  bool is_pointed = false;  // pointers are followed by what they point to
  bool is_direct = false;   // numbers and strings as such: no enumerators
};

// |object| as a whole. An error, as gdb words it, when it cannot be read.
Result<InstanceRow> whole_instance(const Object& object,
                                   const ValueStyle& style);

// Some members of |object|, and why others are not among them.
struct InstanceParts {
  InstanceRow row;
  std::vector<Error> missing = {};
};
InstanceParts instance_members(const Object& object,
                               const std::vector<std::string>& members,
                               const MemberStyle& style);

}  // namespace inquest
