// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/aliases.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

TEST(Aliases, ReplaceTheFirstWordOnce) {
  Aliases aliases;
  EXPECT_EQ(aliases.expand("dmesg -T"), "log -T");
  EXPECT_EQ(aliases.expand("px jiffies"), "p -x jiffies");
  EXPECT_EQ(aliases.expand("echo dmesg"), "echo dmesg");
  EXPECT_EQ(aliases.expand("dmesg|wc"), "log|wc");
  aliases.define("runtime", "log", "dmesg");
  EXPECT_EQ(aliases.expand("dmesg"), "log");
}

TEST(Aliases, AreDefinedReplacedAndRemoved) {
  Aliases aliases;
  std::size_t builtin = aliases.all().size();
  aliases.define("runtime", "top", "ps | head");
  EXPECT_EQ(aliases.expand("top"), "ps | head");
  aliases.define("runtime", "top", "ps -l");
  EXPECT_EQ(aliases.expand("top"), "ps -l");
  EXPECT_EQ(aliases.all().size(), builtin + 1);
  aliases.define("runtime", "top", "");
  EXPECT_EQ(aliases.find("top"), nullptr);
}

}  // namespace
}  // namespace inquest
