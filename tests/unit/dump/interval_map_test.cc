// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/interval_map.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

TEST(IntervalMap, LaterIntervalsWin) {
  IntervalMap map({{0, 100, 1000}, {40, 60, 2000}, {50, 55, 3000}});
  EXPECT_EQ(map.find(39)->target_of(39), 1039U);
  EXPECT_EQ(map.find(40)->target_of(40), 2000U);
  EXPECT_EQ(map.find(50)->target_of(50), 3000U);
  EXPECT_EQ(map.find(55)->target_of(55), 2015U);
  EXPECT_EQ(map.find(60)->target_of(60), 1060U);
  EXPECT_EQ(map.find(100), nullptr);
}

TEST(IntervalMap, EarlierIntervalsDoNotSplitLaterOnes) {
  IntervalMap map({{40, 60, 2000}, {0, 100, 1000}});
  ASSERT_EQ(map.pieces().size(), 1U);
  EXPECT_EQ(map.find(45)->target_of(45), 1045U);
}

TEST(IntervalMap, FindsTheNextPieceInAHole) {
  IntervalMap map({{10, 20, 0}, {30, 40, 0}, {25, 25, 0}});
  EXPECT_EQ(map.find(0)->start, 10U);
  EXPECT_EQ(map.find(20)->start, 30U);
  EXPECT_EQ(map.pieces().size(), 2U);
}

// Against a plain array.
TEST(IntervalMap, AgreesWithPainting) {
  std::uint64_t random = 1;
  auto next = [&](std::uint64_t limit) {
    random = random * 6364136223846793005 + 1442695040888963407;
    return (random >> 33) % limit;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> painted(64, ~std::uint64_t{0});
    std::vector<Interval> intervals;
    for (std::uint64_t i = 0; i < 12; ++i) {
      std::uint64_t start = next(60);
      std::uint64_t end = start + next(64 - start);
      intervals.push_back({start, end, i * 1000});
      for (std::uint64_t at = start; at < end; ++at) {
        painted[at] = i * 1000 + at - start;
      }
    }
    IntervalMap map(intervals);
    for (std::uint64_t at = 0; at < painted.size(); ++at) {
      const Interval* piece = map.find(at);
      bool is_covered = piece && piece->start <= at;
      ASSERT_EQ(is_covered, painted[at] != ~std::uint64_t{0});
      if (is_covered) {
        ASSERT_EQ(piece->target_of(at), painted[at]);
      }
    }
  }
}

}  // namespace
}  // namespace inquest
