// SPDX-License-Identifier: GPL-3.0-or-later
// A C type's definition as struct, union and whatis show it.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "report/report.h"
#include "types/type.h"

namespace inquest {

struct DefinitionRow {
  const Type* type = nullptr;  // a typedef is shown as one
  std::string member = {};     // only this one, a path
  bool has_offsets = false;
  std::optional<Address> base = std::nullopt;  // offsets become addresses
  bool is_hex = false;
  bool has_size = true;
};

report::Record to_record(const DefinitionRow& row);
std::string to_text(const DefinitionRow& row);

// A member's container and its own name: "se.load" and "weight".
struct MemberName {
  const Type* container = nullptr;
  std::uint64_t bit_offset = 0;  // of the container
  std::string_view name;         // "" when the path ends in an element
};
Result<MemberName> member_name(const Type& type, std::string_view path);

}  // namespace inquest
