// SPDX-License-Identifier: GPL-3.0-or-later
// Names of signals, sets, and queues that do not end.

#include "kernel/signals.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;

TEST(SignalNames, AreThoseOfTheKernel) {
  EXPECT_EQ(signal_name(0), "");
  EXPECT_EQ(signal_name(1), "SIGHUP");
  EXPECT_EQ(signal_name(31), "SIGSYS");
  EXPECT_EQ(signal_name(32), "SIGRTMIN");
  EXPECT_EQ(signal_name(48), "SIGRTMIN+16");
  EXPECT_EQ(signal_name(49), "SIGRTMAX-15");
  EXPECT_EQ(signal_name(64), "SIGRTMAX");
  EXPECT_EQ(signal_name(65), "");
  EXPECT_EQ(signal_names(0x8000000000000201),
            (std::vector<std::string>{"SIGHUP", "SIGUSR1", "SIGRTMAX"}));
}

TEST(SignalNames, FlagsAreInCrashsOrder) {
  EXPECT_EQ(action_flag_names(0x1c000004),
            (std::vector<std::string_view>{"SA_RESTORER", "SA_SIGINFO",
                                           "SA_ONSTACK", "SA_RESTART"}));
  EXPECT_TRUE(action_flag_names(0).empty());
}

// A task at 0x100: two words that it blocks, then what waits for it.
class SignalKernel : public test::TestKernel {
 public:
  explicit SignalKernel(const std::string& machine)
      : test::TestKernel(machine, {}) {
    const Type& half = types().c_type("unsigned int");
    list.kind = TypeKind::structure;
    list.byte_size = 16;
    const Type& link = types().pointer_to(list);
    links = {member("next", link, 0), member("prev", link, 8)};
    const Type& set = source->structure(
        "sigset", 8, {member("sig", types().array_of(half, 2), 0)});
    const Type& pending = source->structure(
        "sigpending", 24, {member("list", list, 0), member("signal", set, 16)});
    const Type& info =
        source->structure("siginfo", 8, {member("si_signo", half, 0)});
    source->structure("sigqueue", 24,
                      {member("list", list, 0), member("info", info, 16)});
    source->structure(
        "task_struct", 32,
        {member("blocked", set, 0), member("pending", pending, 8)});
  }

  TaskSignals signals() const {
    return task_signals(*this, object("task_struct", Address{base + 0x100}));
  }

  std::vector<Member> links;
  Type list{[this](const Type&, TypeBody& body) { body.members = links; }};
};

TEST(Signals, AreReadFromSetsOfTwoWords) {
  SignalKernel kernel(
      words(0x100, {0x8000000000004002, base + 0x108, base + 0x108, 0x200}));
  TaskSignals signals = kernel.signals();
  EXPECT_EQ(signals.blocked.value_or(0), 0x8000000000004002U);
  EXPECT_EQ(signals.own.set.value_or(0), 0x200U);
  EXPECT_TRUE(signals.own.queue.empty());
  EXPECT_FALSE(signals.own.broken);
}

TEST(Signals, OfAQueueThatDoesNotEndAreThoseBeforeItsLoop) {
  SignalKernel kernel(words(0x100, {0, base + 0x200, base + 0x200, 0}) +
                      words(0x200, {base + 0x300, base + 0x108, 10}) +
                      words(0x300, {base + 0x200, base + 0x200, 12}));
  TaskSignals signals = kernel.signals();
  ASSERT_GE(signals.own.queue.size(), 2U);
  EXPECT_LT(signals.own.queue.size(), 100U);
  EXPECT_EQ(signals.own.queue[0].number.value_or(0), 10U);
  EXPECT_EQ(signals.own.queue[1].number.value_or(0), 12U);
  EXPECT_TRUE(signals.own.broken);
}

}  // namespace
}  // namespace inquest
