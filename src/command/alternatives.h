// SPDX-License-Identifier: GPL-3.0-or-later
// What is said where a symbol was expected and there is none.

#pragma once

#include <string>

#include "command/command.h"
#include "report/report.h"

namespace inquest {

// Emits, where the answer would be, that |name| is no symbol, with the symbols
// of the kernel and then of each module that have it in theirs. Counts as a
// problem.
void show_alternatives(const Session& session, const std::string& name,
                       report::Sink& out);

}  // namespace inquest
