// SPDX-License-Identifier: GPL-3.0-or-later
// The DWARF of a real kernel, when this machine has one with debug info.

#include <gtest/gtest.h>

#include "debug_kernels.h"
#include "debuginfo/cfi.h"
#include "debuginfo/dwarf.h"
#include "debuginfo/symbols.h"

namespace inquest::test {
namespace {

class Vmlinux : public testing::Test {
 protected:
  void SetUp() override {
    auto kernels = debug_kernels();
    if (kernels.empty()) GTEST_SKIP() << "no vmlinux with debug info";
    auto file = ElfFile::open(kernels.front());
    ASSERT_TRUE(file) << file.error().message();
    file_ = *file;
    auto symbols = symbol_table(file_, 0);
    ASSERT_TRUE(symbols);
    symbols_ = std::make_unique<SymbolTable>(std::move(symbols).value());
  }

  std::shared_ptr<const ElfFile> file_;
  std::unique_ptr<SymbolTable> symbols_;
};

TEST_F(Vmlinux, TypesAndVariablesAgreeWithTheSymbols) {
  auto types = dwarf_types(file_, {});
  ASSERT_TRUE(types);
  auto task = (*types)->type("task_struct", TypeTag::structure);
  ASSERT_TRUE(task) << task.error().message();
  EXPECT_TRUE(has_member(**task, "comm"));
  EXPECT_TRUE(has_member(**task, "tasks.next"));
  for (std::string_view name : {"init_task", "init_pid_ns", "linux_banner"}) {
    auto found = (*types)->variable(name);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_TRUE(found->address);
    EXPECT_EQ(*found->address, symbols_->find(name)->address);
  }
  EXPECT_EQ((*types)->variable("init_task")->type->size(), (*task)->size());
  EXPECT_EQ((*types)->enumerator("PIDTYPE_PID")->second, 0);
  auto schedule = (*types)->function("schedule");
  ASSERT_TRUE(schedule);
  EXPECT_EQ(*schedule->address, symbols_->find("schedule")->address);
}

TEST_F(Vmlinux, CodeHasLinesAndFrames) {
  Address at = symbols_->find("schedule")->address;
  auto lines = source_lines(file_);
  ASSERT_TRUE(lines);
  auto line = (*lines)->line_at(at);
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_TRUE(line->file.ends_with("kernel/sched/core.c")) << line->file;
  auto cfi = Cfi::open(file_);
  if (!cfi) return;
  EXPECT_TRUE((*cfi)->row_at(at));
}

}  // namespace
}  // namespace inquest::test
