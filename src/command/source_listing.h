// SPDX-License-Identifier: GPL-3.0-or-later
// Source code around an address: dis -s.

#pragma once

#include <optional>

#include "command/command.h"
#include "report/report.h"

namespace inquest {

// Emits file and line of |at|, and the lines around it from a few before up to
// the end of the function, or |count| behind it. |not_found| names the files
// that were looked for, after file and line have been emitted.
Result<void> show_source(const Session& session, Address at,
                         std::optional<std::uint64_t> count, report::Sink& out);

}  // namespace inquest
