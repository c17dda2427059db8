// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/output.h"

#include <csignal>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/interrupt.h"
#include "temporary.h"

namespace inquest {
namespace {

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Output, WritesAndAppends) {
  std::string path = inquest::test::temporary_folder() + "iq_output";
  for (bool is_appended : {false, true}) {
    auto output = Output::to_file(path, is_appended);
    ASSERT_TRUE(output);
    (*output)->stream() << "line\n";
    EXPECT_TRUE((*output)->finish());
  }
  EXPECT_EQ(contents(path), "line\nline\n");
  EXPECT_TRUE((*Output::to_file(path, false))->finish());
  EXPECT_EQ(contents(path), "");
}

TEST(Output, NamesFilesThatCannotBeWritten) {
  auto output = Output::to_file("/no/such/folder/x", false);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message(),
            "unable to open /no/such/folder/x: No such file or directory");
}

TEST(Output, LargeOutputReachesThePipelineWhole) {
  std::string path = inquest::test::temporary_folder() + "iq_pipe";
  auto output = Output::to_pipe("wc -c > " + path);
  ASSERT_TRUE(output);
  for (int i = 0; i < 100000; ++i)
    (*output)->stream() << "123456789\n";
  EXPECT_TRUE((*output)->finish());
  EXPECT_EQ(std::stoi(contents(path)), 1000000);
}

TEST(Output, ReaderThatLeavesStopsTheCommand) {
  std::signal(SIGPIPE, SIG_IGN);
  clear_interrupt();
  auto output = Output::to_pipe("true");
  ASSERT_TRUE(output);
  for (int i = 0; i < 1000000 && !interrupted(); ++i)
    (*output)->stream() << "123456789\n";
  EXPECT_TRUE(interrupted());
  EXPECT_FALSE((*output)->finish());
  clear_interrupt();
}

TEST(Output, ShellStatusIsTheCommands) {
  EXPECT_EQ(run_in_shell("exit 3"), 3);
  EXPECT_EQ(run_in_shell("kill -TERM $$"), 128 + SIGTERM);
}

TEST(Tee, CopiesToBoth) {
  std::ostringstream one;
  std::ostringstream two;
  TeeBuffer buffer(one, two);
  std::ostream both(&buffer);
  both << "a" << 'b' << 3;
  EXPECT_EQ(one.str(), "ab3");
  EXPECT_EQ(two.str(), "ab3");
}

}  // namespace
}  // namespace inquest
