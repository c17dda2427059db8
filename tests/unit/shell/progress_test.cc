// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/progress.h"

#include <sstream>

#include <gtest/gtest.h>

namespace inquest {
namespace {

using std::chrono::milliseconds;

class ProgressTest : public testing::Test {
 protected:
  std::chrono::steady_clock::time_point now;
  std::ostringstream terminal;
  ProgressLine line = ProgressLine(terminal, [this] { return now; });
};

TEST_F(ProgressTest, ShortWorkIsNotMentioned) {
  line.show(10, 100);
  now += milliseconds(999);
  line.show(90, 100);
  line.show(100, 100);
  EXPECT_EQ(terminal.str(), "");
}

TEST_F(ProgressTest, LongWorkIsShownOncePerPercentAndCleared) {
  line.show(100, 1000);
  now += milliseconds(1000);
  line.show(200, 1000);
  std::string shown = "reading debug info: 20% (Ctrl-C stops)";
  EXPECT_EQ(terminal.str(), "\r" + shown);
  line.show(201, 1000);
  EXPECT_EQ(terminal.str(), "\r" + shown);
  terminal.str("");
  line.show(1000, 1000);
  EXPECT_EQ(terminal.str(), "\r" + std::string(shown.size(), ' ') + "\r");
}

TEST_F(ProgressTest, EachWorkHasItsOwnSecond) {
  line.show(1, 2);
  now += milliseconds(5000);
  line.show(2, 2);
  line.show(1, 3);
  now += milliseconds(500);
  line.show(2, 3);
  EXPECT_EQ(terminal.str(), "");
}

}  // namespace
}  // namespace inquest
