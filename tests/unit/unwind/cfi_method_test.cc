// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/cfi_method.h"

#include <gtest/gtest.h>

#include "unit/unwind/fake_stack.h"
#include "unwind/x86_64.h"

namespace inquest {
namespace {

using namespace x86_64;

constexpr std::uint64_t slide = 0x3b000000;
constexpr std::uint64_t linked = 0xffffffff81000000;
constexpr std::uint64_t code = linked + slide;
constexpr std::uint64_t stack_at = 0xffffc90000010000;

void append(std::vector<std::byte>& out, std::uint64_t value, unsigned size) {
  out.resize(out.size() + size);
  store_unsigned(std::span(out).last(size), value, std::endian::little);
}

void append_entry(std::vector<std::byte>& out, std::vector<std::byte> body) {
  while (body.size() % 8 != 4)
    body.push_back(std::byte(0));  // DW_CFA_nop
  append(out, body.size(), 4);
  out.insert(out.end(), body.begin(), body.end());
}

using Codes = std::initializer_list<unsigned>;

// A .debug_frame of one function of 0x40 bytes at |linked|.
std::vector<std::byte> frame_section(Codes common_codes, Codes codes) {
  std::vector<std::byte> section;
  std::vector<std::byte> common;
  append(common, 0xffffffff, 4);  // a CIE
  for (unsigned byte : common_codes)
    append(common, byte, 1);
  append_entry(section, common);
  std::vector<std::byte> function;
  append(function, 0, 4);  // of the CIE at 0
  append(function, linked, 8);
  append(function, 0x40, 8);
  for (unsigned byte : codes)
    append(function, byte, 1);
  append_entry(section, function);
  return section;
}

class CfiMethodTest : public testing::Test {
 protected:
  CfiMethod method() const {
    return CfiMethod(*find_arch("x86_64"), {rbx, rbp, r12, r13, r14, r15},
                     [this](Address) {
                       return CfiMethod::Source{cfi_, slide};
                     });
  }

  static Registers at(std::uint64_t pc) {
    Registers registers;
    registers.set(rip, pc);
    registers.set(rsp, stack_at);
    registers.set(rbx, 0xb);
    registers.set(rcx, 0xc);
    return registers;
  }

  // Pushes rbp with its first instruction, of one byte.
  std::vector<std::byte> section_ =
      frame_section({4, 0, 8, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1},
                    {0x41, 0x0e, 16, 0x86, 2});
  std::shared_ptr<const Cfi> cfi_ = Cfi::from_section({.bytes = section_});
};

TEST_F(CfiMethodTest, FindsTheCallerAndItsRegisters) {
  FakeStack stack(Words{{stack_at, 0x77}, {stack_at + 8, code + 0x1000}});
  auto step = method().step(at(code + 5), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->kind, StepKind::call);
  EXPECT_EQ(step->registers.find(rip), code + 0x1000);
  EXPECT_EQ(step->registers.find(rsp), stack_at + 16);
  EXPECT_EQ(step->registers.find(rbp), 0x77U);
  EXPECT_EQ(step->return_slot, Address{stack_at + 8});
}

TEST_F(CfiMethodTest, KeepsOnlyRegistersThatCallsPreserve) {
  FakeStack stack(Words{{stack_at, 0x77}, {stack_at + 8, code + 0x1000}});
  auto step = method().step(at(code + 5), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->registers.find(rbx), 0xbU);
  EXPECT_FALSE(step->registers.has(rcx));
  EXPECT_FALSE(step->registers.has(r12));
}

TEST_F(CfiMethodTest, LooksAtTheCallInsteadOfTheReturnAddress) {
  // The row of the first instruction, whose frame is a word smaller.
  FakeStack stack(Words{{stack_at, code + 0x2000}});
  auto step = method().step(at(code + 1), true, stack);
  ASSERT_TRUE(step) << step.error().message();
  EXPECT_EQ(step->registers.find(rsp), stack_at + 8);
  EXPECT_EQ(step->registers.find(rip), code + 0x2000);
}

TEST_F(CfiMethodTest, KnowsNothingOfOtherCode) {
  FakeStack stack(Words{});
  auto step = method().step(at(code + 0x100), true, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::not_found);
}

// arm64's return column is x30, and not the pc.
TEST(CfiMethod, FindsTheCallerInTheLinkRegister) {
  constexpr unsigned fp = 29;
  constexpr unsigned lr = 30;
  constexpr unsigned sp = 31;
  constexpr unsigned pc = 32;
  // Its first instruction is stp x29, x30, [sp, #-16]!
  auto section = frame_section({4, 0, 8, 0, 4, 0x78, 30, 0x0c, 31, 0},
                               {0x41, 0x0e, 16, 0x9d, 2, 0x9e, 1});
  auto cfi = Cfi::from_section({.bytes = section});
  CfiMethod method(*find_arch("aarch64"), {fp}, [&](Address) {
    return CfiMethod::Source{cfi, slide};
  });
  FakeStack stack(Words{{stack_at, 0x77}, {stack_at + 8, code + 0x1000}});
  Registers registers;
  registers.set(pc, code);
  registers.set(sp, stack_at);
  registers.set(fp, 0x66);
  registers.set(lr, code + 0x2000);

  auto before = method.step(registers, false, stack);
  ASSERT_TRUE(before) << before.error().message();
  EXPECT_EQ(before->registers.find(pc), code + 0x2000);
  EXPECT_EQ(before->registers.find(sp), stack_at);
  EXPECT_EQ(before->registers.find(fp), 0x66U);
  EXPECT_FALSE(before->registers.has(lr));
  EXPECT_EQ(before->return_slot, std::nullopt);

  registers.set(pc, code + 4);
  auto behind = method.step(registers, false, stack);
  ASSERT_TRUE(behind) << behind.error().message();
  EXPECT_EQ(behind->registers.find(pc), code + 0x1000);
  EXPECT_EQ(behind->registers.find(sp), stack_at + 16);
  EXPECT_EQ(behind->registers.find(fp), 0x77U);
  EXPECT_EQ(behind->return_slot, Address{stack_at + 8});

  registers.set(pc, code);
  registers.forget(lr);
  auto unknown = method.step(registers, false, stack);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), ErrorKind::not_found);
}

TEST_F(CfiMethodTest, ReportsUnreadableStack) {
  FakeStack stack(Words{});
  auto step = method().step(at(code + 5), true, stack);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind(), ErrorKind::fault);
  EXPECT_GE(step.error().address(), stack_at);
}

}  // namespace
}  // namespace inquest
