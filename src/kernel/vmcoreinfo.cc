// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/vmcoreinfo.h"

#include <utility>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"

namespace inquest {

Vmcoreinfo::Vmcoreinfo(std::string text) : text_(std::move(text)) {
  for (std::string_view line : lines(text_)) {
    std::size_t equals = line.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    values_.insert_or_assign(std::string(line.substr(0, equals)),
                             std::string(trim(line.substr(equals + 1))));
  }
}

std::optional<std::string_view> Vmcoreinfo::find(std::string_view key) const {
  auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> Vmcoreinfo::symbol(std::string_view name) const {
  auto text = find(fmt::format("SYMBOL({})", name));
  return text ? parse_hex(*text) : std::nullopt;
}

std::optional<std::int64_t> Vmcoreinfo::number(std::string_view name) const {
  auto text = find(fmt::format("NUMBER({})", name));
  if (!text) return std::nullopt;
  bool is_negative = text->starts_with('-');
  auto value = parse_number(is_negative ? text->substr(1) : *text);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(is_negative ? 0 - *value : *value);
}

std::optional<std::uint64_t> Vmcoreinfo::size(std::string_view type) const {
  auto text = find(fmt::format("SIZE({})", type));
  return text ? parse_decimal(*text) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::offset(std::string_view member) const {
  auto text = find(fmt::format("OFFSET({})", member));
  return text ? parse_decimal(*text) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::length(std::string_view array) const {
  auto text = find(fmt::format("LENGTH({})", array));
  return text ? parse_decimal(*text) : std::nullopt;
}

}  // namespace inquest
