// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/options.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

Result<Options> parse(std::vector<std::string> words,
                      std::string_view letters) {
  return Options::parse(words, letters);
}

TEST(Options, ValueAfterASignIsOptional) {
  auto with = parse({"-S=1,3", "task"}, "S=x");
  ASSERT_TRUE(with);
  EXPECT_EQ(with->argument('S'), "1,3");
  EXPECT_EQ(with->words(), std::vector<std::string>{"task"});

  auto without = parse({"-Sx", "task"}, "S=x");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->argument('S'), "");
  EXPECT_TRUE(without->has('x'));

  EXPECT_FALSE(parse({"-x=1"}, "S=x"));
  EXPECT_FALSE(parse({"-="}, "S="));
}

TEST(Options, WordsWhereNoneAreTaken) {
  auto options = parse({"-x", "more"}, "x");
  ASSERT_TRUE(options);
  auto none = options->no_words();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::usage);
  EXPECT_TRUE(parse({"-x"}, "x")->no_words());
}

}  // namespace
}  // namespace inquest
