// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/disassembler.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace inquest {
namespace {

class DisassemblerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Disassembler::open(*find_arch("x86_64"), [](Address at) {
      return fmt::format("{:#x} <symbol>", at.value);
    });
    ASSERT_TRUE(opened) << opened.error().message();
    disassembler_ = std::move(opened).value();
  }

  Result<Instruction> decode(const std::vector<unsigned>& code,
                             Address at = {0xffffffff81000000}) {
    std::vector<std::byte> bytes;
    bytes.reserve(code.size());
    for (unsigned each : code)
      bytes.push_back(std::byte(each));
    return disassembler_->decode(bytes, at);
  }

  std::unique_ptr<Disassembler> disassembler_;
};

TEST_F(DisassemblerTest, WritesAtAndTSyntax) {
  auto move = decode({0x48, 0x8b, 0x47, 0x20, 0xc3});
  ASSERT_TRUE(move) << move.error().message();
  EXPECT_EQ(move->size, 4U);
  EXPECT_EQ(move->text, "mov    0x20(%rdi),%rax");
  auto entry = decode({0x0f, 0x1f, 0x44, 0x00, 0x00});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->text, "nopl   0x0(%rax,%rax,1)");
}

TEST_F(DisassemblerTest, AsksHowAddressesAreWritten) {
  auto call = decode({0xe8, 0x00, 0x01, 0x00, 0x00});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->text, "call   0xffffffff81000105 <symbol>");
  auto load = decode({0x48, 0x8b, 0x05, 0x01, 0x00, 0x00, 0x00});
  ASSERT_TRUE(load);
  EXPECT_EQ(load->text,
            "mov    0x1(%rip),%rax        # 0xffffffff81000008 <symbol>");
}

TEST_F(DisassemblerTest, NothingToReadIsAFault) {
  auto nothing = decode({});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind(), ErrorKind::fault);
  EXPECT_EQ(nothing.error().address(), 0xffffffff81000000);
  // And the next one is read as if nothing had happened.
  EXPECT_EQ(decode({0xc3})->text, "ret");
}

TEST_F(DisassemblerTest, CutOffInstructionIsShownByteByByte) {
  auto cut = decode({0x48, 0x8b});
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->size, 1U);
}

TEST_F(DisassemblerTest, NonsenseIsSaidToBeSo) {
  auto bad = decode({0x06});
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->text, "(bad)");
  EXPECT_EQ(bad->size, 1U);
}

}  // namespace
}  // namespace inquest
