// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of file descriptors, whole and damaged.

#include "kernel/files.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t nowhere = base + 0x900000;

// A task at 0x100 whose files_struct lies at 0x200 and fdtable at 0x300.
class FileKernel : public test::TestKernel {
 public:
  explicit FileKernel(const std::string& machine)
      : test::TestKernel(machine, {}) {
    const Type& any = types().pointer_to(types().void_type());
    const Type& number = types().c_type("unsigned int");
    const Type& table = source->structure(
        "fdtable", 32,
        {member("max_fds", number, 0), member("fd", any, 8),
         member("open_fds", any, 16), member("close_on_exec", any, 24)});
    const Type& files = source->structure(
        "files_struct", 8, {member("fdt", types().pointer_to(table), 0)});
    source->structure("file", 8, {member("f_path", any, 0)});
    source->structure("task_struct", 8,
                      {member("files", types().pointer_to(files), 0)});
  }

  // Descriptors and where their files lie; -1 for a fault at the end.
  std::vector<std::pair<int, std::uint64_t>> found() const {
    std::vector<std::pair<int, std::uint64_t>> all;
    Object task = object("task_struct", Address{base + 0x100});
    for (const OpenFile& open : open_files(*this, task)) {
      bool is_fault = open.file.fault() != nullptr;
      all.emplace_back(is_fault ? -1 : static_cast<int>(open.descriptor),
                       is_fault ? 0 : open.file.address().value - base);
      if (all.size() > 1000) break;
    }
    return all;
  }
};

std::string table(std::uint64_t size, std::uint64_t slots, std::uint64_t used) {
  return words(0x100, {base + 0x200}) + words(0x200, {base + 0x300}) +
         words(0x300, {size, slots, used, used + size / 8});
}

using Found = std::vector<std::pair<int, std::uint64_t>>;

TEST(OpenFiles, AreThoseOfDescriptorsInUse) {
  // 1 is taken and has no file yet, 2 was closed and left its file.
  FileKernel kernel(table(128, base + 0x400, base + 0x380) +
                    words(0x380, {0b1011, 1}) +
                    words(0x400, {base + 0x10, 0, base + 0x20, base + 0x30}) +
                    words(0x600, {base + 0x40}));
  EXPECT_EQ(kernel.found(), (Found{{0, 0x10}, {3, 0x30}, {64, 0x40}}));
}

TEST(OpenFiles, AreNoneWithoutATable) {
  FileKernel kernel(words(0x100, {0}));
  EXPECT_EQ(kernel.found(), Found{});
}

TEST(OpenFiles, SayWhatHidesThem) {
  FileKernel no_table(words(0x100, {nowhere}));
  EXPECT_EQ(no_table.found(), (Found{{-1, 0}}));
  FileKernel no_map(table(64, base + 0x400, nowhere));
  EXPECT_EQ(no_map.found(), (Found{{-1, 0}}));
  FileKernel no_slots(table(64, nowhere, base + 0x380) + words(0x380, {0b11}));
  EXPECT_EQ(no_slots.found(), (Found{{-1, 0}, {-1, 0}}));
}

TEST(OpenFiles, AreNoMoreThanTheTableHasRoomFor) {
  // Memory with all bits set lies behind a map of 128 bits.
  std::string machine =
      words(0x100, {base + 0x200}) + words(0x200, {base + 0x300}) +
      words(0x300, {0x4000080, base + 0x1000, base + 0x380, base + 0x390}) +
      words(0x380, {1, 2, 0, ~0UL, ~0UL, ~0UL}) + words(0x1000, {base + 0x10}) +
      words(0x1208, {base + 0x20}) + words(0x1400, {base + 0x30, base + 0x30});
  EXPECT_EQ(FileKernel(machine).found(),
            (Found{{-1, 0}, {0, 0x10}, {65, 0x20}}));
}

TEST(OpenFiles, EndWhereTheMapDoes) {
  // A table that claims 4 billion descriptors.
  FileKernel kernel(table(0xfffffff8, base + 0x400, base + 0x380) +
                    words(0x380, {1}) + words(0x400, {base + 0x10}));
  Found found = kernel.found();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), (std::pair<int, std::uint64_t>{0, 0x10}));
  EXPECT_LT(found.size(), 1000U);
}

}  // namespace
}  // namespace inquest
