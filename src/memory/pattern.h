// SPDX-License-Identifier: GPL-3.0-or-later
// What a search looks for: words of one size, or strings.

#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace inquest {

class Pattern {
 public:
  // Where something was found, and the index of the value or string.
  struct Match {
    std::size_t offset = 0;
    std::size_t which = 0;
  };

  // Aligned words of |width| (2, 4 or 8) bytes that are one of |values| apart
  // from the bits of |ignored|. A word that is several is found as each.
  static Pattern words(unsigned width, const std::vector<std::uint64_t>& values,
                       std::uint64_t ignored, std::endian endian);
  // Strings, wherever they start. Empty ones are nowhere.
  static Pattern strings(std::vector<std::string> strings);

  // Appends what is found in |bytes| and starts below |limit|, ascending.
  // Words are aligned to |bytes|' start. At the speed of memory.
  void find(Bytes bytes, std::size_t limit, std::vector<Match>& found) const;

  bool has_words() const { return width_ != 0; }
  // How many bytes the longest value has.
  std::size_t longest() const;
  // How many bytes the one at |which| has.
  std::size_t size(std::size_t which) const {
    return width_ != 0 ? width_ : strings_[which].size();
  }

 private:
  Pattern() = default;

  unsigned width_ = 0;                 // 0: strings
  std::vector<std::uint64_t> values_;  // as they lie in memory
  std::uint64_t ignored_ = 0;
  std::vector<std::string> strings_;
};

}  // namespace inquest
