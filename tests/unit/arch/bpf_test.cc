// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/bpf.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

// Code, registers (source, target), offset, immediate, as the CPU has them.
struct Words {
  unsigned code = 0, registers = 0;
  std::int16_t offset = 0;
  std::int32_t immediate = 0;
};

std::vector<std::byte> bytes(const Words& words) {
  auto offset = static_cast<std::uint16_t>(words.offset);
  auto immediate = static_cast<std::uint32_t>(words.immediate);
  std::vector<std::byte> all = {std::byte(words.code),
                                std::byte(words.registers)};
  for (unsigned i = 0; i < 2; ++i)
    all.push_back(std::byte(offset >> 8 * i & 0xff));
  for (unsigned i = 0; i < 4; ++i)
    all.push_back(std::byte(immediate >> 8 * i & 0xff));
  return all;
}

std::string text(const Words& words, const BpfNames& names = {}) {
  auto code = bytes(words);
  auto second = bytes({0, 0, 0, 1});
  code.insert(code.end(), second.begin(), second.end());
  auto one = bpf_instruction(code, std::endian::little);
  return one ? bpf_text(*one, names) : one.error().message();
}

TEST(Bpf, Calculates) {
  EXPECT_EQ(text({0xbf, 0x16}), "r6 = r1");
  EXPECT_EQ(text({0x07, 0x02, 0, -4}), "r2 += -4");
  EXPECT_EQ(text({0x54, 0x00, 0, 65535}), "w0 &= 65535");
  EXPECT_EQ(text({0xc7, 0x03, 0, 5}), "r3 s>>= 5");
  EXPECT_EQ(text({0x87, 0x01}), "r1 = -r1");
  EXPECT_EQ(text({0x3f, 0x21, 1}), "r1 s/= r2");
  EXPECT_EQ(text({0xbc, 0x21, 8}), "w1 = (s8)w2");
  EXPECT_EQ(text({0xbf, 0x21, 1, 0x10000}), "r1 = addr_space_cast(r2, 1, 0)");
  EXPECT_EQ(text({0xbf, 0x21, -1}), "r1 = &(void __percpu *)(r2)");
  EXPECT_EQ(text({0xdc, 0x00, 0, 16}), "r0 = be16 r0");
  EXPECT_EQ(text({0xd4, 0x00, 0, 32}), "r0 = le32 r0");
  EXPECT_EQ(text({0xd7, 0x00, 0, 64}), "r0 = bswap64 r0");
  EXPECT_EQ(text({0xe7, 0x00}), "BUG_e7");
}

TEST(Bpf, LoadsAndStores) {
  EXPECT_EQ(text({0x61, 0x60, 112}), "r0 = *(u32 *)(r6 +112)");
  EXPECT_EQ(text({0x91, 0x60, -1}), "r0 = *(s8 *)(r6 -1)");
  EXPECT_EQ(text({0x39, 0x60, 8}), "r0 = *(u64 *)(r6 +8)");
  EXPECT_EQ(text({0x62, 0x0a, -4, 5}), "*(u32 *)(r10 -4) = 5");
  EXPECT_EQ(text({0x6b, 0x1a, -8}), "*(u16 *)(r10 -8) = r1");
  EXPECT_EQ(text({0x28, 0x00, 0, 12}), "r0 = *(u16 *)skb[12]");
  EXPECT_EQ(text({0x50, 0x70, 0, 3}), "r0 = *(u8 *)skb[r7 + 3]");
  EXPECT_EQ(text({0x18, 0x01, 0, -1}), "r1 = 0x1ffffffff");
  BpfNames names;
  names.constant = [](std::uint64_t) { return std::string("map[id:7]"); };
  EXPECT_EQ(text({0x18, 0x01, 0, 5}, names), "r1 = map[id:7]");
}

TEST(Bpf, IsAtomic) {
  EXPECT_EQ(text({0xdb, 0x10, 0, 0}), "lock *(u64 *)(r0 +0) += r1");
  EXPECT_EQ(text({0xc3, 0x10, 4, 0x50}), "lock *(u32 *)(r0 +4) &= r1");
  EXPECT_EQ(text({0xdb, 0x10, 0, 0x41}),
            "r1 = atomic64_fetch_or((u64 *)(r0 +0), r1)");
  EXPECT_EQ(text({0xc3, 0x10, 0, 0xe1}),
            "r1 = atomic_xchg((u32 *)(r0 +0), r1)");
  EXPECT_EQ(text({0xdb, 0x12, 0, 0xf1}),
            "r0 = atomic64_cmpxchg((u64 *)(r2 +0), r0, r1)");
  EXPECT_EQ(text({0xdb, 0x12, 0, 0x100}), "r2 = load_acquire((u64 *)(r1 +0))");
  EXPECT_EQ(text({0xdb, 0x12, 0, 0x110}), "store_release((u64 *)(r2 +0), r1)");
  EXPECT_EQ(text({0xdb, 0x12, 0, 0x77}), "BUG_db");
}

TEST(Bpf, Jumps) {
  EXPECT_EQ(text({0x05, 0, -3}), "goto pc-3");
  EXPECT_EQ(text({0x06, 0, 0, 70000}), "gotol pc+70000");
  EXPECT_EQ(text({0x15, 0x00, 1, 0}), "if r0 == 0x0 goto pc+1");
  EXPECT_EQ(text({0x26, 0x00, 1, 64}), "if w0 > 0x40 goto pc+1");
  EXPECT_EQ(text({0xdd, 0x21, 2}), "if r1 s<= r2 goto pc+2");
  EXPECT_EQ(text({0xe5, 0, 4}), "may_goto pc+4");
  EXPECT_EQ(text({0x95}), "exit");
  EXPECT_EQ(text({0x85, 0x10, 0, 9}), "call pc+9");
  EXPECT_EQ(text({0x85, 0x00, 0, 9}), "call unknown#9");
  BpfNames names;
  names.function = [](std::int32_t) { return std::string("lookup"); };
  EXPECT_EQ(text({0x85, 0x00, 0, -9}, names), "call lookup#-9");
  EXPECT_EQ(text({0x96}), "BUG_96");
}

TEST(Bpf, NeedsItsBytes) {
  auto code = bytes({0x18, 0x01, 0, 5});
  EXPECT_FALSE(bpf_instruction(code, std::endian::little));
  code.resize(7);
  EXPECT_FALSE(bpf_instruction(code, std::endian::little));
  auto big = bytes({0xbf, 0x16});
  auto one = bpf_instruction(big, std::endian::big);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->target, 1U);
  EXPECT_EQ(one->source, 6U);
}

}  // namespace
}  // namespace inquest
