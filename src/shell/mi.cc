// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/mi.h"

#include <charconv>

namespace inquest {
namespace {

constexpr std::string_view message_key = ",msg=";

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Up to three octal digits at the start of |rest|, which loses them.
char octal(std::string_view& rest) {
  unsigned value = 0;
  std::size_t length = 0;
  while (length < 3 && length < rest.size() && is_octal(rest[length]))
    value = value * 8 + static_cast<unsigned>(rest[length++] - '0');
  rest.remove_prefix(length);
  return static_cast<char>(value & 0xff);
}

char named_escape(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    case 'e':
      return '\033';
    default:
      return letter;
  }
}

// The C string at the start of |rest|; what there is of it when it is cut.
std::string c_string(std::string_view rest) {
  std::string text;
  if (!rest.starts_with('"')) return text;
  rest.remove_prefix(1);
  while (!rest.empty() && rest[0] != '"') {
    char c = rest[0];
    rest.remove_prefix(1);
    if (c != '\\' || rest.empty()) {
      text += c;
    } else if (is_octal(rest[0])) {
      text += octal(rest);
    } else {
      text += named_escape(rest[0]);
      rest.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace

MiRecord parse_mi(std::string_view line) {
  using Kind = MiRecord::Kind;
  if (line.starts_with('~') || line.starts_with('@'))
    return {Kind::console, c_string(line.substr(1))};
  if (line.starts_with('&')) return {Kind::log, c_string(line.substr(1))};
  MiRecord record;
  const char* end = line.data() + line.size();
  auto [rest, status] = std::from_chars(line.data(), end, record.token);
  if (status != std::errc()) return {};
  line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
  if (line.starts_with("^error")) {
    record.kind = Kind::error;
    std::size_t at = line.find(message_key);
    if (at != std::string_view::npos)
      record.text = c_string(line.substr(at + message_key.size()));
  } else if (line.starts_with("^")) {
    record.kind = Kind::done;
  }
  return record;
}

std::string mi_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace inquest
