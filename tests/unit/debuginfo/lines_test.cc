// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include <gtest/gtest.h>

#include "debuginfo/dwarf.h"
#include "debuginfo/lines_program.h"
#include "unit/debuginfo/dwarf_samples.h"

namespace inquest::test {
namespace {

class Lines : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    file_ = dwarf_sample(GetParam());
    auto opened = source_lines(file_);
    ASSERT_TRUE(opened) << opened.error().message();
    lines_ = *opened;
    start_ = {symbol_value(*file_, "sample_function").value()};
  }

  // The first address from |start_| on whose line is |line|.
  std::optional<Address> address_of(unsigned line) {
    for (Address at = start_; at < start_ + 256; at = at + 1) {
      auto found = lines_->line_at(at);
      if (found && found->line == line) return at;
    }
    return {};
  }

  std::shared_ptr<const ElfFile> file_;
  std::shared_ptr<SourceLines> lines_;
  Address start_;
};

TEST_P(Lines, PathsAreWhole) {
  auto found = lines_->line_at(start_);
  ASSERT_TRUE(found) << found.error().message();
  // A build folder inside the tree makes it build/dev/../../tests/...
  std::filesystem::path path(found->file);
  EXPECT_TRUE(path.is_absolute()) << path;
  EXPECT_EQ(path.lexically_normal(),
            INQUEST_SOURCE_DIR "/tests/unit/debuginfo/dwarf_sample.c");
}

TEST_P(Lines, EachStatementHasItsLine) {
  EXPECT_TRUE(address_of(marked_line("body")));
  EXPECT_TRUE(address_of(marked_line("inlined")));
  EXPECT_FALSE(address_of(marked_line("body") + 1000));
}

TEST_P(Lines, InlinedCallsAreNamed) {
  auto at = address_of(marked_line("inlined"));
  ASSERT_TRUE(at);
  auto calls = lines_->inlined_at(*at);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].function, "twice");
  EXPECT_EQ(calls[0].called_from.line, marked_line("call"));
  EXPECT_TRUE(calls[0].called_from.file.ends_with("dwarf_sample.c"));
  EXPECT_TRUE(lines_->inlined_at(start_).empty());
}

TEST_P(Lines, OtherUnitsAreReached) {
  auto found =
      lines_->line_at({symbol_value(*file_, "other_function").value()});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->file.ends_with("dwarf_sample_other.c"));
}

TEST_P(Lines, WhatIsNoCodeHasNoLine) {
  EXPECT_FALSE(lines_->line_at({0}));
  EXPECT_FALSE(lines_->line_at({~0ULL}));
  EXPECT_TRUE(lines_->inlined_at({0}).empty());
}

INSTANTIATE_TEST_SUITE_P(Samples, Lines,
                         testing::ValuesIn(dwarf_sample_kinds()),
                         [](const auto& one) { return one.param; });

LineTable table_of(std::vector<LineRow> rows) {
  LineTable table;
  table.sequences.push_back({0, static_cast<std::uint32_t>(rows.size())});
  table.rows = std::move(rows);
  return table;
}

LineRow row(std::uint64_t address, std::uint32_t file, std::uint32_t line,
            bool is_statement) {
  LineRow made;
  made.address = {address};
  made.file = file;
  made.line = line;
  made.is_statement = is_statement;
  return made;
}

TEST(LineTableFind, TheLastRowOfAnAddressCounts) {
  auto table = table_of({row(1, 1, 10, true), row(4, 1, 11, true),
                         row(4, 2, 12, true), row(9, 1, 0, true)});
  EXPECT_EQ(table.find({3})->line, 10U);
  EXPECT_EQ(table.find({4})->line, 12U);
  EXPECT_EQ(table.find({8})->line, 12U);
  EXPECT_EQ(table.find({9}), nullptr);
  EXPECT_EQ(table.find({0}), nullptr);
}

TEST(LineTableFind, StatementsComeFirst) {
  auto table =
      table_of({row(4, 1, 11, true), row(4, 2, 12, false), row(6, 1, 13, true),
                row(6, 1, 14, false), row(9, 1, 0, true)});
  EXPECT_EQ(table.find({4})->line, 11U);
  EXPECT_EQ(table.find({6})->line, 13U);
}

}  // namespace
}  // namespace inquest::test
