// SPDX-License-Identifier: GPL-3.0-or-later
// Why parts of an answer are missing: the first reasons, and how many more.

#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"
#include "kernel/kernel.h"

namespace inquest {

// Whether bytes could not be read that should be there: not in the dump, or
// behind the end of a file that was cut short.
inline bool is_lost(const Error& error) {
  return error.kind() == ErrorKind::fault ||
         error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::io;
}

// Notes what |kernel| has lost; other errors are none.
inline void note_if_lost(const Kernel& kernel, const Error& error,
                         std::string_view doing) {
  if (is_lost(error)) kernel.note_loss(error, doing);
}

// A damaged structure breaks in as many places as it has: nobody reads the same
// reason a hundred thousand times.
class Faults {
 public:
  static constexpr std::size_t most = 20;

  void push_back(const Error& fault) {
    bool is_known = std::ranges::find(kept_, fault.message(),
                                      &Error::message) != kept_.end();
    if (is_known) return;
    if (kept_.size() < most) {
      kept_.push_back(fault);
      return;
    }
    ++more_;
    if (more_ > 1) kept_.pop_back();
    kept_.emplace_back(fault.kind(), fmt::format("and {} more", more_),
                       fault.address());
  }

  bool empty() const { return kept_.empty(); }
  auto begin() const { return kept_.begin(); }
  auto end() const { return kept_.end(); }

 private:
  std::vector<Error> kept_;
  std::size_t more_ = 0;
};

}  // namespace inquest
