// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers for damage that is the same in every run.

#pragma once

#include <cstdint>

namespace inquest::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t below(std::uint64_t limit) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return (state_ >> 32) % limit;
  }

 private:
  std::uint64_t state_;
};

}  // namespace inquest::test
