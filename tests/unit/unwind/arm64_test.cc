// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/arm64.h"

#include <gtest/gtest.h>

#include "unit/unwind/fake_stack.h"

namespace inquest {
namespace {

using namespace arm64_registers;

constexpr std::uint64_t stack_at = 0xffff800010004000;
constexpr std::uint64_t text_at = 0xffff800008010000;
constexpr std::uint64_t caller_at = 0xffff800008020040;
constexpr std::uint64_t entry_at = 0xffff800008011000;
constexpr std::uint64_t record_in_regs = 288;  // after syscallno and its like

Registers at_call(std::uint64_t code, std::uint64_t record) {
  Registers registers;
  registers.set(pc, code);
  registers.set(fp, record);
  return registers;
}

FrameRecordMethod record_method() {
  auto is_entry = [](Address at) { return at.value - entry_at < 0x1000; };
  return FrameRecordMethod({is_entry, record_in_regs});
}

// ---- Frame records ----

TEST(FrameRecord, LeadsToTheCaller) {
  FakeStack stack(
      Words{{stack_at + 32, stack_at + 96}, {stack_at + 40, caller_at}});
  auto step =
      record_method().step(at_call(text_at, stack_at + 32), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_TRUE(step->is_call);
  EXPECT_EQ(step->registers.find(pc), caller_at);
  EXPECT_EQ(step->registers.find(fp), stack_at + 96);
  EXPECT_FALSE(step->registers.has(lr));
  EXPECT_EQ(step->return_slot, Address{stack_at + 40});
  EXPECT_EQ(step->saved_at, std::nullopt);
  EXPECT_EQ(step->method, "frame record");
}

TEST(FrameRecord, OfZeroesIsTheEnd) {
  FakeStack stack(Words{{stack_at, 0}, {stack_at + 8, 0}});
  auto step = record_method().step(at_call(text_at, stack_at), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::end);
}

TEST(FrameRecord, OfOneZeroIsNotTheEnd) {
  for (auto [next, address] : {std::pair{std::uint64_t{0}, caller_at},
                               {stack_at + 96, std::uint64_t{0}}}) {
    FakeStack stack(Words{{stack_at, next}, {stack_at + 8, address}});
    auto step = record_method().step(at_call(text_at, stack_at), true, stack);
    ASSERT_TRUE(step) << step.error().message();
    EXPECT_EQ(step->kind, StepKind::call);
    EXPECT_EQ(step->registers.find(pc), address);
    EXPECT_EQ(step->registers.find(fp), next);
  }
}

TEST(FrameRecord, IsNotWhereX29CannotPoint) {
  FakeStack stack(Words{{0, 1}, {8, caller_at}});
  for (std::uint64_t at : {std::uint64_t{0}, stack_at + 4, stack_at + 1}) {
    auto step = record_method().step(at_call(text_at, at), true, stack);
    ASSERT_FALSE(step) << std::hex << at;
    EXPECT_EQ(step.error().kind(), ErrorKind::not_found) << std::hex << at;
  }
  Registers without;
  without.set(pc, text_at);
  auto step = record_method().step(without, true, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::not_found);
}

TEST(FrameRecord, ThatCannotBeReadIsAFault) {
  for (const Words& words : {Words{}, Words{{stack_at, stack_at + 96}}}) {
    FakeStack stack(words);
    auto step = record_method().step(at_call(text_at, stack_at), true, stack);
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().kind(), ErrorKind::fault);
    EXPECT_EQ(step.error().address(), stack_at + 8 * words.size());
  }
}

TEST(FrameRecord, SaysNothingOfInterruptedCode) {
  FakeStack stack(Words{{stack_at, stack_at + 96}, {stack_at + 8, caller_at}});
  auto step = record_method().step(at_call(text_at, stack_at), false, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::not_found);
  Registers without;
  without.set(fp, stack_at);
  step = record_method().step(without, true, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::not_found);
}

// ---- Exceptions ----

// A pt_regs at |stack_at|, word i of which is 1000 + i, and its record.
Words exception(std::uint64_t next, std::uint64_t address) {
  Words words;
  for (unsigned i = 0; i < word_count; ++i)
    words[stack_at + std::uint64_t{8} * i] = 1000 + i;
  words[stack_at + record_in_regs] = next;
  words[stack_at + record_in_regs + 8] = address;
  return words;
}

Result<Step> from_entry(const Words& words, std::uint64_t code = entry_at) {
  return record_method().step(at_call(code, stack_at + record_in_regs), true,
                              FakeStack(words));
}

void expect_registers(const Result<Step>& step) {
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::registers);
  EXPECT_FALSE(step->is_call);
  EXPECT_EQ(step->saved_at, Address{stack_at});
  EXPECT_EQ(step->return_slot, std::nullopt);
  for (unsigned i = 0; i < word_count; ++i)
    EXPECT_EQ(step->registers.find(i), 1000 + i) << i;
  EXPECT_FALSE(step->registers.has(word_count));
}

TEST(FrameRecord, InAKernelsRegistersLeadsToThem) {
  expect_registers(from_entry(exception(1000 + fp, 1000 + pc)));
}

TEST(FrameRecord, OfZeroesInRegistersLeadsToThem) {
  expect_registers(from_entry(exception(0, 0)));
}

void expect_call(const Result<Step>& step, std::uint64_t next,
                 std::uint64_t address) {
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_EQ(step->registers.find(fp), next);
  EXPECT_EQ(step->registers.find(pc), address);
  EXPECT_FALSE(step->registers.has(0));
}

TEST(FrameRecord, UnlikeTheRegistersIsACalls) {
  expect_call(from_entry(exception(1000 + fp, 1000 + lr)), 1000 + fp,
              1000 + lr);
  expect_call(from_entry(exception(1000, 1000 + pc)), 1000, 1000 + pc);
  expect_call(from_entry(exception(0, caller_at)), 0, caller_at);
}

TEST(FrameRecord, InEntryCodeWithoutRegistersIsACalls) {
  Words words = exception(1000 + fp, 1000 + pc);
  words.erase(stack_at + 8);
  expect_call(from_entry(words), 1000 + fp, 1000 + pc);
}

TEST(FrameRecord, ElsewhereIsACalls) {
  expect_call(from_entry(exception(1000 + fp, 1000 + pc), text_at), 1000 + fp,
              1000 + pc);
  auto step = from_entry(exception(0, 0), text_at);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::end);
}

