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

// Whether no member follows in the structure that |path| ends in.
bool is_last_member(const Type& type, std::string_view path);

// A pointer and, below it, what it points to.
Result<std::string> pointer_member_text(const Object& member,
                                        std::string_view name,
                                        const ValueStyle& style);

}  // namespace inquest
