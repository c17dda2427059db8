// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/orc_method.h"

#include <gtest/gtest.h>

#include "unit/unwind/fake_stack.h"
#include "unwind/x86_64.h"

namespace inquest {
namespace {

using namespace x86_64;

constexpr std::uint64_t code = 0xffffffff81000000;
constexpr std::uint64_t stack_at = 0xffffc90000010000;

// One entry for all code from |code| on, in the 6.4 layout.
class OneEntry {
 public:
  // Where a register of the caller is found.
  struct Rule {
    std::int16_t offset;
    unsigned base;  // ORC_REG_*
  };
  OneEntry(Rule sp, Rule bp, unsigned type, bool is_signal = false) {
    store_unsigned(std::span(ips_).first(4), 0, std::endian::little);
    std::span<std::byte> out(entries_);
    store_unsigned(out.subspan(0, 2), static_cast<std::uint16_t>(sp.offset),
                   std::endian::little);
    store_unsigned(out.subspan(2, 2), static_cast<std::uint16_t>(bp.offset),
                   std::endian::little);
    out[4] = std::byte(sp.base | bp.base << 4);
    out[5] = std::byte(type | (is_signal ? 8U : 0U));
    auto table = OrcTable::open(ips_, Address{code}, entries_,
                                OrcFormat::v6_4(), nullptr);
    table_ = std::make_unique<OrcTable>(std::move(table).value());
  }

  OrcMethod method() const {
    return OrcMethod([this](Address pc) { return table_->find(pc); });
  }

 private:
  std::array<std::byte, 4> ips_{};
  std::array<std::byte, 6> entries_{};
  std::unique_ptr<OrcTable> table_;
};

Registers at(std::uint64_t pc, std::uint64_t sp,
             std::optional<std::uint64_t> bp = std::nullopt) {
  Registers registers;
  registers.set(rip, pc);
  registers.set(rsp, sp);
  if (bp) registers.set(rbp, *bp);
  return registers;
}

FakeStack pt_regs_at(std::uint64_t where) {
  std::map<std::uint64_t, std::uint64_t> words;
  for (std::uint64_t i = 0; i < word_count; ++i)
    words[where + 8 * i] = 100 + i;
  return FakeStack(words);
}

TEST(OrcMethod, StepsOverAnOrdinaryCall) {
  OneEntry orc({24, 5}, {-16, 1}, 2);
  FakeStack stack(Words{{stack_at + 8, 0x1234}, {stack_at + 16, code + 99}});
  auto step = orc.method().step(at(code + 5, stack_at, 7), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_TRUE(step->is_call);
  EXPECT_EQ(step->registers.find(rip), code + 99);
  EXPECT_EQ(step->registers.find(rsp), stack_at + 24);
  EXPECT_EQ(step->registers.find(rbp), 0x1234U);
  EXPECT_EQ(step->return_slot, Address{stack_at + 16});
  EXPECT_FALSE(step->registers.has(rbx));
}

TEST(OrcMethod, LooksUpTheCallInsteadOfTheReturnAddress) {
  OneEntry orc({8, 5}, {0, 0}, 2);
  FakeStack stack(Words{{stack_at, code + 99}});
  EXPECT_FALSE(orc.method().step(at(code, stack_at), true, stack));
  EXPECT_TRUE(orc.method().step(at(code, stack_at), false, stack));
}

TEST(OrcMethod, FollowsTheFramePointerOfRealignedStacks) {
  OneEntry orc({16, 4}, {0, 4}, 2);
  std::uint64_t bp = stack_at + 64;
  FakeStack stack(Words{{bp, 0x77}, {bp + 8, code + 1}});
  auto step = orc.method().step(at(code, stack_at, bp), false, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->registers.find(rsp), bp + 16);
  EXPECT_EQ(step->registers.find(rbp), 0x77U);
}

TEST(OrcMethod, LeavesTheFrameToOthersWhenItsRegisterIsLost) {
  OneEntry orc({16, 4}, {0, 4}, 2);
  FakeStack stack(Words{});
  auto step = orc.method().step(at(code, stack_at), false, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::not_found);
  EXPECT_NE(step.error().message().find("rbp"), std::string::npos);
}

TEST(OrcMethod, SwitchesBackFromTheInterruptStack) {
  // The previous stack pointer lies at the top of the interrupt stack.
  OneEntry orc({8, 9}, {0, 0}, 2);
  std::uint64_t old = stack_at + 0x4000;
  FakeStack stack(Words{{stack_at, old}, {old, code + 3}});
  auto step = orc.method().step(at(code, stack_at), false, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->registers.find(rsp), old + 8);
  EXPECT_EQ(step->return_slot, Address{old});
}

TEST(OrcMethod, FindsSavedRegisters) {
  OneEntry orc({16, 5}, {0, 0}, 3, true);
  FakeStack stack = pt_regs_at(stack_at + 16);
  auto step = orc.method().step(at(code, stack_at), false, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::registers);
  EXPECT_FALSE(step->is_call);
  EXPECT_EQ(step->saved_at, Address{stack_at + 16});
  EXPECT_EQ(step->registers.find(r15), 100U);
  EXPECT_EQ(step->registers.find(rip), 116U);
  EXPECT_EQ(step->registers.find(rsp), 119U);
}

TEST(OrcMethod, FindsTheHardwaresPart) {
  OneEntry orc({8, 5}, {0, 0}, 4, true);
  FakeStack stack(Words{{stack_at + 8, 1},
                        {stack_at + 16, 0x10},
                        {stack_at + 24, 2},
                        {stack_at + 32, 3},
                        {stack_at + 40, 0x18}});
  auto step = orc.method().step(at(code, stack_at, 9), false, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::iret);
  EXPECT_EQ(step->registers.find(rip), 1U);
  EXPECT_EQ(step->registers.find(rsp), 3U);
  EXPECT_EQ(step->registers.find(rbp), 9U);
  EXPECT_FALSE(step->registers.has(rax));
}

TEST(OrcMethod, EndsWhereTheKernelSaysSo) {
  OneEntry orc({0, 0}, {0, 0}, 1);
  FakeStack stack(Words{});
  auto step = orc.method().step(at(code, stack_at), false, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::end);
}

TEST(OrcMethod, SaysWhichWordOfTheStackIsMissing) {
  OneEntry orc({8, 5}, {0, 0}, 2);
  FakeStack stack(Words{});
  auto step = orc.method().step(at(code, stack_at), false, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::fault);
  EXPECT_EQ(step.error().address(), stack_at);
}

TEST(Unwinder, AsksTheNextMethodOnlyWhenOneKnowsNothing) {
  OneEntry nothing({0, 0}, {0, 0}, 0);
  OneEntry call({8, 5}, {0, 0}, 2);
  FakeStack stack(Words{{stack_at, code + 4}});
  Unwinder unwinder({std::make_shared<OrcMethod>(nothing.method()),
                     std::make_shared<OrcMethod>(call.method())});
  auto step = unwinder.step(at(code, stack_at), false, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->registers.find(rip), code + 4);
  auto fault = unwinder.step(at(code, stack_at + 64), false, stack);
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().kind(), ErrorKind::fault);
}

}  // namespace
}  // namespace inquest
