// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/report.h"

#include <gtest/gtest.h>

namespace inquest::report {
namespace {

TEST(Record, KeepsOrderAndFindsByName) {
  Record record = Record().with("b", 1).with("a", "x");
  ASSERT_EQ(record.values().size(), 2U);
  EXPECT_EQ(record.values()[0].first, "b");
  ASSERT_NE(record.find("a"), nullptr);
  EXPECT_EQ(std::get<std::string>(record.find("a")->data), "x");
  EXPECT_EQ(record.find("c"), nullptr);
}

TEST(Value, TakesWhatAResultHolds) {
  Result<std::uint64_t> good = std::uint64_t{7};
  Result<std::uint64_t> bad = Error(ErrorKind::fault, "gone");
  EXPECT_EQ(std::get<std::uint64_t>(Value(good).data), 7U);
  EXPECT_EQ(std::get<Error>(Value(bad).data).message(), "gone");
}

TEST(Cell, SaysWhyItIsEmpty) {
  EXPECT_EQ(cell_text(Error(ErrorKind::fault, "anything")),
            "(page not in dump)");
  EXPECT_EQ(cell_text(Error(ErrorKind::corrupt, "loop")), "(loop)");
  auto format = [](int value) { return std::to_string(value); };
  EXPECT_EQ(cell_text(Result<int>(5), format), "5");
}

}  // namespace
}  // namespace inquest::report
