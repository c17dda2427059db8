// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of the tables that crash lays out.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace inquest {

// |text| in the middle of |width| places; an odd one is on the right.
inline std::string centred(std::string_view text, std::size_t width) {
  std::size_t spare = width - std::min(width, text.size());
  return std::string(spare / 2, ' ') + std::string(text) +
         std::string(spare - spare / 2, ' ');
}

// The same; an odd place is on the left.
inline std::string centred_right(std::string_view text, std::size_t width) {
  std::size_t spare = width - std::min(width, text.size());
  return std::string(spare - spare / 2, ' ') + std::string(text) +
         std::string(spare / 2, ' ');
}

}  // namespace inquest
