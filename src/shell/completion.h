// SPDX-License-Identifier: GPL-3.0-or-later
// What a half-typed word may become.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inquest {

class Shell;

// Whole replacements for the last word of |line|, at most a few hundred:
// commands and aliases for the first word, then variables after "set",
// otherwise symbols, types and, behind "." or "->", members.
std::vector<std::string> completions(Shell& shell, std::string_view line);

}  // namespace inquest
