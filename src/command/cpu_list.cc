// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/cpu_list.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"

namespace inquest {
namespace {

Error invalid(std::string_view text) {
  return {ErrorKind::not_found,
          fmt::format("invalid cpu specification: {}", text)};
}

}  // namespace

Result<std::vector<unsigned>> cpu_list(const Kernel& kernel,
                                       std::string_view text) {
  std::vector<unsigned> known = kernel.possible_cpus();
  if (text == "a" || text == "all") return known;
  std::set<unsigned> found;
  for (std::string_view part : split(text, ',')) {
    std::size_t dash = part.find('-');
    auto first = parse_decimal(part.substr(0, dash));
    auto last = dash == std::string_view::npos
                    ? first
                    : parse_decimal(part.substr(dash + 1));
    if (!first || !last || *last < *first) return invalid(text);
    if (known.empty() || *last > known.back()) return invalid(text);
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) {
      if (std::ranges::find(known, cpu) == known.end()) return invalid(text);
      found.insert(static_cast<unsigned>(cpu));
    }
  }
  return std::vector<unsigned>(found.begin(), found.end());
}

}  // namespace inquest
