// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/frame_pointer.h"

#include <gtest/gtest.h>

#include "unit/unwind/fake_stack.h"
#include "unwind/x86_64.h"

namespace inquest {
namespace {

using namespace x86_64;

constexpr std::uint64_t stack_at = 0xffffc90000010000;

Registers with_frame(std::uint64_t bp) {
  Registers registers;
  registers.set(rip, 0xffffffff81000000);
  registers.set(rsp, stack_at);
  registers.set(rbp, bp);
  return registers;
}

TEST(FramePointer, FollowsTheChain) {
  FakeStack stack(Words{{stack_at + 32, stack_at + 96}, {stack_at + 40, 0x42}});
  auto step = FramePointerMethod().step(with_frame(stack_at + 32), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_EQ(step->registers.find(rip), 0x42U);
  EXPECT_EQ(step->registers.find(rsp), stack_at + 48);
  EXPECT_EQ(step->registers.find(rbp), stack_at + 96);
  EXPECT_EQ(step->return_slot, Address{stack_at + 40});
}

TEST(FramePointer, FindsMarkedRegisters) {
  std::map<std::uint64_t, std::uint64_t> words;
  for (std::uint64_t i = 0; i < word_count; ++i) {
    words[stack_at + 16 + 8 * i] = 100 + i;
  }
  FakeStack stack(words);
  auto step = FramePointerMethod().step(with_frame(stack_at + 17), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::registers);
  EXPECT_EQ(step->saved_at, Address{stack_at + 16});
  EXPECT_EQ(step->registers.find(rip), 116U);
}

TEST(FramePointer, DoesNotBelieveOtherNumbers) {
  FakeStack stack(Words{});
  for (std::uint64_t bp : {std::uint64_t{0}, stack_at - 8, stack_at + 3,
                           stack_at + (1 << 20), ~std::uint64_t{0}}) {
    auto step = FramePointerMethod().step(with_frame(bp), true, stack);
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().kind(), ErrorKind::not_found) << std::hex << bp;
  }
}

TEST(FramePointer, EndsAtAZeroReturnAddress) {
  FakeStack stack(Words{{stack_at, 0}, {stack_at + 8, 0}});
  auto step = FramePointerMethod().step(with_frame(stack_at), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::end);
}

}  // namespace
}  // namespace inquest
