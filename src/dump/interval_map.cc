// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/interval_map.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <queue>

namespace inquest {

// A sweep from the lowest start to the highest end. The heap holds the
// intervals that have begun, the latest written on top; each step emits what
// the top covers until it ends or the next interval begins.
IntervalMap::IntervalMap(const std::vector<Interval>& intervals) {
  std::vector<std::size_t> by_start(intervals.size());
  std::iota(by_start.begin(), by_start.end(), std::size_t{0});
  std::stable_sort(by_start.begin(), by_start.end(),
                   [&](std::size_t left, std::size_t right) {
                     return intervals[left].start < intervals[right].start;
                   });
  std::priority_queue<std::size_t> begun;
  std::size_t next = 0;
  std::uint64_t cursor = 0;
  for (;;) {
    while (!begun.empty() && intervals[begun.top()].end <= cursor) {
      begun.pop();
    }
    if (begun.empty()) {
      if (next == by_start.size()) break;
      cursor = std::max(cursor, intervals[by_start[next]].start);
    }
    if (next < by_start.size() && intervals[by_start[next]].start <= cursor) {
      begun.push(by_start[next++]);
      continue;
    }
    const Interval& top = intervals[begun.top()];
    std::uint64_t end = top.end;
    if (next < by_start.size()) {
      end = std::min(end, intervals[by_start[next]].start);
    }
    append({cursor, end, top.target_of(cursor)});
    cursor = end;
  }
}

void IntervalMap::append(const Interval& piece) {
  if (!pieces_.empty()) {
    Interval& last = pieces_.back();
    if (last.end == piece.start && last.target_of(last.end) == piece.target) {
      last.end = piece.end;
      return;
    }
  }
  pieces_.push_back(piece);
}

const Interval* IntervalMap::find(std::uint64_t at) const {
  auto after = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                [](std::uint64_t value, const Interval& piece) {
                                  return value < piece.end;
                                });
  return after == pieces_.end() ? nullptr : &*after;
}

}  // namespace inquest