TEST(Arm64Registers, UserCodeIsKnownByItsMode) {
  EXPECT_TRUE(is_user(0x60001000));   // EL0t
  EXPECT_TRUE(is_user(0x60000030));   // 32 bits
  EXPECT_FALSE(is_user(0x604000c5));  // EL1h
  EXPECT_FALSE(is_user(0x604003c9));  // EL2h
}

// ---- The link register ----

enum Instruction : std::uint32_t {
  nop = 0xd503201f,
  paciasp = 0xd503233f,
  autiasp = 0xd50323bf,
  push = 0xa9be7bfd,          // stp x29, x30, [sp, #-32]!
  set_fp = 0x910003fd,        // mov x29, sp
  set_fp_above = 0x910143fd,  // add x29, sp, #80
  other_add = 0x910143fc,     // add x28, sp, #80
  pop = 0xa8c27bfd,           // ldp x29, x30, [sp], #32
  pop_above = 0xa9457bfd,     // ldp x29, x30, [sp, #80]
  other_pop = 0xa94153f3,     // ldp x19, x20, [sp, #16]
  free_stack = 0x910183ff,    // add sp, sp, #96
  ret = 0xd65f03c0,
  retaa = 0xd65f0bff,
  retab = 0xd65f0fff,
  jump = 0x14000400,  // b
  call = 0x94000400,  // bl
};

constexpr std::uint64_t link = 0xffff800008030080;

// A record at |stack_at|, and |code| at |text_at|.
Words function(const std::vector<std::uint32_t>& code) {
  Words words{{stack_at, stack_at + 96}, {stack_at + 8, caller_at}};
  for (std::size_t i = 0; i < code.size(); ++i)
    words[text_at + 4 * (i & ~std::size_t{1})] |= std::uint64_t{code[i]}
                                                  << 32 * (i & 1);
  return words;
}

Registers interrupted(std::uint64_t code) {
  Registers registers = at_call(code, stack_at);
  registers.set(lr, link);
  registers.set(19, 0x1919);
  registers.set(sp, stack_at - 16);
  return registers;
}

LinkRegisterMethod link_method() {
  return LinkRegisterMethod([](Address) { return Address{text_at}; });
}

// Interrupted after |code|, before the next instruction.
Result<Step> after(const std::vector<std::uint32_t>& code) {
  return link_method().step(interrupted(text_at + 4 * code.size()), false,
                            FakeStack(function(code)));
}

