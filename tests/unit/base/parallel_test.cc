// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/parallel.h"

#include <atomic>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/interrupt.h"

namespace inquest {
namespace {

// How often each of |count| was called for, and the largest part.
struct Called {
  std::vector<std::atomic<unsigned>> times;
  std::atomic<std::size_t> largest = 0;

  Called(std::size_t count, std::size_t part) : times(count) {
    in_parallel(count, part, [this](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i)
        ++times.at(i);
      std::size_t before = largest;
      while (before < last - first &&
             !largest.compare_exchange_weak(before, last - first)) {
      }
    });
  }
};

TEST(InParallel, CallsForEachOnce) {
  for (std::size_t count : {0U, 1U, 7U, 64U, 1000U}) {
    for (std::size_t part : {1U, 7U, 64U, 5000U}) {
      Called called(count, part);
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(called.times[i], 1U) << i << " of " << count;
      EXPECT_EQ(called.largest, std::min(count, part));
    }
  }
}

TEST(InParallel, TakesPartsOfNothingForOnes) {
  Called called(3, 0);
  EXPECT_EQ(called.largest, 1U);
  for (const auto& times : called.times)
    EXPECT_EQ(times, 1U);
}

TEST(InParallel, ReturnsWhenAllAreDone) {
  std::atomic<unsigned> open = 0;
  for (unsigned round = 0; round < 50; ++round) {
    in_parallel(16, 1, [&open](std::size_t, std::size_t) {
      ++open;
      std::this_thread::yield();
      --open;
    });
    EXPECT_EQ(open, 0U);
  }
}

TEST(InParallel, LeavesPartsOutWhenInterrupted) {
  std::atomic<unsigned> calls = 0;
  in_parallel(100'000, 1, [&calls](std::size_t, std::size_t) {
    if (++calls == 1) interrupt();
  });
  clear_interrupt();
  EXPECT_GE(calls, 1U);
  EXPECT_LT(calls, 100'000U);
}

TEST(InParallel, ThrowsWhatTheWorkThrows) {
  std::atomic<unsigned> called = 0;
  auto work = [&called](std::size_t first, std::size_t) {
    ++called;
    if (first == 3) throw std::bad_alloc();
  };
  EXPECT_THROW(in_parallel(8, 1, work), std::bad_alloc);
  EXPECT_GE(called, 4U);
}

TEST(OnThreads, CallsEachOnce) {
  for (std::size_t count : {1U, 2U, 9U}) {
    std::vector<std::atomic<unsigned>> times(count);
    on_threads(count, [&times](std::size_t which) { ++times.at(which); });
    for (const auto& each : times)
      EXPECT_EQ(each, 1U);
  }
}

TEST(OnThreads, TheFirstIsTheCallers) {
  std::thread::id caller = std::this_thread::get_id(), first;
  on_threads(3, [&first](std::size_t which) {
    if (which == 0) first = std::this_thread::get_id();
  });
  EXPECT_EQ(first, caller);
}

}  // namespace
}  // namespace inquest
