// SPDX-License-Identifier: GPL-3.0-or-later
// A line of input taken apart: what to run, on what, and where its output
// goes. The syntax is crash's: an operator counts only outside of quotes and
// balanced parentheses, "->" and ">=" are no redirections, and everything
// behind a pipe belongs to the user's shell.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inquest {

struct Line {
  enum class Kind {
    empty,    // blank, or a comment
    command,  // one of ours
    shell,    // "!command": for the user's shell; "" is an interactive one
    script,   // "< file": a file of commands
  };
  enum class Output { terminal, file, append, pipe };

  Kind kind = Kind::empty;
  std::string command;  // script: the file's name
  Output output = Output::terminal;
  std::string target;  // file name, or the shell's pipeline
  // "command < file": the command runs once for each line of |arguments|,
  // which takes the place of the operator at |arguments_at| in |command|.
  std::optional<std::string> arguments;
  std::size_t arguments_at = 0;
};

// |usage| when an operator lacks its operand.
Result<Line> parse_line(std::string_view text);

enum class Quotes { removed, kept };

// The words of a command. Double quotes group and are removed, single quotes
// (regular expressions) and balanced parentheses group and stay.
std::vector<std::string> split_words(std::string_view command,
                                     Quotes quotes = Quotes::removed);

// The user's home directory for a leading "~/".
std::string expand_home(std::string_view path);

}  // namespace inquest
