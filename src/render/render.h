// SPDX-License-Identifier: GPL-3.0-or-later
// The looks a report can have.

#pragma once

#include <iosfwd>
#include <memory>

#include "report/report.h"

namespace inquest::render {

// A terminal acts on control characters, and the dump is full of strings that
// someone else wrote: they are made harmless there, and left alone in files.
enum class Reader { file, terminal };

// Crash's text. Problems and notes go to |errors|; an empty problem only
// counts.
std::unique_ptr<report::Sink> text(std::ostream& out, std::ostream& errors,
                                   Reader reader = Reader::file);
// One JSON object a line. Problems are lines of |out| too.
std::unique_ptr<report::Sink> json_lines(std::ostream& out);

}  // namespace inquest::render
