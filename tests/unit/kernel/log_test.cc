// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/log_samples.h"

namespace inquest {
namespace {

using test::add_record_type;
using test::add_ring_types;
using test::buffer;
using test::buffer_symbols;
using test::Ring;
using test::TestKernel;

std::vector<Result<LogRecord>> all(const Kernel& kernel) {
  std::vector<Result<LogRecord>> found;
  for (const Result<LogRecord>& record : log_records(kernel))
    found.push_back(record);
  return found;
}

std::string texts(const Kernel& kernel) {
  std::string joined;
  for (const auto& record : all(kernel))
    joined += (record ? record->text : "<error>") + '|';
  return joined;
}

// ---- The lockless ring: 4 slots, 64 bytes of text ----

TEST(LogRing, ReadsRecordsInOrder) {
  // The first record's text would lie where the last one's is by now.
  Ring ring{.more = "@0x2050 u64 1 3\n"};
  TestKernel kernel(ring.machine(), {{"prb", 0x1000}});
  add_ring_types(kernel);
  auto records = all(kernel);
  ASSERT_EQ(records.size(), 3U);
  ASSERT_TRUE(records[0]) << records[0].error().message();
  EXPECT_EQ(records[0]->text, "");  // an odd position: no text
  EXPECT_EQ(records[0]->nanoseconds, 1500000000U);
  EXPECT_EQ(records[0]->level, 6U);
  EXPECT_EQ(records[0]->caller, "T7");
  ASSERT_TRUE(records[1]) << records[1].error().message();
  EXPECT_EQ(records[1]->text, "second");
  EXPECT_EQ(records[1]->facility, 3U);
  EXPECT_EQ(records[1]->level, 5U);
  EXPECT_EQ(records[1]->caller, "C2");
  ASSERT_TRUE(records[2]) << records[2].error().message();
  EXPECT_EQ(records[2]->text, "end");
  EXPECT_EQ(records[2]->sequence, 2U);
}

TEST(LogRing, LeavesOutWhatIsBeingWritten) {
  Ring ring{.more = "@0x2000 u64 4\n@0x2050 u64 1 3\n"};
  TestKernel kernel(ring.machine(), {{"prb", 0x1000}});
  add_ring_types(kernel);
  EXPECT_EQ(texts(kernel), "|end|");
}

TEST(LogRing, ABadBlockIsOneBadRecord) {
  Ring ring{.more = "@0x2008 u64 16 0x7770\n@0x2050 u64 1 3\n"};
  TestKernel kernel(ring.machine(), {{"prb", 0x1000}});
  add_ring_types(kernel);
  EXPECT_EQ(texts(kernel), "|<error>|end|");
}

TEST(LogRing, IsBounded) {
  Ring ring{.head = 0x3fffffffffffffff, .more = ""};
  TestKernel kernel(ring.machine(), {{"prb", 0x1000}});
  add_ring_types(kernel);
  EXPECT_LE(all(kernel).size(), 4U);
  Ring huge{.count_bits = 63, .more = ""};
  TestKernel other(huge.machine(), {{"prb", 0x1000}});
  add_ring_types(other);
  auto records = all(other);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].error().kind(), ErrorKind::corrupt);
}

// ---- Records in a buffer ----

TEST(LogBuffer, ReadsRecordsAndProperties) {
  TestKernel kernel(buffer(), buffer_symbols);
  add_record_type(kernel);
  auto records = all(kernel);
  ASSERT_EQ(records.size(), 2U);
  ASSERT_TRUE(records[0]) << records[0].error().message();
  EXPECT_EQ(records[0]->text, "first");
  EXPECT_EQ(records[0]->level, 2U);
  EXPECT_EQ(records[0]->properties, (std::vector<std::string>{"A=1", "BB=22"}));
  ASSERT_TRUE(records[1]);
  EXPECT_EQ(records[1]->text, "again");
}

TEST(LogBuffer, EndsAtALengthThatMakesNoSense) {
  TestKernel kernel(buffer("@0x2048 u16 3\n"), buffer_symbols);
  add_record_type(kernel);
  auto records = all(kernel);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].error().kind(), ErrorKind::corrupt);
}

TEST(LogBuffer, RefusesIndexesOutside) {
  TestKernel kernel(buffer("@0x100c u32 9999\n"), buffer_symbols);
  add_record_type(kernel);
  auto records = all(kernel);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_FALSE(records[0]);
}

// ---- Text ----

TEST(LogText, UnwindsTheRing) {
  TestKernel kernel(fmt::format("@0x1000 u64 {:#x}\n@0x1008 u32 16 20 16\n"
                                "@0x2000 text \"two\\n<3>one\\n<6>\"\n",
                                TestKernel::base + 0x2000),
                    {{"log_buf", 0x1000},
                     {"log_buf_len", 0x1008},
                     {"log_end", 0x100c},
                     {"logged_chars", 0x1010}});
  auto records = all(kernel);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]->text, "one");
  EXPECT_EQ(records[0]->level, 3U);
}

TEST(LogText, NeedsItsSymbols) {
  TestKernel kernel("@0x1000 u64 1\n", {});
  auto records = all(kernel);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace inquest
