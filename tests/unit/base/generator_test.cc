// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/generator.h"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "base/result.h"

namespace inquest {
namespace {

Generator<int> count_to(int limit) {
  for (int i = 1; i <= limit; ++i)
    co_yield i;
}

Generator<int> fail() {
  co_yield 1;
  throw std::runtime_error("broken");
}

TEST(Generator, DeliversEverythingOnce) {
  std::vector<int> seen;
  for (int value : count_to(3))
    seen.push_back(value);
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
  for (int value : count_to(0))
    FAIL() << value;
}

TEST(Generator, MayBeLeftEarly) {
  for (int value : count_to(1000000)) {
    if (value == 2) break;
  }
}

TEST(Generator, PassesExceptionsOn) {
  EXPECT_THROW(
      {
        for (int value : fail())
          EXPECT_EQ(value, 1);
      },
      std::runtime_error);
}

Result<int> half(int value) {
  if (value % 2 != 0) return Error(ErrorKind::usage, "odd");
  return value / 2;
}

Result<int> quarter(int value) {
  return TRY(half(TRY(half(value))));
}

TEST(Result, TryPassesErrorsOn) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error().message(), "odd");
  EXPECT_EQ(quarter(3).value_or(7), 7);
}

}  // namespace
}  // namespace inquest
