// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/manual.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "shell/shell.h"

namespace inquest {
namespace {

const Help sample = {
    .summary = "walk a dog",
    .synopsis = "[-f] [-l leash]\n[dog ...]",
    .description = "Walks.\n\n.Home",
    .options = {{"-f", "fast"}, {"-l leash", "on a leash"}},
    .examples = {{"a fast walk", "walk -f"}},
};

TEST(Manual, UsageAlignsFurtherLines) {
  EXPECT_EQ(usage_text("walk", sample),
            "Usage:\n"
            "  walk [-f] [-l leash]\n"
            "       [dog ...]\n"
            "Enter \"help walk\" for details.\n");
}

TEST(Manual, PageHasAllParts) {
  EXPECT_EQ(page_text("walk", sample),
            "\nNAME\n  walk - walk a dog\n\n"
            "SYNOPSIS\n  walk [-f] [-l leash]\n       [dog ...]\n\n"
            "DESCRIPTION\n  Walks.\n\n  .Home\n\n"
            "OPTIONS\n        -f  fast\n  -l leash  on a leash\n\n"
            "EXAMPLES\n  a fast walk\n    > walk -f\n\n");
}

TEST(Manual, EveryCommandHasHelp) {
  ASSERT_FALSE(topics().empty());
  for (const Topic& topic : topics()) {
    ASSERT_NE(topic.help, nullptr) << topic.name;
    EXPECT_FALSE(topic.help->summary.empty()) << topic.name;
    EXPECT_FALSE(topic.help->description.empty()) << topic.name;
    EXPECT_FALSE(topic.help->summary.ends_with('.')) << topic.name;
    for (std::string_view line : lines(topic.help->description))
      EXPECT_LE(line.size(), 78U) << topic.name << ": " << line;
  }
  EXPECT_EQ(topics().back().name, "q");
}

TEST(Manual, ScreenListsAllInColumns) {
  std::string screen = screen_text();
  for (const Topic& topic : topics())
    EXPECT_NE(screen.find(topic.name), std::string::npos) << topic.name;
}

TEST(Manual, ManPageEscapesWhatRoffWouldTake) {
  std::string page = man_page();
  EXPECT_EQ(page.find(".TH INQUEST 8"), 0U);
  EXPECT_NE(page.find(".SS set"), std::string::npos);
  for (std::string_view line : lines(page)) {
    if (!line.starts_with('.')) continue;
    std::string_view request = line.substr(0, line.find(' '));
    EXPECT_TRUE(request.size() <= 3) << line;
  }
}

}  // namespace
}  // namespace inquest
