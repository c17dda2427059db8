// SPDX-License-Identifier: GPL-3.0-or-later
// What "set VARIABLE [VALUE]" knows. Values that commands look at live in
// Settings' members, all others as text in Settings::shell.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "command/command.h"

namespace inquest {

struct Variable {
  std::string_view name;
  std::string_view values;   // "on | off", "number", ...
  std::string_view purpose;  // for the help
  // The current value: "10 (decimal)".
  std::string (*shown)(const Session& session);
  // |usage| when |value| makes no sense, with a message when there is more to
  // say than that. Null: cannot be changed in a session.
  Result<void> (*assign)(Session& session, std::string_view value);
  // Whether naming it already does something ("hex"): it takes no value.
  bool is_action = false;
};

// In the order of "set -v".
std::span<const Variable> variables();
const Variable* find_variable(std::string_view name);

// A variable of Settings::shell, "" when it is not there.
std::string_view shell_value(const Settings& settings, std::string_view name);
// The shell's variables as they are when a session begins.
Settings default_settings();

// The pager that "set scroll |name|" means (on, less, more, CRASHPAGER) as a
// command line; "" when there is none.
std::string pager_command(std::string_view name);

}  // namespace inquest
