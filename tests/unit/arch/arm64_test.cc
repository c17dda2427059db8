// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <optional>

#include <gtest/gtest.h>

#include "unit/arch/tables.h"

namespace inquest {
namespace {

using test::Tables;

constexpr unsigned em_aarch64 = 183;

constexpr std::uint64_t root = 0x10000;
constexpr std::uint64_t table_step = 0x10000;
constexpr std::uint64_t root_64k_52 = 0x20000;
// What hardware and kernel keep beside the address, as arm64 kernels do: no
// execution by users, accessed, inner shareable, normal memory.
constexpr std::uint64_t page_flags = 0x0068000000000713;
constexpr std::uint64_t block_flags = 0x0068000000000711;

constexpr Paging paging_4k{
    .root = {root}, .levels = 4, .page_shift = 12, .va_bits = 48};
constexpr Paging paging_16k{
    .root = {root}, .levels = 4, .page_shift = 14, .va_bits = 48};
constexpr Paging paging_64k{
    .root = {root}, .levels = 3, .page_shift = 16, .va_bits = 48};

Paging in_lower_half(Paging paging) {
  paging.is_lower_half = true;
  return paging;
}

// One table below the other, 64 KiB apart; |indexes| are those of the entries
// that lead on, the topmost first. The last one leads to |entry|.
Tables chain(const std::vector<std::uint64_t>& indexes, std::uint64_t entry) {
  Tables tables{"aarch64", {}};
  std::uint64_t at = root;
  for (std::uint64_t index : indexes) {
    tables.entries[at + index * 8] = (at + table_step) | 3;
    at += table_step;
  }
  tables.entries[at - table_step + indexes.back() * 8] = entry;
  return tables;
}

// The tables walked, each followed by a space.
std::string names(const std::vector<WalkStep>& steps) {
  std::string text;
  for (const WalkStep& step : steps)
    text += std::string(step.table) + " ";
  return text;
}

void expect_page(const Result<Translation>& found, std::uint64_t physical,
                 std::uint64_t size) {
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->physical.value, physical);
  EXPECT_EQ(found->page_size, size);
}

void expect_fault(const Result<Translation>& found, std::uint64_t at,
                  std::string_view why) {
  ASSERT_FALSE(found) << std::hex << found->physical.value;
  EXPECT_EQ(found.error().kind(), ErrorKind::fault);
  EXPECT_EQ(found.error().address(), at);
  EXPECT_NE(found.error().message().find(why), std::string::npos)
      << found.error().message();
}

TEST(Arm64, IsFoundByNumberAndName) {
  ASSERT_NE(find_arch(em_aarch64), nullptr);
  EXPECT_EQ(find_arch("aarch64"), find_arch(em_aarch64));
  EXPECT_EQ(find_arch(em_aarch64)->elf_machine(), em_aarch64);
}

TEST(Arm64, NumbersRegistersAsDwarfDoes) {
  const Arch& arch = *find_arch("aarch64");
  auto registers = arch.registers();
  ASSERT_EQ(registers.size(), 34U);
  for (int i = 0; i < 33; ++i) {
    EXPECT_EQ(registers[static_cast<std::size_t>(i)].dwarf, i);
  }
  EXPECT_EQ(registers[arch.pc_register()].name, "pc");
  EXPECT_EQ(registers[arch.sp_register()].name, "sp");
  EXPECT_EQ(registers[arch.fp_register()].name, "x29");
}

// ---- Pages ----

TEST(Arm64, WalksThreeLevelsOf4K) {
  Tables tables = chain({0x101, 0x40, 0x123}, 0x87654000 | page_flags);
  std::vector<WalkStep> steps;
  auto found = tables.translate(
      {.root = {root}, .levels = 3, .page_shift = 12, .va_bits = 39},
      0xffffffc048123abc, &steps);
  expect_page(found, 0x87654abc, 0x1000);
  EXPECT_EQ(found->entry, 0x87654000 | page_flags);
  EXPECT_EQ(names(steps), "PGD PMD PTE ");
  EXPECT_EQ(steps[1].entry_at.value, 0x20200U);
  EXPECT_EQ(steps[1].entry, 0x30003U);
}

TEST(Arm64, WalksFourLevelsOf4K) {
  Tables tables = chain({0x101, 0x101, 0x40, 0x123}, 0xfedc87654713);
  std::vector<WalkStep> steps;
  auto found = tables.translate(paging_4k, 0xffff80c048123abc, &steps);
  expect_page(found, 0xfedc87654abc, 0x1000);
  EXPECT_EQ(names(steps), "PGD PUD PMD PTE ");
}

TEST(Arm64, WalksFiveLevelsOf4KWithWideEntries) {
  Tables tables = chain({9, 0x101, 0x101, 0x40, 0x123}, 0x68000087654613);
  Paging paging{.root = {root}, .levels = 5, .page_shift = 12, .va_bits = 52};
  paging.has_wide_entries = true;
  std::vector<WalkStep> steps;
  constexpr std::uint64_t at = 0xfff980c048123abc;
  // Bits 51:50 in bits 9:8.
  expect_page(tables.translate(paging, at, &steps), 0x8000087654abc, 0x1000);
  EXPECT_EQ(names(steps), "PGD P4D PUD PMD PTE ");
  // Bits 49:48 in place.
  std::uint64_t& entry = tables.entries[0x50918];
  entry = 0x6b000087654513;
  expect_page(tables.translate(paging, at), 0x7000087654abc, 0x1000);
  // All of it are other bits where addresses have 48.
  paging.has_wide_entries = false;
  expect_page(tables.translate(paging, at), 0x87654abc, 0x1000);
}

TEST(Arm64, FollowsWideEntriesToTables) {
  constexpr std::uint64_t far = 0xf000000030000;
  Tables tables{"aarch64",
                {{root + 0x808, 0x3000000030303},
                 {far + 0x808, 0x40003},
                 {0x40000 + 0x40 * 8, 0x50003},
                 {0x50000 + 0x123 * 8, 0x87654703}}};
  Paging paging = paging_4k;
  paging.has_wide_entries = true;
  expect_page(tables.translate(paging, 0xffff80c048123abc), 0xc000087654abc,
              0x1000);
}

TEST(Arm64, Walks16K) {
  Tables three = chain({0x401, 0x41, 0xd1}, 0x87654000 | page_flags);
  std::vector<WalkStep> steps;
  auto found = three.translate(
      {.root = {root}, .levels = 3, .page_shift = 14, .va_bits = 47},
      0xffffc01082345abc, &steps);
  expect_page(found, 0x87655abc, 0x4000);
  EXPECT_EQ(names(steps), "PGD PMD PTE ");

  Tables four = chain({1, 1, 0x41, 0xd1}, 0x87654000 | page_flags);
  steps.clear();
  found = four.translate(paging_16k, 0xffff801082345abc, &steps);
  expect_page(found, 0x87655abc, 0x4000);
  EXPECT_EQ(names(steps), "PGD PUD PMD PTE ");
}

TEST(Arm64, Walks64K) {
  Tables two = chain({0x1004, 0x234}, 0x87650000 | page_flags);
  std::vector<WalkStep> steps;
  auto found = two.translate(
      {.root = {root}, .levels = 2, .page_shift = 16, .va_bits = 42},
      0xfffffe0082345abc, &steps);
  expect_page(found, 0x87655abc, 0x10000);
  EXPECT_EQ(names(steps), "PGD PTE ");

  Tables three = chain({0x22, 0x1004, 0x234}, 0x87650000 | page_flags);
  steps.clear();
  found = three.translate(paging_64k, 0xffff8a0082345abc, &steps);
  expect_page(found, 0x87655abc, 0x10000);
  EXPECT_EQ(names(steps), "PGD PMD PTE ");
}

// Bits 51:48 in bits 15:12, of pages and of tables.
TEST(Arm64, Walks64KOf52Bits) {
  constexpr std::uint64_t far = 0xa000000030000;
  Tables tables{"aarch64",
                {{root_64k_52 + 0x1310, 0x30003 | 0xa000},
                 {far + 0x8020, 0x40003},
                 {0x40000 + 0x234 * 8, 0x8765f000 | page_flags}}};
  auto found = tables.translate(
      {.root = {root_64k_52}, .levels = 3, .page_shift = 16, .va_bits = 52},
      0xfff98a0082345abc);
  expect_page(found, 0xf000087655abc, 0x10000);
}

// ---- Blocks ----

TEST(Arm64, KnowsBlocksOf4K) {
  // nT (bit 16) is no part of a block's address.
  Tables two_mb =
      chain({0x101, 0x101, 0x40}, 0x87600000 | 0x10000 | block_flags);
  std::vector<WalkStep> steps;
  constexpr std::uint64_t at = 0xffff80c048123abc;
  expect_page(two_mb.translate(paging_4k, at, &steps), 0x87723abc, 0x200000);
  EXPECT_EQ(names(steps), "PGD PUD PMD ");
  Tables one_gb = chain({0x101, 0x101}, 0x1c0000000 | block_flags);
  expect_page(one_gb.translate(paging_4k, at), 0x1c8123abc, 0x40000000);
}

TEST(Arm64, KnowsBlocksOf16KAnd64K) {
  Tables large = chain({1, 1, 0x41}, 0x86000000 | block_flags);
  expect_page(large.translate(paging_16k, 0xffff801082345abc), 0x86345abc,
              0x2000000);
  Tables larger = chain({0x22, 0x1004}, 0xa000f000 | block_flags);
  expect_page(larger.translate(paging_64k, 0xffff8a0082345abc), 0xf0000a2345abc,
              0x20000000);
}

TEST(Arm64, WideEntriesAllowBlocksOneLevelUp) {
  constexpr std::uint64_t at = 0xffff80c048123abc;
  Tables tables = chain({0x101}, 0x18000000000 | block_flags);
  expect_fault(tables.translate(paging_4k, at), at, "PGD");
  Paging paging = paging_4k;
  paging.has_wide_entries = true;
  // Bits 9:8 are address now; shareability is in the control register.
  expect_page(tables.translate(paging, at), 0xc01c048123abc, 0x8000000000);
}

TEST(Arm64, RefusesBlocksWhereThereAreNone) {
  constexpr std::uint64_t at_4k = 0xffff80c048123abc;
  Tables pgd = chain({0x101}, block_flags);
  expect_fault(pgd.translate(paging_4k, at_4k), at_4k, "PGD");
  Tables pte = chain({0x101, 0x101, 0x40, 0x123}, 0x87654000 | block_flags);
  expect_fault(pte.translate(paging_4k, at_4k), at_4k, "PTE");
  constexpr std::uint64_t at_16k = 0xffff801082345abc;
  Tables pud = chain({1, 1}, block_flags);
  expect_fault(pud.translate(paging_16k, at_16k), at_16k, "PUD");
}

// ---- What is not mapped ----

TEST(Arm64, NamesTheEntryThatIsNotValid) {
  constexpr std::uint64_t at = 0xffff80c048123abc;
  for (std::uint64_t entry : {std::uint64_t{0}, std::uint64_t{0x87654712}}) {
    Tables tables = chain({0x101, 0x101, 0x40, 0x123}, entry);
    std::vector<WalkStep> steps;
    auto found = tables.translate(paging_4k, at, &steps);
    expect_fault(found, at,
                 "PTE entry " + std::string(entry ? "0x87654712" : "0x0") +
                     " at 0x40918");
    EXPECT_EQ(names(steps), "PGD PUD PMD PTE ");
    EXPECT_EQ(steps.back().entry, entry);
  }
  Tables tables = chain({0x101, 0x101}, 0);
  std::vector<WalkStep> steps(1);
  expect_fault(tables.translate(paging_4k, at, &steps), at,
               "PUD entry 0x0 at 0x20808");
  EXPECT_EQ(names(steps), " PGD PUD ");
}

TEST(Arm64, SaysWhichTableCannotBeRead) {
  Tables tables = chain({0x101, 0x101, 0x40, 0x123}, 0x87654000 | page_flags);
  tables.entries.erase(0x30200);
  std::vector<WalkStep> steps;
  auto found = tables.translate(paging_4k, 0xffff80c048123abc, &steps);
  expect_fault(found, 0x30200, "no such page");
  EXPECT_EQ(names(steps), "PGD PUD ");
}

TEST(Arm64, HalvesAreNoAliases) {
  constexpr std::uint64_t upper = 0xffff80c048123abc;
  constexpr std::uint64_t lower = 0x000080c048123abc;
  Tables tables = chain({0x101, 0x101, 0x40, 0x123}, 0x87654000 | page_flags);
  Paging user = in_lower_half(paging_4k);
  expect_page(tables.translate(paging_4k, upper), 0x87654abc, 0x1000);
  expect_page(tables.translate(user, lower), 0x87654abc, 0x1000);
  expect_fault(tables.translate(paging_4k, lower), lower, "upper half");
  expect_fault(tables.translate(user, upper), upper, "lower half");
  for (std::uint64_t neither :
       {0x000180c048123abcULL, 0x800080c048123abcULL, 0x7fff80c048123abcULL,
        0xfffe80c048123abcULL, 0x00ff80c048123abcULL}) {
    expect_fault(tables.translate(paging_4k, neither), neither, "48 bits");
    expect_fault(tables.translate(user, neither), neither, "48 bits");
  }
}

TEST(Arm64, RefusesTablesThatCannotBe) {
  Tables tables = chain({0x101, 0x101, 0x40, 0x123}, 0x87654000 | page_flags);
  auto refused = [&](unsigned levels, unsigned page_shift, unsigned va_bits) {
    Paging paging{.root = {root},
                  .levels = levels,
                  .page_shift = page_shift,
                  .va_bits = va_bits};
    bool is_refused = true;
    for (std::uint64_t at : {std::uint64_t{0}, 0xffff80c048123abc}) {
      for (bool is_lower : {false, true}) {
        paging.is_lower_half = is_lower;
        auto found = tables.translate(paging, at);
        is_refused = is_refused && !found &&
                     found.error().kind() == ErrorKind::unsupported;
      }
    }
    return is_refused;
  };
  EXPECT_FALSE(refused(4, 12, 48));
  EXPECT_TRUE(refused(0, 12, 48));
  EXPECT_TRUE(refused(6, 12, 52));
  EXPECT_TRUE(refused(~0U, 12, 48));
  for (unsigned shift : {0U, 3U, 13U, 15U, 64U, 77U, ~0U}) {
    EXPECT_TRUE(refused(4, shift, 48)) << shift;
  }
  for (unsigned bits : {0U, 12U, 39U, 53U, 60U, 64U, 65U, ~0U}) {
    EXPECT_TRUE(refused(4, 12, bits)) << bits;
  }
  EXPECT_TRUE(refused(4, 16, 52));
  EXPECT_TRUE(refused(5, 14, 52));
}

// ---- Relocations ----

// What |place| (at 0x1000) holds afterwards, in the least significant bytes.
std::optional<std::uint64_t> relocated(unsigned type, std::uint64_t value) {
  std::array<std::byte, 8> place = {};
  place.fill(std::byte{0x55});
  auto done =
      find_arch("aarch64")->relocate(type, place, Address{0x1000}, value);
  if (!done) return std::nullopt;
  return load_unsigned(place, std::endian::little);
}

TEST(Arm64, RelocatesAbsolutely) {
  EXPECT_EQ(relocated(257, 0xffff800081234567), 0xffff800081234567U);
  EXPECT_EQ(relocated(258, 0x87654321), 0x5555555587654321U);
  EXPECT_EQ(relocated(258, 0xffffffff87654321), 0x5555555587654321U);
  EXPECT_EQ(relocated(258, 0x100000000), std::nullopt);
  EXPECT_EQ(relocated(258, 0xffffffff7fffffff), std::nullopt);
  EXPECT_EQ(relocated(259, 0xfedc), 0x555555555555fedcU);
  EXPECT_EQ(relocated(259, 0xffffffffffff8000), 0x5555555555558000U);
  EXPECT_EQ(relocated(259, 0x10000), std::nullopt);
  EXPECT_EQ(relocated(259, 0xffffffffffff7fff), std::nullopt);
}

TEST(Arm64, RelocatesRelatively) {
  EXPECT_EQ(relocated(260, 0), 0xfffffffffffff000U);
  EXPECT_EQ(relocated(261, 0xffc), 0x55555555fffffffcU);
  EXPECT_EQ(relocated(261, 0x80000fff), 0x555555557fffffffU);
  EXPECT_EQ(relocated(261, 0x80001000), std::nullopt);
  EXPECT_EQ(relocated(261, 0xffffffff80001000), 0x5555555580000000U);
  EXPECT_EQ(relocated(261, 0xffffffff80000fff), std::nullopt);
  EXPECT_EQ(relocated(262, 0x8fff), 0x5555555555557fffU);
  EXPECT_EQ(relocated(262, 0x9000), std::nullopt);
  EXPECT_EQ(relocated(262, 0xffffffffffff9000), 0x5555555555558000U);
  EXPECT_EQ(relocated(262, 0xffffffffffff8fff), std::nullopt);
}

TEST(Arm64, RelocationsThatDoNothing) {
  EXPECT_EQ(relocated(0, 5), 0x5555555555555555U);
  EXPECT_EQ(relocated(256, 5), 0x5555555555555555U);
}

TEST(Arm64, SaysWhyItDoesNotRelocate) {
  const Arch& arch = *find_arch("aarch64");
  std::array<std::byte, 8> place = {};
  for (unsigned type : {1U, 263U, 1032U, ~0U}) {
    auto done = arch.relocate(type, place, Address{0}, 0);
    ASSERT_FALSE(done) << type;
    EXPECT_EQ(done.error().kind(), ErrorKind::unsupported);
    EXPECT_NE(done.error().message().find(std::to_string(type)),
              std::string::npos);
  }
  for (auto [type, size] : {std::pair{257U, 8U},
                            {258U, 4U},
                            {259U, 2U},
                            {260U, 8U},
                            {261U, 4U},
                            {262U, 2U}}) {
    EXPECT_TRUE(
        arch.relocate(type, std::span(place).first(size), Address{0}, 1));
    auto done =
        arch.relocate(type, std::span(place).first(size - 1), Address{0}, 1);
    ASSERT_FALSE(done) << type;
    EXPECT_EQ(done.error().kind(), ErrorKind::corrupt);
  }
  auto far = arch.relocate(258, place, Address{0x1000}, 0x100000000);
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().kind(), ErrorKind::corrupt);
  EXPECT_EQ(far.error().address(), 0x1000U);
}

}  // namespace
}  // namespace inquest
