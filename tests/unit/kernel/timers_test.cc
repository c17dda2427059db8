// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/timers.h"

#include <gtest/gtest.h>

#include "unit/kernel/scheduling_kernel.h"

namespace inquest::test {
namespace {

constexpr std::uint64_t base = TestKernel::base;

// 100 ticks a second, 250 seconds after the start; CPU 1 has clocks at
// 0x12000, each with its number and how far it is ahead.
class TimerKernel : public FourCpuKernel {
 public:
  explicit TimerKernel(const std::string& machine)
      : FourCpuKernel(
            "@0x100 u64 4294962296\n@0x200 u32 2560000000 8\n" + machine,
            {{"jiffies", 0x100},
             {"clocksource_jiffies", 0x200},
             {"hrtimer_bases", 0x2000}}) {
    source->structure(
        "clocksource", 8,
        {member("mult", number(), 0), member("shift", number(), 4)});
    const Type& base_type =
        source->structure("hrtimer_clock_base", 16,
                          {member("clockid", number(), 0),
                           member("offset", types().c_type("long long"), 8)});
    source->structure(
        "hrtimer_cpu_base", 32,
        {member("clock_base", types().array_of(base_type, 2), 0)});
  }
};

TEST(Timers, ClocksAreNamedByTheirNumbers) {
  TimerKernel kernel(words_at(base + 0x12000, {1, 0, 11, 37}));
  auto found = hrtimers(kernel, 1);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->at.value, base + 0x12000);
  ASSERT_EQ(found->clocks.size(), 2U);
  EXPECT_EQ(found->clocks[0].clock, "ktime_get");
  EXPECT_EQ(found->clocks[0].now.value_or(0), 250'000'000'000);
  EXPECT_EQ(found->clocks[1].clock, "ktime_get_clocktai");
  EXPECT_EQ(found->clocks[1].now.value_or(0), 250'000'000'037);
  // Neither has a tree: that is said, and the clocks are shown.
  EXPECT_FALSE(found->clocks[0].faults.empty());
}

TEST(Timers, TicksOfAnImpossibleClockAreRefused) {
  TimerKernel kernel("@0x200 u32 0 8\n");
  EXPECT_FALSE(tick_rate(kernel));
}

TEST(Timers, WheelsAreReadListByListAndSorted) {
  // One wheel with two lists: the symbol is as large as one pointer.
  constexpr std::uint64_t late = base + 0x3000, soon = base + 0x3100;
  FourCpuKernel kernel("@0x0 u64 0\n" + words_at(base + 0x2000, {late}) +
                           words_at(late, {soon, 0, 700, 0x77}) +
                           words_at(soon, {0, 0, 600, 0x66}),
                       {{"timer_bases", 0x2000}});
  Type node{[&](const Type&, TypeBody& body) {
    body.members = {member("next", kernel.types().pointer_to(node), 0)};
  }};
  node.kind = TypeKind::structure;
  node.byte_size = 16;
  const Type& head = kernel.source->structure(
      "hlist_head", 8, {member("first", kernel.types().pointer_to(node), 0)});
  kernel.source->structure(
      "timer_base", 8,
      {member("vectors", kernel.types().array_of(head, 1), 0)});
  kernel.source->structure(
      "timer_list", 32,
      {member("entry", node, 0), member("expires", kernel.word(), 16),
       member("function", kernel.text(), 24)});
  auto wheels = timer_wheels(kernel, 0);
  ASSERT_TRUE(wheels) << wheels.error().message();
  ASSERT_EQ(wheels->size(), 1U);
  ASSERT_EQ(wheels->front().timers.size(), 2U);
  EXPECT_EQ(wheels->front().timers[0].at.value, soon);
  EXPECT_EQ(wheels->front().timers[0].function.value, 0x66U);
  EXPECT_EQ(wheels->front().timers[1].expires, 700U);
  EXPECT_TRUE(wheels->front().faults.empty());
}

}  // namespace
}  // namespace inquest::test