void expect_linked(const Result<Step>& step) {
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->method, "link register");
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_TRUE(step->is_call);
  EXPECT_EQ(step->registers.find(pc), link);
  EXPECT_FALSE(step->registers.has(lr));
  EXPECT_EQ(step->registers.find(fp), stack_at);
  EXPECT_EQ(step->registers.find(19), 0x1919U);
  EXPECT_EQ(step->return_slot, std::nullopt);
}

void expect_recorded(const Result<Step>& step) {
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->method, "frame record");
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_EQ(step->registers.find(pc), caller_at);
  EXPECT_EQ(step->registers.find(fp), stack_at + 96);
  EXPECT_EQ(step->return_slot, Address{stack_at + 8});
}

TEST(LinkRegister, HoldsBeforeTheRecordIsSet) {
  expect_linked(after({}));
  expect_linked(after({paciasp}));
  expect_linked(after({paciasp, push}));
  expect_linked(after({push, other_add}));
}

TEST(LinkRegister, IsNotAskedOnceTheRecordIsSet) {
  expect_recorded(after({paciasp, push, set_fp}));
  expect_recorded(after({nop, push, set_fp, call, other_pop, nop}));
  expect_recorded(after({push, set_fp_above}));
}

TEST(LinkRegister, HoldsInTheEpilogue) {
  expect_linked(after({push, set_fp, call, other_pop, pop}));
  expect_linked(after({push, set_fp, call, pop, autiasp}));
  expect_linked(after({push, set_fp_above, call, pop_above, free_stack}));
}

TEST(LinkRegister, IsNotAskedAfterAnEarlyReturn) {
  for (Instruction leave : {ret, retaa, retab, jump}) {
    expect_recorded(after({push, set_fp, call, pop, leave, nop, call}));
    expect_linked(after({push, set_fp, call, pop, leave, nop, pop}));
  }
  // Jumps and calls elsewhere change nothing.
  expect_recorded(after({push, set_fp, jump, nop}));
  expect_linked(after({push, set_fp, pop, call}));
}

TEST(LinkRegister, HoldsBeforeARecordThatAnEarlyReturnDoesWithout) {
  expect_linked(after({nop, ret, nop}));
  expect_linked(after({nop, ret, push}));
  expect_linked(after({pop, ret, nop}));
  expect_recorded(after({nop, ret, push, set_fp}));
}

TEST(LinkRegister, HoldsInALeaf) {
  expect_linked(after({nop, nop, other_add, nop, nop}));
}

TEST(LinkRegister, NeedsAFunction) {
  FakeStack stack(function({nop, nop}));
  auto kind = [&](const LinkRegisterMethod::FunctionStart& start,
                  bool is_call = false) -> std::optional<ErrorKind> {
    auto step = LinkRegisterMethod(start).step(interrupted(text_at + 4),
                                               is_call, stack);
    if (step) return std::nullopt;
    return step.error().kind();
  };
  auto at = [](std::uint64_t start) {
    return [start](Address) { return Address{start}; };
  };
  EXPECT_EQ(kind(at(text_at)), std::nullopt);
  EXPECT_EQ(kind([](Address) { return std::nullopt; }), ErrorKind::not_found);
  EXPECT_EQ(kind(at(text_at + 8)), ErrorKind::not_found);
  EXPECT_EQ(kind(at(text_at - (2 << 20))), ErrorKind::not_found);
  EXPECT_EQ(kind(at(0)), ErrorKind::not_found);
  EXPECT_EQ(kind(at(text_at - 64)), ErrorKind::fault);
  EXPECT_EQ(kind(at(text_at), true), ErrorKind::not_found);
}

TEST(LinkRegister, NeedsItsRegisters) {
  FakeStack stack(function({nop, nop}));
  for (unsigned missing : {unsigned{lr}, unsigned{pc}}) {
    Registers registers = interrupted(text_at + 4);
    registers.forget(missing);
    auto step = link_method().step(registers, false, stack);
    ASSERT_FALSE(step) << missing;
    EXPECT_EQ(step.error().kind(), ErrorKind::not_found);
  }
}

TEST(LinkRegister, IsNotAskedWhenTheRecordCannotBeRead) {
  Words words = function({push, set_fp});
  words.erase(stack_at);
  auto step =
      link_method().step(interrupted(text_at + 8), false, FakeStack(words));
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::fault);
}

}  // namespace
}  // namespace inquest
