// SPDX-License-Identifier: GPL-3.0-or-later
// The looks a report can have.

#pragma once

#include <iosfwd>
#include <memory>

#include "report/report.h"

namespace inquest::render {

// Crash's text. Problems and notes go to |errors|.
std::unique_ptr<report::Sink> text(std::ostream& out, std::ostream& errors);
// One JSON object a line. Problems are lines of |out| too.
std::unique_ptr<report::Sink> json_lines(std::ostream& out);

}  // namespace inquest::render
