// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/cpu_list.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"
#include "kernel/task.h"

namespace inquest {
namespace {

Error invalid(std::string_view text) {
  return {ErrorKind::not_found,
          fmt::format("invalid cpu specification: {}", text)};
}

// "3" or "1-4"; nothing when it is neither.
std::optional<std::pair<std::uint64_t, std::uint64_t>> range(
    std::string_view text) {
  std::size_t dash = text.find('-');
  auto first = parse_decimal(text.substr(0, dash));
  auto last = dash == std::string_view::npos
                  ? first
                  : parse_decimal(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair(*first, *last);
}

}  // namespace

Result<std::vector<unsigned>> cpu_list(const Kernel& kernel,
                                       std::string_view text) {
  std::vector<unsigned> known = kernel.possible_cpus();
  if (text == "a" || text == "all") return known;
  std::set<unsigned> found;
  for (std::string_view part : split(text, ',')) {
    auto wanted = range(part);
    if (!wanted || known.empty() || wanted->second > known.back()) {
      return invalid(text);
    }
    for (std::uint64_t cpu = wanted->first; cpu <= wanted->second; ++cpu) {
      if (std::ranges::find(known, cpu) == known.end()) return invalid(text);
      found.insert(static_cast<unsigned>(cpu));
    }
  }
  return std::vector<unsigned>(found.begin(), found.end());
}

Result<std::vector<unsigned>> chosen_cpus(
    const Kernel& kernel, std::optional<std::string_view> text) {
  if (text) return cpu_list(kernel, *text);
  return scheduled_cpus(kernel);
}

std::string cpu_list_text(std::span<const unsigned> cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1)
      ++last;
    if (!text.empty()) text += ',';
    text += fmt::to_string(cpus[i]);
    if (last != i) text += fmt::format("-{}", cpus[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace inquest
