// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/list.h"
#include "unit/kernel/test_kernel.h"

namespace inquest::test {
namespace {

constexpr std::uint64_t base = TestKernel::base;

void add_types(TestKernel& kernel) {
  Types& types = kernel.types();
  const Type& pointer = types.pointer_to(types.void_type());
  kernel.source->structure("xa_node", 520,
                           {{"shift", &types.c_type("unsigned char"), 0, 0},
                            {"slots", &types.array_of(pointer, 64), 64, 0}});
  kernel.source->structure("xarray", 8, {{"xa_head", &pointer, 0, 0}});
}

struct Walked {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
  std::vector<std::vector<unsigned>> paths;
  std::string reason;
};

Walked walk(Generator<IndexedEntry> entries) {
  Walked walked;
  for (const IndexedEntry& entry : entries) {
    if (entry.fault) {
      walked.reason = entry.fault->message();
    } else {
      walked.entries.emplace_back(entry.index, entry.entry.value);
      walked.paths.push_back(entry.path);
    }
  }
  return walked;
}

Walked walk(const TestKernel& kernel) {
  Object root = kernel.object("xarray", Address{base + 0x100});
  return walk(xarray_entries(kernel, root));
}

TEST(XArray, DeliversEntriesOfAllLevels) {
  std::string machine = fmt::format("@0x100 u64 {:#x}\n", base + 0x1002);
  machine += "@0x1000 u8 6\n@0x2000 u8 0\n";
  machine += fmt::format("@0x1010 u64 {:#x}\n", base + 0x2002);
  machine += "@0x1018 u64 0x8000\n@0x2008 u64 0x9000 0 0x15\n";
  TestKernel kernel(machine, {});
  add_types(kernel);
  Walked walked = walk(kernel);
  EXPECT_EQ(walked.reason, "");
  ASSERT_EQ(walked.entries.size(), 3U);
  using Entry = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(walked.entries[0], Entry(64, 0x9000));
  EXPECT_EQ(walked.entries[1], Entry(66, 0x15));
  EXPECT_EQ(walked.entries[2], Entry(128, 0x8000));
  EXPECT_EQ(walked.paths[1], (std::vector<unsigned>{1, 2}));
  EXPECT_EQ(walked.paths[2], (std::vector<unsigned>{2}));

  Walked part = walk(xarray_node_entries(kernel, Address{base + 0x2002}));
  ASSERT_EQ(part.entries.size(), 2U);
  EXPECT_EQ(part.entries[1], Entry(2, 0x15));
}

// The first index and the entry that stand for |index|; 0, 0 where there are
// none.
std::pair<std::uint64_t, std::uint64_t> find(const TestKernel& kernel,
                                             std::uint64_t index) {
  Object root = kernel.object("xarray", Address{base + 0x100});
  auto found = xarray_entry(kernel, root, index);
  if (!found) return {~std::uint64_t{0}, 0};
  if (!*found) return {0, 0};
  return {(*found)->index, (*found)->entry.value};
}

TEST(XArray, FindsTheEntryThatStandsForAnIndex) {
  std::string machine = fmt::format("@0x100 u64 {:#x}\n", base + 0x1002);
  machine += "@0x1000 u8 6\n@0x2000 u8 0\n";
  machine += fmt::format("@0x1010 u64 {:#x}\n", base + 0x2002);
  // An entry for 64 indexes; below the node, one for four and a single one.
  machine += "@0x1018 u64 0x8000\n";
  machine += "@0x2028 u64 0x9000 0x12 0x12 0x12 0x15\n";
  machine += fmt::format("@0x1020 u64 {:#x}\n", base + 0x900002);
  TestKernel kernel(machine, {});
  add_types(kernel);
  using Entry = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(find(kernel, 68), Entry(68, 0x9000));
  EXPECT_EQ(find(kernel, 71), Entry(68, 0x9000));
  EXPECT_EQ(find(kernel, 72), Entry(72, 0x15));
  EXPECT_EQ(find(kernel, 128 + 33), Entry(128, 0x8000));
  EXPECT_EQ(find(kernel, 67), Entry(0, 0));
  EXPECT_EQ(find(kernel, 3), Entry(0, 0));
  EXPECT_EQ(find(kernel, 64 * 64), Entry(0, 0));
  EXPECT_EQ(find(kernel, 192), Entry(~std::uint64_t{0}, 0));
}

TEST(XArray, OfOneEntryHasNoNodes) {
  TestKernel kernel("@0x100 u64 0x7000\n", {});
  add_types(kernel);
  using Entry = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(find(kernel, 0), Entry(0, 0x7000));
  EXPECT_EQ(find(kernel, 1), Entry(0, 0));
}

TEST(XArray, TellsANodeWithAShiftThatNoIndexHas) {
  std::string machine = fmt::format("@0x100 u64 {:#x}\n", base + 0x1002);
  machine += "@0x1000 u8 64\n@0x1010 u64 0x8000\n";
  TestKernel kernel(machine, {});
  add_types(kernel);
  Walked walked = walk(kernel);
  EXPECT_TRUE(walked.entries.empty());
  EXPECT_NE(walked.reason.find("impossible shift 64"), std::string::npos)
      << walked.reason;
}

TEST(XArray, GoesOnBehindANodeThatCannotBeRead) {
  std::string machine = fmt::format("@0x100 u64 {:#x}\n", base + 0x1002);
  machine += "@0x1000 u8 6\n";
  machine += fmt::format("@0x1010 u64 {:#x} 0x8000\n", base + 0x900002);
  TestKernel kernel(machine, {});
  add_types(kernel);
  Walked walked = walk(kernel);
  EXPECT_EQ(walked.entries.size(), 1U);
  EXPECT_NE(walked.reason, "");
}

TEST(XArray, TellsTheNodeThatCannotBeRead) {
  std::string machine = fmt::format("@0x100 u64 {:#x}\n", base + 0x1002);
  machine += "@0x1000 u8 6\n@0x1008 u64 0x8000\n";
  machine += fmt::format("@0x1010 u64 {:#x}\n", base + 0x900002);
  TestKernel kernel(machine, {});
  add_types(kernel);
  Walked walked = walk(kernel);
  EXPECT_EQ(walked.entries.size(), 1U);
  EXPECT_NE(walked.reason.find("0x900000: not in dump"), std::string::npos)
      << walked.reason;
}

}  // namespace
}  // namespace inquest::test
