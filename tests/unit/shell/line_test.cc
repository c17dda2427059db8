// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/line.h"

#include <fstream>

#include <gtest/gtest.h>

#include "temporary.h"

namespace inquest {
namespace {

using Words = std::vector<std::string>;
using Kind = Line::Kind;
using Out = Line::Output;

Line parsed(std::string_view text) {
  auto line = parse_line(text);
  EXPECT_TRUE(line) << text;
  return line ? *line : Line();
}

TEST(Line, BlanksAndRemarksAreNothing) {
  for (const char* text : {"", "  \t", "# ps", "  // ps"})
    EXPECT_EQ(parsed(text).kind, Kind::empty) << text;
}

TEST(Line, RedirectsToFiles) {
  Line line = parsed("ps -k > out.txt");
  EXPECT_EQ(line.command, "ps -k");
  EXPECT_EQ(line.output, Out::file);
  EXPECT_EQ(line.target, "out.txt");
  line = parsed("ps>>\"two words\"");
  EXPECT_EQ(line.command, "ps");
  EXPECT_EQ(line.output, Out::append);
  EXPECT_EQ(line.target, "two words");
}

TEST(Line, SendsThroughPipes) {
  Line line = parsed("ps | grep x > y | wc");
  EXPECT_EQ(line.command, "ps");
  EXPECT_EQ(line.output, Out::pipe);
  EXPECT_EQ(line.target, "grep x > y | wc");
  line = parsed("ps ! head");
  EXPECT_EQ(line.output, Out::pipe);
  EXPECT_EQ(line.target, "head");
}

TEST(Line, OperatorsOfExpressionsStay) {
  for (const char* text :
       {"p init_task->pid", "eval (1 >> 2)", "p (a > b)", "p a != b",
        "p a >= b", "p a || b", "search -c \"a | b\"", "ps 'a|b'",
        "eval 1 << 20", "p (a | (b > c))"}) {
    Line line = parsed(text);
    EXPECT_EQ(line.kind, Kind::command) << text;
    EXPECT_EQ(line.output, Out::terminal) << text;
    EXPECT_EQ(line.command, text);
    EXPECT_FALSE(line.arguments) << text;
  }
}

TEST(Line, UnbalancedQuotesAndParenthesesAreOrdinary) {
  EXPECT_EQ(parsed("ps don't > x").output, Out::file);
  EXPECT_EQ(parsed("ps (x > y").output, Out::file);
}

TEST(Line, ShellCommands) {
  EXPECT_EQ(parsed("!ls > x").kind, Kind::shell);
  EXPECT_EQ(parsed("!ls > x").command, "ls > x");
  EXPECT_EQ(parsed("!").command, "");
  EXPECT_EQ(parsed("|").kind, Kind::shell);
}

TEST(Line, InputFiles) {
  Line line = parsed("< commands");
  EXPECT_EQ(line.kind, Kind::script);
  EXPECT_EQ(line.command, "commands");
  line = parsed("struct task_struct.pid < tasks > out");
  EXPECT_EQ(line.kind, Kind::command);
  EXPECT_EQ(line.arguments, "tasks");
  EXPECT_EQ(line.target, "out");
  line.command.insert(line.arguments_at, "ffff");
  EXPECT_EQ(line.command, "struct task_struct.pid ffff");
}

TEST(Line, InputFilesInParenthesesMustExist) {
  std::string name = inquest::test::temporary_folder() + "iq_arguments";
  std::ofstream(name) << "1\n";
  Line line = parsed("rd (jiffies + < " + name + ")");
  ASSERT_TRUE(line.arguments);
  line.command.insert(line.arguments_at, "8");
  EXPECT_EQ(line.command, "rd (jiffies + 8)");
  EXPECT_FALSE(parsed("p (a < no_such_file_here)").arguments);
}

TEST(Line, MissingOperandsAreErrors) {
  for (const char* text : {"ps >", "ps >> ", "ps |", "ps !  ", "<", "rd < "}) {
    auto line = parse_line(text);
    // "ps !" at the end of the line lacks its pipeline as "ps |" does.
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().kind(), ErrorKind::usage);
  }
}

TEST(Line, EndlessOnesAreErrors) {
  auto line = parse_line("p " + std::string(20000, '('));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().message(),
            "a line of 20002 characters; the limit is 16384");
}

TEST(Words, AreSplitAtBlanks) {
  EXPECT_EQ(split_words("  rd -x\tjiffies "), (Words{"rd", "-x", "jiffies"}));
  EXPECT_TRUE(split_words(" \t").empty());
}

TEST(Words, GroupsStayTogether) {
  EXPECT_EQ(split_words("rd (init_task + 8) 2"),
            (Words{"rd", "(init_task + 8)", "2"}));
  EXPECT_EQ(split_words("ps '^a b$'"), (Words{"ps", "'^a b$'"}));
  EXPECT_EQ(split_words("search -c \"two words\" x"),
            (Words{"search", "-c", "two words", "x"}));
  EXPECT_EQ(split_words("alias x \"\""), (Words{"alias", "x", ""}));
  EXPECT_EQ(split_words("p \"a b\"", Quotes::kept), (Words{"p", "\"a b\""}));
  EXPECT_EQ(split_words("p sizeof(struct page)"),
            (Words{"p", "sizeof(struct page)"}));
}

}  // namespace
}  // namespace inquest
