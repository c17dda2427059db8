// SPDX-License-Identifier: GPL-3.0-or-later
// Whole stacks of a real dump, where one is at hand.
#include "kernel/backtrace.h"

#include <gtest/gtest.h>

#include "debug_kernels.h"
#include "dumps/test_dump.h"
#include "kernel/task.h"

namespace inquest {
namespace {

class BacktraceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto shared = test::shared_folder(INQUEST_SOURCE_DIR);
    if (!shared) GTEST_SKIP() << "no shared dumps";
    KernelOptions options;
    options.dumps = {*shared / "dumps/x86_64-6.1-tun/vmcore.zlib"};
    for (const auto& vmlinux : test::debug_kernels()) {
      options.vmlinux = vmlinux;
      auto opened = Kernel::open(options);
      if (!opened) continue;  // another kernel's
      kernel_ = std::move(opened).value();
      return;
    }
    GTEST_SKIP() << "no vmlinux with debug information for the dump";
  }

  std::vector<std::string> names(const Backtrace& trace) const {
    std::vector<std::string> found;
    for (const Frame& frame : trace.frames) {
      auto place = kernel_->place(frame.is_call ? frame.pc - 1 : frame.pc);
      found.push_back(place ? place->symbol : "?");
    }
    return found;
  }

  std::unique_ptr<Kernel> kernel_;
};

TEST_F(BacktraceTest, OfThePanicGoesFromKexecToUserMode) {
  StackWalker walker(*kernel_);
  auto task = panic_task(*kernel_);
  ASSERT_TRUE(task) << task.error().message();
  Backtrace trace = walker.walk(*task);
  EXPECT_TRUE(trace.is_active);
  EXPECT_FALSE(trace.broken) << trace.broken->message();
  std::vector<std::string> expected = {
      "machine_kexec",      "__crash_kexec",
      "crash_kexec",        "oops_end",
      "page_fault_oops",    "exc_page_fault",
      "asm_exc_page_fault", "dev_ethtool",
      "dev_ioctl",          "sock_do_ioctl",
      "sock_ioctl",         "__x64_sys_ioctl",
      "do_syscall_64",      "entry_SYSCALL_64_after_hwframe"};
  ASSERT_EQ(names(trace), expected);
  ASSERT_TRUE(trace.frames[6].registers);
  auto place =
      kernel_->place(Address{trace.frames[6].registers->named.front().second});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->symbol, "tun_get_drvinfo");
  EXPECT_EQ(place->offset, 0x3aU);
  ASSERT_TRUE(trace.frames.back().registers);
  EXPECT_TRUE(trace.frames.back().registers->is_user);
}

TEST_F(BacktraceTest, OfAnInterruptedCpuChangesTheStack) {
  StackWalker walker(*kernel_);
  auto task = idle_task(*kernel_, 1);
  ASSERT_TRUE(task) << task.error().message();
  Backtrace trace = walker.walk(*task);
  ASSERT_GE(trace.frames.size(), 5U);
  EXPECT_EQ(trace.frames[0].stack, "NMI exception");
  EXPECT_EQ(trace.frames[4].stack, "process");
  EXPECT_FALSE(trace.frames[4].is_call);
  EXPECT_EQ(names(trace).front(), "crash_nmi_callback");
  EXPECT_EQ(names(trace).back(), "secondary_startup_64_no_verify");
}

TEST_F(BacktraceTest, OfEveryTaskIsWhole) {
  StackWalker walker(*kernel_);
  unsigned count = 0;
  for (const Object& task : tasks(*kernel_)) {
    ASSERT_EQ(task.fault(), nullptr);
    Backtrace trace = walker.walk(task);
    auto stack = task_stack(task);
    if (stack && stack->value == 0) continue;  // a zombie
    EXPECT_FALSE(trace.broken) << trace.broken->message();
    EXPECT_GE(trace.frames.size(), 4U);
    ++count;
  }
  EXPECT_EQ(count, 100U);
}

TEST_F(BacktraceTest, FromANonsenseSlotSaysWhy) {
  StackWalker walker(*kernel_);
  auto task = task_of_pid(*kernel_, 2);
  ASSERT_TRUE(task) << task.error().message();
  Backtrace trace = walker.walk_from(*task, std::nullopt, Address{0x1000});
  EXPECT_TRUE(trace.broken);
  Address base = task_stack(*task).value_or({});
  trace = walker.walk_from(*task, Address{0x1234}, base);
  EXPECT_TRUE(trace.broken);
}

}  // namespace
}  // namespace inquest
