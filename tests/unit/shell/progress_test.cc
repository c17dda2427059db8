// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/progress.h"

#include <sstream>

#include <gtest/gtest.h>

#include "render/render.h"

namespace inquest {
namespace {

using std::chrono::milliseconds;

class ProgressTest : public testing::Test {
 protected:
  std::chrono::steady_clock::time_point now_;
  std::ostringstream terminal_;
  ProgressLine line_ = ProgressLine(terminal_, [this] { return now_; });
};

TEST_F(ProgressTest, ShortWorkIsNotMentioned) {
  line_.show(10, 100);
  now_ += milliseconds(999);
  line_.show(90, 100);
  line_.show(100, 100);
  EXPECT_EQ(terminal_.str(), "");
}

TEST_F(ProgressTest, LongWorkIsShownOncePerPercentAndCleared) {
  line_.show(100, 1000);
  now_ += milliseconds(1000);
  line_.show(200, 1000);
  std::string shown = "reading debug info: 20% (Ctrl-C stops)";
  EXPECT_EQ(terminal_.str(), "\r" + shown);
  line_.show(201, 1000);
  EXPECT_EQ(terminal_.str(), "\r" + shown);
  terminal_.str("");
  line_.show(1000, 1000);
  EXPECT_EQ(terminal_.str(), "\r" + std::string(shown.size(), ' ') + "\r");
}

TEST_F(ProgressTest, EachWorkHasItsOwnSecond) {
  line_.show(1, 2);
  now_ += milliseconds(5000);
  line_.show(2, 2);
  line_.show(1, 3);
  now_ += milliseconds(500);
  line_.show(2, 3);
  EXPECT_EQ(terminal_.str(), "");
}

TEST_F(ProgressTest, GivesWayToOtherText) {
  line_.show(1, 4, "searching memory");
  now_ += milliseconds(1500);
  line_.show(2, 4, "searching memory");
  std::string shown = "searching memory: 50% (Ctrl-C stops)";
  EXPECT_EQ(terminal_.str(), "\r" + shown);
  terminal_.str("");
  line_.hide();
  EXPECT_EQ(terminal_.str(), "\r" + std::string(shown.size(), ' ') + "\r");
  terminal_.str("");
  line_.hide();
  EXPECT_EQ(terminal_.str(), "");
  line_.show(2, 4, "searching memory");
  EXPECT_EQ(terminal_.str(), "\r" + shown);
}

// The answer and the line share a terminal.
TEST_F(ProgressTest, StandsBelowTheAnswer) {
  for (bool is_paged : {false, true}) {
    terminal_.str("");
    auto out = with_progress(render::text(terminal_, terminal_),
                             ProgressLine(terminal_, [this] { return now_; }),
                             is_paged);
    out->progress("working", 1, 4);
    now_ += milliseconds(1500);
    out->progress("working", 2, 4);
    out->layout("found\n");
    out->progress("working", 2, 4);
    now_ += milliseconds(150);
    out->progress("working", 3, 4);
    out->progress("working", 4, 4);
    std::string half = "working: 50% (Ctrl-C stops)";
    std::string blank = "\r" + std::string(half.size(), ' ') + "\r";
    std::string before = "\r" + half + blank + "found\n";
    std::string after = "\rworking: 75% (Ctrl-C stops)" + blank;
    EXPECT_EQ(terminal_.str(), before + (is_paged ? "" : after));
  }
}

TEST_F(ProgressTest, OfManyThingsIsWrittenTenTimesASecond) {
  auto out =
      with_progress(render::text(terminal_, terminal_),
                    ProgressLine(terminal_, [this] { return now_; }), false);
  std::size_t written = 0;
  {
    report::Work work(*out, "looking", 2001);
    for (unsigned i = 0; i < 2000; ++i, now_ += milliseconds(1)) {
      work.next();
      out->layout("");
      if (terminal_.str().ends_with("\r")) ++written;
      terminal_.str("");
    }
    EXPECT_EQ(written, 10U);
    work.next();
    EXPECT_EQ(terminal_.str(), "\rlooking: 99% (Ctrl-C stops)");
  }
  EXPECT_TRUE(terminal_.str().ends_with("\r"));
}

TEST_F(ProgressTest, WorkOfUnknownLengthIsShownUntilItIsOver) {
  line_.mention("waiting");
  EXPECT_EQ(terminal_.str(), "");
  now_ += milliseconds(1000);
  line_.mention("waiting");
  EXPECT_EQ(terminal_.str(), "\rwaiting");
  line_.clear();
  EXPECT_EQ(terminal_.str(), "\rwaiting\r       \r");
}

}  // namespace
}  // namespace inquest
