// SPDX-License-Identifier: GPL-3.0-or-later
// VMCOREINFO: what the crashed kernel wrote down for tools like this one.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace inquest {

class Vmcoreinfo {
 public:
  Vmcoreinfo() = default;
  // Lines that make no sense are skipped.
  explicit Vmcoreinfo(std::string text);

  bool empty() const { return values_.empty(); }
  const std::string& text() const { return text_; }
  // "OSRELEASE", "BUILD-ID", "PAGESIZE", "KERNELOFFSET", ...
  std::optional<std::string_view> find(std::string_view key) const;
  std::optional<std::uint64_t> symbol(std::string_view name) const;
  std::optional<std::int64_t> number(std::string_view name) const;
  std::optional<std::uint64_t> size(std::string_view type) const;
  std::optional<std::uint64_t> offset(std::string_view member) const;
  std::optional<std::uint64_t> length(std::string_view array) const;

 private:
  std::string text_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace inquest
