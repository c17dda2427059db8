// SPDX-License-Identifier: GPL-3.0-or-later
// Where lines come from: a person at a terminal, with editing, history and
// completion, or a plain file.

#pragma once

#include <memory>
#include <optional>
#include <string>

namespace inquest {

class Shell;

class LineEditor {
 public:
  virtual ~LineEditor() = default;
  // The next line, or nothing at the end of input.
  virtual std::optional<std::string> line(const std::string& prompt) = 0;
};

// The terminal when standard input and output are one, else standard input as
// it comes.
std::unique_ptr<LineEditor> line_editor(Shell& shell);

}  // namespace inquest
