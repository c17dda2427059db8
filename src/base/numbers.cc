// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/numbers.h"

#include <charconv>

namespace inquest {
namespace {

std::optional<std::uint64_t> parse(std::string_view text, int base) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool is_prefixed(std::string_view text) {
  return text.starts_with("0x") || text.starts_with("0X");
}

}  // namespace

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  return parse(is_prefixed(text) ? text.substr(2) : text, 16);
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  return parse(text, 10);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (is_prefixed(text)) return parse_hex(text);
  auto decimal = parse_decimal(text);
  return decimal ? decimal : parse_hex(text);
}

}  // namespace inquest
