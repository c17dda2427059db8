// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/shell.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "shell/variables.h"
#include "temporary.h"
#include "unit/shell/fake_kernel.h"

namespace inquest {
namespace {

class ShellTest : public testing::Test {
 protected:
  // The output of |line|, which must not redirect by itself.
  std::string output_of(const std::string& line) {
    shell_.run_line(line + " > " + path("out"));
    return contents(path("out"));
  }

  std::string path(const std::string& name) const {
    return inquest::test::temporary_folder() + "iq_shell_" + name;
  }

  static std::string contents(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  FakeKernel kernel_;
  Session session_ = {.kernel = kernel_,
                      .settings = default_settings(),
                      .task = std::nullopt,
                      .history = {}};
  Shell shell_ = Shell(session_, "inquest");
};

TEST_F(ShellTest, AnswersGoWhereTheyAreSent) {
  EXPECT_EQ(output_of("set radix 16"), "output radix: 16 (hex)\n");
  EXPECT_EQ(output_of("hex"), "output radix: 16 (hex)\n");
  shell_.run_line("set radix >> " + path("out"));
  EXPECT_EQ(contents(path("out")),
            "output radix: 16 (hex)\noutput radix: 16 (hex)\n");
  shell_.run_line("set -v | grep print_max > " + path("piped"));
  EXPECT_EQ(contents(path("piped")), "     print_max: 256\n");
  EXPECT_FALSE(shell_.has_problem());
}

TEST_F(ShellTest, ErrorsGoWhereTheVariableSays) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(output_of("nonsense"), "inquest: command not found: nonsense\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "inquest: command not found: nonsense\n");
  EXPECT_TRUE(shell_.has_problem());
  testing::internal::CaptureStderr();
  shell_.run_line("set error redirect > /dev/null");
  EXPECT_EQ(output_of("nonsense"), "inquest: command not found: nonsense\n");
  shell_.run_line("set error " + path("err") + " > /dev/null");
  EXPECT_EQ(output_of("nonsense"), "");
  EXPECT_EQ(contents(path("err")), "inquest: command not found: nonsense\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ShellTest, UsageIsPartOfTheAnswer) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(output_of("repeat"),
            "Usage:\n  repeat [-seconds] command\n"
            "Enter \"help repeat\" for details.\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(shell_.has_problem());
}

TEST_F(ShellTest, JsonHasOneObjectALine) {
  shell_.run_line("set json on > /dev/null");
  EXPECT_EQ(output_of("set radix"),
            "{\"variable\":\"radix\",\"value\":\"10 (decimal)\"}\n");
  EXPECT_EQ(output_of("nonsense"),
            "{\"error\":\"inquest: command not found: nonsense\"}\n");
}

TEST_F(ShellTest, BugsEndTheCommandOnly) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(output_of("set scope explosive"),
            "set: this is a bug of inquest: boom\n");
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(output_of("set debug"), "debug: 0\n");
}

TEST_F(ShellTest, AliasesAreDefinedAndBypassed) {
  shell_.run_line("alias shown \"set debug\"");
  EXPECT_EQ(output_of("shown"), "debug: 0\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(output_of("\\shown"), "inquest: command not found: shown\n");
  shell_.run_line("alias set nonsense");
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(output_of("set debug"), "debug: 0\n");
}

TEST_F(ShellTest, OldLinesCanBeRunAgain) {
  shell_.run_line("set debug > " + path("again"));
  shell_.run_line("alias > /dev/null");
  for (const char* again : {"!1", "r 1", "r set"}) {
    std::filesystem::remove(path("again"));
    shell_.run_line(again);
    EXPECT_EQ(contents(path("again")), "debug: 0\n") << again;
  }
  std::filesystem::remove(path("again"));
  shell_.run_line("!!");
  EXPECT_EQ(contents(path("again")), "debug: 0\n");
}

TEST_F(ShellTest, ScriptsGoOnAfterErrorsAndAreNotNested) {
  std::ofstream(path("script"))
      << "# remark\nnonsense > /dev/null\n< " << path("script")
      << "\nset debug > " << path("done") << "\nq\nset radix > " << path("done")
      << "\n";
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_TRUE(shell_.run_script(path("script"), "runtime", false));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("cannot be nested"),
            std::string::npos);
  EXPECT_EQ(contents(path("done")), "debug: 0\n");
  EXPECT_TRUE(shell_.is_finished());
  EXPECT_FALSE(shell_.run_script("/no/such/script", "runtime", false));
}

TEST_F(ShellTest, ScriptsAreEchoed) {
  std::ofstream(path("script")) << "# remark\n";
  testing::internal::CaptureStdout();
  EXPECT_TRUE(shell_.run_script(path("script"), "runtime", true));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "inquest> # remark\n");
}

TEST_F(ShellTest, EachLineOfAnArgumentFileIsACommand) {
  std::ofstream(path("arguments")) << "radix\ndebug\n";
  EXPECT_EQ(output_of("set < " + path("arguments")),
            "output radix: 10 (decimal)\ndebug: 0\n");
  testing::internal::CaptureStderr();
  EXPECT_NE(output_of("set < /no/such/file").find("No such file"),
            std::string::npos);
  testing::internal::GetCapturedStderr();
}

TEST_F(ShellTest, OtherWordsForCommands) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(as_command(session_, {"*page", "ffff"}),
            (Words{"*", "page", "ffff"}));
  EXPECT_EQ(as_command(session_, {"p/x", "jiffies"}),
            (Words{"p", "/x", "jiffies"}));
  EXPECT_EQ(as_command(session_, {"known"}), (Words{"p", "known"}));
  EXPECT_EQ(as_command(session_, {"&known"}), (Words{"p", "&known"}));
  EXPECT_EQ(as_command(session_, {"known.x[2]"}), (Words{"p", "known.x[2]"}));
  EXPECT_EQ(as_command(session_, {"$3"}), (Words{"p", "$3"}));
  EXPECT_EQ(as_command(session_, {"unknown"}), (Words{"unknown"}));
  EXPECT_EQ(as_command(session_, {"enum", "x"}),
            (Words{"whatis", "enum", "x"}));
}

TEST_F(ShellTest, VariablesTakeOnlyWhatMakesSense) {
  for (const char* line :
       {"set radix 11", "set print_max many", "set scroll sideways",
        "set offline maybe", "set null-stop 2", "set gdb on"}) {
    auto before = session_.settings.shell;
    testing::internal::CaptureStderr();
    EXPECT_NE(output_of(line), "") << line;
    EXPECT_NE(testing::internal::GetCapturedStderr(), "") << line;
    EXPECT_EQ(session_.settings.shell, before) << line;
  }
  output_of("set print_max 7 null-stop on zero_excluded on");
  EXPECT_EQ(session_.settings.print_max, 7U);
  EXPECT_TRUE(session_.settings.null_stop);
  EXPECT_TRUE(session_.settings.zero_excluded);
}

TEST_F(ShellTest, ExcludedPagesAreZeroesInTheOpenKernel) {
  output_of("set zero_excluded on");
  EXPECT_TRUE(kernel_.is_zero_excluded());
  output_of("set zero_excluded off");
  EXPECT_FALSE(kernel_.is_zero_excluded());
}

TEST_F(ShellTest, EveryVariableIsShown) {
  std::string list = output_of("set -v");
  for (const Variable& variable : variables()) {
    EXPECT_NE(list.find(std::string(variable.name) + ": "), std::string::npos)
        << variable.name;
  }
}

}  // namespace
}  // namespace inquest
