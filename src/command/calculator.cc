// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/calculator.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"

namespace inquest {
namespace {

std::optional<std::uint64_t> suffixed(std::string_view word) {
  if (word.size() < 2) return std::nullopt;
  unsigned shift = 0;
  switch (std::tolower(static_cast<unsigned char>(word.back()))) {
    case 'k':
      shift = 10;
      break;
    case 'm':
      shift = 20;
      break;
    case 'g':
      shift = 30;
      break;
    default:
      return std::nullopt;
  }
  auto number = parse_number(word.substr(0, word.size() - 1));
  if (!number) return std::nullopt;
  return *number << shift;
}

std::optional<std::uint64_t> unsigned_operand(const Kernel& kernel,
                                              std::string_view word) {
  if (auto number = parse_number(word)) return number;
  if (auto number = suffixed(word)) return number;
  auto symbol = kernel.symbol(word);
  return symbol ? std::optional(symbol->value) : std::nullopt;
}

// One side of the operator, "~" and "-" in front of it included.
std::optional<std::uint64_t> operand(const Kernel& kernel,
                                     std::string_view word) {
  std::string signs;
  for (word = trim(word); word.starts_with('~') || word.starts_with('-');
       word = trim(word.substr(1))) {
    signs += word.front();
  }
  std::optional<std::uint64_t> value = unsigned_operand(kernel, word);
  if (!value) return std::nullopt;
  std::ranges::reverse(signs);  // the innermost comes first
  for (char sign : signs) {
    value = sign == '~' ? ~*value : std::uint64_t{0} - *value;
  }
  return value;
}

std::optional<std::uint64_t> shifted(std::uint64_t a, std::uint64_t b,
                                     bool is_left) {
  if (b >= 64) return 0;
  return is_left ? a << b : a >> b;
}

std::optional<std::uint64_t> combined(char op, std::uint64_t a,
                                      std::uint64_t b) {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<':
    case '>':
      return shifted(a, b, op == '<');
    case '/':
      return b == 0 ? std::nullopt : std::optional(a / b);
    case '%':
      return b == 0 ? std::nullopt : std::optional(a % b);
    default:
      return std::nullopt;
  }
}

std::optional<std::uint64_t> result(const Kernel& kernel,
                                    std::string_view text) {
  text = trim(text);
  if (text.size() > 2 && text.front() == '(' && text.back() == ')') {
    text = trim(text.substr(1, text.size() - 2));
  }
  if (text.empty()) return std::nullopt;
  // The first character may be a sign.
  std::size_t at = text.find_first_of("+-*/%&|^<>", 1);
  if (at == std::string_view::npos) return operand(kernel, text);
  char op = text[at];
  std::size_t length = op == '<' || op == '>' ? 2 : 1;
  bool is_shift = length == 1 || text.substr(at + 1).starts_with(op);
  if (!is_shift) return std::nullopt;
  auto left = operand(kernel, text.substr(0, at));
  auto right = operand(kernel, text.substr(at + length));
  return left && right ? combined(op, *left, *right) : std::nullopt;
}

}  // namespace

Result<std::uint64_t> calculated(const Kernel& kernel, std::string_view text) {
  if (auto value = result(kernel, text)) return *value;
  bool has_parentheses = text.starts_with('(') && text.ends_with(')');
  return Error(ErrorKind::not_found,
               has_parentheses ? fmt::format("invalid expression: {}", text)
                               : fmt::format("invalid expression: ({})", text));
}

}  // namespace inquest
