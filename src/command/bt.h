// SPDX-License-Identifier: GPL-3.0-or-later
// bt for tasks that were found already.

#pragma once

#include <vector>

#include "command/command.h"

namespace inquest {

// "bt |words|" for each of |tasks|; what |words| says of tasks is not looked
// at. One call for many tasks is much cheaper than many calls.
Result<void> backtraces(Session& session, Command::Words words,
                        const std::vector<Object>& tasks, report::Sink& out);

}  // namespace inquest
