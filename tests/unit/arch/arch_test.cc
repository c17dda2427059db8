// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/arch.h"

#include <array>

#include <gtest/gtest.h>

#include "unit/arch/tables.h"

namespace inquest {
namespace {

using test::Tables;

constexpr unsigned em_x86_64 = 62;

TEST(X86_64, IsFoundByNumberAndName) {
  ASSERT_NE(find_arch(em_x86_64), nullptr);
  EXPECT_EQ(find_arch("x86_64"), find_arch(em_x86_64));
  EXPECT_EQ(find_arch("pdp11"), nullptr);
  EXPECT_EQ(find_arch(0xfffe), nullptr);
}

TEST(X86_64, NumbersRegistersAsDwarfDoes) {
  const Arch& arch = *find_arch("x86_64");
  auto registers = arch.registers();
  ASSERT_GE(registers.size(), 17U);
  for (int i = 0; i < 17; ++i) {
    EXPECT_EQ(registers[static_cast<std::size_t>(i)].dwarf, i);
  }
  EXPECT_EQ(registers[arch.pc_register()].name, "rip");
  EXPECT_EQ(registers[arch.sp_register()].name, "rsp");
  EXPECT_EQ(registers[arch.fp_register()].name, "rbp");
}

TEST(X86_64, WalksFourLevels) {
  Tables tables{"x86_64",
                {{0x1ff8, 0x2067},
                 {0x2ff0, 0x3067},
                 {0x3040, 0x4067},
                 {0x4008, 0x8000000000abc063}}};
  std::vector<WalkStep> steps;
  auto found = tables.translate({.root = {0x1000}}, 0xffffffff81001234, &steps);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->physical.value, 0xabc234U);
  EXPECT_EQ(found->page_size, 4096U);
  EXPECT_EQ(found->entry, 0x8000000000abc063U);
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].table, "PGD");
  EXPECT_EQ(steps[1].table, "PUD");
  EXPECT_EQ(steps[3].table, "PTE");
  EXPECT_EQ(steps[3].entry_at.value, 0x4008U);
}

TEST(X86_64, WalksFiveLevels) {
  Tables tables{"x86_64",
                {{0x1ff8, 0x2067},
                 {0x2ff8, 0x3067},
                 {0x3ff0, 0x4067},
                 {0x4040, 0x5067},
                 {0x5008, 0xabc063}}};
  std::vector<WalkStep> steps;
  auto found = tables.translate({.root = {0x1000}, .levels = 5, .va_bits = 57},
                                0xffffffff81001234, &steps);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->physical.value, 0xabc234U);
  EXPECT_EQ(steps[1].table, "P4D");
}

TEST(X86_64, KnowsLargePages) {
  // PAT (bit 12) is no part of a large page's address.
  Tables tables{"x86_64",
                {{0x1ff8, 0x2067},
                 {0x2ff0, 0x3067},
                 {0x3040, 0xe010e3},
                 {0x2ff8, 0x400010e3}}};
  auto two_mb = tables.translate({.root = {0x1000}}, 0xffffffff81123456);
  ASSERT_TRUE(two_mb);
  EXPECT_EQ(two_mb->physical.value, 0xf23456U);
  EXPECT_EQ(two_mb->page_size, 0x200000U);
  auto one_gb = tables.translate({.root = {0x1000}}, 0xffffffffc1123456);
  ASSERT_TRUE(one_gb);
  EXPECT_EQ(one_gb->physical.value, 0x41123456U);
  EXPECT_EQ(one_gb->page_size, 0x40000000U);
}

TEST(X86_64, IgnoresTheEncryptionBit) {
  constexpr std::uint64_t c = std::uint64_t{1} << 47;
  Tables tables{"x86_64",
                {{0x1ff8, c | 0x2067},
                 {0x2ff0, c | 0x3067},
                 {0x3040, c | 0x4067},
                 {0x4008, c | 0xabc063}}};
  auto found = tables.translate({.root = {c | 0x1000}, .ignored = c},
                                0xffffffff81001234);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->physical.value, 0xabc234U);
}

TEST(X86_64, NamesTheEntryThatIsNotPresent) {
  // A PROT_NONE page: not present, global, address inverted.
  Tables tables{"x86_64",
                {{0x1ff8, 0x2067},
                 {0x2ff0, 0x3067},
                 {0x3040, 0x4067},
                 {0x4008, 0x000ffffffff43160}}};
  std::vector<WalkStep> steps;
  auto found = tables.translate({.root = {0x1000}}, 0xffffffff81001234, &steps);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::fault);
  EXPECT_EQ(found.error().address(), 0xffffffff81001234U);
  EXPECT_NE(found.error().message().find("PTE"), std::string::npos);
  EXPECT_EQ(steps.size(), 4U);
}

TEST(X86_64, RefusesAddressesAndTablesThatCannotBe) {
  Tables tables{"x86_64", {}};
  EXPECT_FALSE(tables.translate({.root = {0x1000}}, 0x0800000000000000));
  EXPECT_FALSE(tables.translate({.root = {0x1000}}, 0));
  EXPECT_FALSE(tables.translate({.root = {0x1000}, .levels = 0}, 0));
  EXPECT_FALSE(tables.translate({.root = {0x1000}, .levels = 99}, 0));
}

TEST(X86_64, Relocates) {
  const Arch& arch = *find_arch("x86_64");
  auto relocated = [&](unsigned type, std::uint64_t value) {
    std::array<std::byte, 8> place = {};
    auto done = arch.relocate(type, place, Address{0x1000}, value);
    return done ? load_unsigned(place, std::endian::little)
                : ~std::uint64_t{0} >> 1;
  };
  constexpr std::uint64_t refused = ~std::uint64_t{0} >> 1;
  EXPECT_EQ(relocated(0, 5), 0U);                                    // NONE
  EXPECT_EQ(relocated(1, 0xffffffff81000000), 0xffffffff81000000U);  // 64
  EXPECT_EQ(relocated(10, 0x81000000), 0x81000000U);                 // 32
  EXPECT_EQ(relocated(10, 0xffffffff81000000), refused);
  EXPECT_EQ(relocated(11, 0xffffffff81000000), 0x81000000U);  // 32S
  EXPECT_EQ(relocated(11, 0x81000000), refused);
  EXPECT_EQ(relocated(2, 0x0ffc), 0xfffffffcU);  // PC32
  EXPECT_EQ(relocated(4, 0x2000), 0x1000U);      // PLT32
  EXPECT_EQ(relocated(2, 0x1000 + (std::uint64_t{1} << 31)), refused);
  EXPECT_EQ(relocated(24, 0), static_cast<std::uint64_t>(-0x1000));  // PC64
  EXPECT_EQ(relocated(99, 0), refused);
  std::array<std::byte, 3> small = {};
  EXPECT_FALSE(arch.relocate(2, small, Address{0}, 0));
}

}  // namespace
}  // namespace inquest
