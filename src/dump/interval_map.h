// SPDX-License-Identifier: GPL-3.0-or-later
// Where each piece of a range lies in another one, when the pieces were
// written one over the other: records of a flattened file, overlapping
// program headers.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace inquest {

// [start, end) lies at |target|.
struct Interval {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t target = 0;

  std::uint64_t target_of(std::uint64_t at) const {
    return target + (at - start);
  }
};

class IntervalMap {
 public:
  IntervalMap() = default;
  // Where intervals overlap, the later one in |intervals| wins. O(n log n);
  // empty intervals are allowed.
  explicit IntervalMap(const std::vector<Interval>& intervals);

  // The piece that covers |at|, or the first one after it, or null.
  const Interval* find(std::uint64_t at) const;
  // Disjoint and ascending.
  std::span<const Interval> pieces() const { return pieces_; }

 private:
  void append(const Interval& piece);

  std::vector<Interval> pieces_;
};

}  // namespace inquest
