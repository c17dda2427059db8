// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/extensions.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "shell/completion.h"
#include "shell/shell.h"
#include "shell/variables.h"
#include "unit/shell/fake_kernel.h"

namespace inquest {
namespace {

const std::filesystem::path example = INQUEST_EXAMPLE;

bool is_free(std::string_view /*name*/) {
  return false;
}

TEST(ExtensionsTest, CommandsComeAndGoWithTheirFile) {
  Extensions extensions;
  auto loaded = extensions.load(example, is_free);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ((*loaded)->commands().size(), 3U);
  const ExtensionCommand* words = extensions.find("words");
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(words->page.synopsis, "symbol [count]");
  EXPECT_EQ(extensions.topics().size(), 3U);
  EXPECT_EQ(extensions.load(example, is_free).error().message(),
            "it is loaded already");
  EXPECT_FALSE(extensions.unload("another.so"));
  auto gone = extensions.unload(example.filename().string());
  ASSERT_TRUE(gone);
  EXPECT_EQ(*gone, example);
  EXPECT_EQ(extensions.find("words"), nullptr);
  EXPECT_TRUE(extensions.all().empty());
}

TEST(ExtensionsTest, NamesThatAreTakenStayWithTheirOwner) {
  Extensions extensions;
  auto loaded = extensions.load(
      example, [](std::string_view name) { return name == "lines"; });
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message(), "there is a command lines already");
  EXPECT_TRUE(extensions.all().empty());
}

TEST(ExtensionsTest, StaysWhileACommandOfItRuns) {
  Extensions extensions;
  ASSERT_TRUE(extensions.load(example, is_free));
  extensions.running() = 1;
  EXPECT_EQ(extensions.unload(example.string()).error().message(),
            "a command of an extension is running");
  extensions.running() = 0;
  EXPECT_TRUE(extensions.unload(example.string()));
}

TEST(ExtensionsTest, OnlyExtensionsAreOpened) {
  EXPECT_EQ(Extension::load("/nonexistent.so").error().kind(), ErrorKind::io);
  EXPECT_FALSE(Extension::load("/proc/self/exe"));
  EXPECT_EQ(Extension::load(__FILE__).error().message(), "not a shared object");
}

TEST(ExtensionsTest, CommandsAreCompleted) {
  FakeKernel kernel;
  Session session = {.kernel = kernel,
                     .settings = default_settings(),
                     .task = std::nullopt,
                     .history = {}};
  Shell shell(session, "inquest");
  EXPECT_TRUE(completions(shell, "stu").empty());
  ASSERT_TRUE(shell.extensions().load(example, is_free));
  EXPECT_EQ(completions(shell, "stu"), std::vector<std::string>{"stuck"});
  EXPECT_EQ(completions(shell, "help stu"), std::vector<std::string>{"stuck"});
  EXPECT_TRUE(shell.is_command("stuck"));
}

}  // namespace
}  // namespace inquest
