// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/gdb.h"

#include <gtest/gtest.h>

#include "shell/mi.h"

namespace inquest {
namespace {

using Kind = MiRecord::Kind;

TEST(Mi, RecordsAreToldApart) {
  MiRecord text = parse_mi(R"(~"a\tb\n\"c\" \\ \303\251\033")");
  EXPECT_EQ(text.kind, Kind::console);
  EXPECT_EQ(text.text, "a\tb\n\"c\" \\ \xc3\xa9\x1b");
  EXPECT_EQ(parse_mi(R"(&"warning\n")").kind, Kind::log);
  MiRecord done = parse_mi("17^done,value=\"1\"");
  EXPECT_EQ(done.kind, Kind::done);
  EXPECT_EQ(done.token, 17U);
  MiRecord error = parse_mi(R"(3^error,msg="No symbol \"x\".",code="u")");
  EXPECT_EQ(error.kind, Kind::error);
  EXPECT_EQ(error.text, "No symbol \"x\".");
  EXPECT_EQ(error.token, 3U);
}

TEST(Mi, AnythingElseIsNoRecord) {
  for (const char* line :
       {"", "(gdb)", "=thread-created,id=\"1\"", "*stopped", "12", "12x",
        "999999999999999999999^done", "^done", "^"}) {
    EXPECT_EQ(parse_mi(line).kind, Kind::other) << line;
  }
  for (const char* line : {"~", "~\"", "1^error,msg=", "1^error"})
    EXPECT_EQ(parse_mi(line).text, "") << line;
  EXPECT_EQ(parse_mi(R"(~"cut)").text, "cut");
  EXPECT_EQ(parse_mi(R"(~"cut\101\)").text, "cutA\\");
}

TEST(Mi, QuotedTextComesBack) {
  std::string text = "printf \"%d\\n\", 1\n2";
  std::string quoted = mi_quoted(text);
  EXPECT_EQ(quoted.find('\n'), std::string::npos);
  EXPECT_EQ(parse_mi("~" + quoted).text, text);
}

TEST(Gdb, WhatRunsOrLeavesOrAsksIsNotForIt) {
  for (const char* line : {"run",          "r",        "continue",
                           "cont",         "c",        "fin",
                           "finish",       "step 3",   "target remote :1",
                           "tar ext",      "attach 1", "shell ls",
                           "she ls",       "! ls",     "quit",
                           "define x",     "defi x",   "while 1",
                           "python",       " py ",     "break f",
                           "file /bin/ls", "call f()"}) {
    EXPECT_NE(gdb_refusal(line), "") << line;
  }
  for (const char* line : {"bt",
                           "p x",
                           "p/x x",
                           "x/4gx 0",
                           "info registers",
                           "inf threads",
                           "i r",
                           "thread 3",
                           "frame 1",
                           "f",
                           "up",
                           "down",
                           "python print(1)",
                           "list schedule",
                           "set print pretty on",
                           "ptype struct file",
                           "printf \"x\"",
                           "disassemble",
                           "monitor modules",
                           ""}) {
    EXPECT_EQ(gdb_refusal(line), "") << line;
  }
}

TEST(Gdb, WordsThatNeedNoGdbInFront) {
  for (const char* line : {"x/4gx 0", "info threads", "printf \"x\"", "x 1"})
    EXPECT_TRUE(is_gdb_word(line)) << line;
  for (const char* line : {"", "nonsense", "run", "xx", "xxx/4"})
    EXPECT_FALSE(is_gdb_word(line)) << line;
}

}  // namespace
}  // namespace inquest
