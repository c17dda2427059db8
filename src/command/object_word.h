// SPDX-License-Identifier: GPL-3.0-or-later
// Structures as users name them who want to see one: by a variable, a member
// of one, or an address.

#pragma once

#include <optional>
#include <span>
#include <string>

#include "command/command.h"

namespace inquest {

struct NamedObject {
  std::string name;  // "" where an address was given
  Address at;
  std::optional<Object> object;  // absent: its type is not known
};

// One word, "symbol", "symbol.member" or an address (hexadecimal, or an
// expression in parentheses), or two: "struct.member" and an address. |usage|
// for other words.
Result<NamedObject> named_object(const Session& session,
                                 std::span<const std::string> words);

}  // namespace inquest
