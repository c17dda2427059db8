// SPDX-License-Identifier: GPL-3.0-or-later
// From the command line to the exit status.

#pragma once

#include <string>
#include <vector>

namespace inquest {

// |program| is how we were called; "crash" changes the prompt. Returns 0 when
// everything was answered, 1 when something was not, 2 when the command line
// is malformed or the dump cannot be opened.
int run_inquest(const std::string& program, std::vector<std::string> arguments);

}  // namespace inquest
