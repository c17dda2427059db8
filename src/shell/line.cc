// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/line.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"

namespace inquest {
namespace {

// What groups are nested in is looked at again for each of them.
constexpr std::size_t longest_line = 16384;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The end of the quotation that starts at |at|, or |at| when it never ends.
std::size_t quotation_end(std::string_view text, std::size_t at) {
  char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return at;
}

// The end of the quotation or parenthesis that starts at |at|, or |at| when
// none does or it is never closed.
std::size_t group_end(std::string_view text, std::size_t at) {
  if (text[at] == '"' || text[at] == '\'') return quotation_end(text, at);
  if (text[at] != '(') return at;
  std::size_t depth = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    if (text[i] == '"' || text[i] == '\'') {
      std::size_t end = quotation_end(text, i);
      if (end != i) i = end - 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth == 0) {
      return i + 1;
    }
  }
  return at;
}

struct Operator {
  Line::Output output = Line::Output::terminal;
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
};

// The output operator that starts at |at|; length 0: none does.
Operator operator_at(std::string_view text, std::size_t at) {
  char before = at > 0 ? text[at - 1] : '\0';
  char after = at + 1 < text.size() ? text[at + 1] : '\0';
  switch (text[at]) {
    case '|':
      return {Line::Output::pipe, at, 1};
    case '!':
      if (!is_blank(before) || after == '=') break;
      return {Line::Output::pipe, at, 1};
    case '>':
      if (before == '-' || after == '=') break;
      if (after == '>') return {Line::Output::append, at, 2};
      return {Line::Output::file, at, 1};
    default:
      break;
  }
  return {};
}

Operator output_operator(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (std::size_t end = group_end(text, i); end != i) {
      i = end;
    } else if (text.substr(i).starts_with("||")) {
      i += 2;
    } else if (Operator found = operator_at(text, i); found.length > 0) {
      return found;
    } else {
      ++i;
    }
  }
  return {};
}

bool is_argument_operator(std::string_view text, std::size_t at) {
  char after = at + 1 < text.size() ? text[at + 1] : '\0';
  return text[at] == '<' && at > 0 && is_blank(text[at - 1]) && after != '<' &&
         after != '=';
}

// Where "<" stands in |text| as an operator, from |from| on.
std::size_t argument_operator(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '"' || text[i] == '\'') {
      std::size_t end = quotation_end(text, i);
      if (end != i) i = end - 1;
    } else if (is_argument_operator(text, i)) {
      return i;
    }
  }
  return std::string_view::npos;
}

// Whether |at| lies in a balanced parenthesis.
bool is_in_group(std::string_view text, std::size_t at) {
  for (std::size_t i = 0; i < at; ++i) {
    std::size_t end = group_end(text, i);
    if (end > at) return true;
    if (end != i) i = end - 1;
  }
  return false;
}

// Takes " < file" out of |line.command|. Inside of parentheses "<" may also
// mean "less than": there it counts when such a file exists.
Result<void> take_arguments(Line& line) {
  std::string_view text = line.command;
  std::size_t at = 0;
  while ((at = argument_operator(text, at)) != std::string_view::npos) {
    std::size_t begin = text.find_first_not_of(" \t", at + 1);
    if (begin == std::string_view::npos)
      return Error(ErrorKind::usage, "missing input file name");
    std::size_t end = std::min(text.find_first_of(" \t)", begin), text.size());
    std::string file = expand_home(text.substr(begin, end - begin));
    if (!is_in_group(text, at) || std::filesystem::exists(file)) {
      line.arguments = std::move(file);
      line.arguments_at = at;
      line.command.erase(at, end - at);
      return {};
    }
    at = end;
  }
  return {};
}

std::string unquoted(std::string_view name) {
  if (name.size() >= 2 && name.front() == name.back() &&
      (name.front() == '"' || name.front() == '\'')) {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

Result<void> take_output(Line& line, std::string_view text) {
  Operator found = output_operator(text);
  line.command = trim(text.substr(0, found.at));
  if (found.length == 0) return {};
  line.output = found.output;
  std::string_view target = trim(text.substr(found.at + found.length));
  if (found.output == Line::Output::pipe) {
    line.target = target;
    if (target.empty()) return Error(ErrorKind::usage, "missing shell command");
    return {};
  }
  line.target = expand_home(unquoted(target));
  if (target.empty()) return Error(ErrorKind::usage, "missing file name");
  return {};
}

}  // namespace

Result<Line> parse_line(std::string_view text) {
  Line line;
  text = trim(text);
  if (text.empty() || text[0] == '#' || text.starts_with("//")) return line;
  if (text.size() > longest_line) {
    return Error(ErrorKind::usage,
                 fmt::format("a line of {} characters; the limit is {}",
                             text.size(), longest_line));
  }
  if (text[0] == '!' || text[0] == '|') {
    line.kind = Line::Kind::shell;
    line.command = trim(text.substr(1));
    return line;
  }
  TRY(take_output(line, text));
  if (line.command.starts_with('<')) {
    line.kind = Line::Kind::script;
    line.command = expand_home(unquoted(trim(line.command.substr(1))));
    if (line.command.empty())
      return Error(ErrorKind::usage, "missing input file name");
    return line;
  }
  line.kind = Line::Kind::command;
  TRY(take_arguments(line));
  return line;
}

std::vector<std::string> split_words(std::string_view command, Quotes quotes) {
  std::vector<std::string> found;
  bool is_open = false;  // whether the last word may go on
  for (std::size_t i = 0; i < command.size();) {
    if (is_blank(command[i])) {
      is_open = false;
      ++i;
      continue;
    }
    if (!is_open) found.emplace_back();
    is_open = true;
    std::size_t end = group_end(command, i);
    std::string_view part = command.substr(i, end == i ? 1 : end - i);
    i += part.size();
    if (part.size() > 1 && part[0] == '"' && quotes == Quotes::removed)
      part = part.substr(1, part.size() - 2);
    found.back() += part;
  }
  return found;
}

std::string expand_home(std::string_view path) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || !path.starts_with("~/")) return std::string(path);
  return home + std::string(path.substr(1));
}

}  // namespace inquest
