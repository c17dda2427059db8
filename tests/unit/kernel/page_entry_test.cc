// SPDX-License-Identifier: GPL-3.0-or-later
// What Linux says with page table entries, by the age of the kernel.

#include "kernel/page_entry.h"

#include <elf.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "kernel/linux_arch.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using Kind = PageEntry::Kind;

struct Entries : testing::Test {
  static test::TestKernel x86(std::map<std::string, std::uint64_t> symbols) {
    return {"@0x0 u64 0", std::move(symbols)};
  }
  static PageEntry entry(unsigned machine, const Kernel& kernel,
                         std::uint64_t value) {
    return find_linux_arch(machine)->page_entry(kernel, value);
  }
  static std::string flags(const PageEntry& entry) {
    return fmt::format("{}", fmt::join(entry.flags, "|"));
  }
};

TEST_F(Entries, OfX86ThatArePresent) {
  auto kernel = x86({});
  PageEntry found = entry(EM_X86_64, kernel, 0x80000000004001e3);
  EXPECT_EQ(found.kind, Kind::present);
  EXPECT_EQ(found.physical.value, 0x400000U);
  EXPECT_EQ(flags(found), "PRESENT|RW|ACCESSED|DIRTY|PSE|GLOBAL|NX");
  EXPECT_EQ(entry(EM_X86_64, kernel, 0).kind, Kind::empty);
}

TEST_F(Entries, OfX86ThatNobodyMayTouch) {
  auto old = x86({});
  PageEntry found = entry(EM_X86_64, old, 0x12345100);
  EXPECT_EQ(found.kind, Kind::hidden);
  EXPECT_EQ(found.physical.value, 0x12345000U);
  EXPECT_EQ(flags(found), "PROTNONE|GLOBAL");
  auto inverting = x86({{"l1tf_mitigation", 0}});
  found = entry(EM_X86_64, inverting, 0xfffffedcba100);
  EXPECT_EQ(found.kind, Kind::hidden);
  EXPECT_EQ(found.physical.value, 0x12345000U);
}

TEST_F(Entries, OfX86InSwap) {
  PageEntry found = entry(EM_X86_64, x86({}), 3 << 1 | 77 << 9);
  EXPECT_EQ(found.kind, Kind::swapped);
  EXPECT_EQ(found.swap.type, 3U);
  EXPECT_EQ(found.swap.offset, 77U);
  found = entry(EM_X86_64, x86({{"vm_node_stat", 0}}), 3 << 9 | 77 << 14);
  EXPECT_EQ(found.swap.type, 3U);
  EXPECT_EQ(found.swap.offset, 77U);
  auto inverting = x86({{"l1tf_mitigation", 0}, {"vm_node_stat", 8}});
  // Recorded from 6.1, with a bit that says that it was dirty.
  found = entry(EM_X86_64, inverting, 0x07fffffffffbfe0a);
  EXPECT_EQ(found.kind, Kind::swapped);
  EXPECT_EQ(found.swap.type, 0U);
  EXPECT_EQ(found.swap.offset, 512U);
  found = entry(EM_X86_64, inverting, 0x07fffffffffbfe0a | 5UL << 59);
  EXPECT_EQ(found.swap.type, 5U);
}

// An arm64 kernel with these page flags.
class Arm64Kernel : public test::TestKernel {
 public:
  explicit Arm64Kernel(std::vector<Enumerator> flags, Paging paging = {})
      : test::TestKernel("@0x0 u64 0", {}, *find_arch("aarch64"), paging) {
    source->enumeration("pageflags", std::move(flags));
  }
};

TEST_F(Entries, OfArm64ThatAreValid) {
  Arm64Kernel kernel({});
  PageEntry found = entry(EM_AARCH64, kernel, 0x20000045f68fc3);
  EXPECT_EQ(found.kind, Kind::present);
  EXPECT_EQ(found.physical.value, 0x45f68000U);
  EXPECT_EQ(flags(found), "VALID|USER|RDONLY|SHARED|AF|NG|PXN");
  EXPECT_EQ(entry(EM_AARCH64, kernel, 0).kind, Kind::empty);
}

TEST_F(Entries, OfArm64WithWideAddresses) {
  Paging paging{.root = {}, .levels = 3, .page_shift = 16, .va_bits = 52};
  Arm64Kernel kernel({}, paging);
  EXPECT_EQ(entry(EM_AARCH64, kernel, 0x45f6a003).physical.value,
            0xa000045f60000U);
  // LPA2: bits 51:50 are where others have SHARED.
  Paging small{
      .root = {}, .levels = 5, .va_bits = 52, .has_wide_entries = true};
  Arm64Kernel lpa2({}, small);
  PageEntry found = entry(EM_AARCH64, lpa2, 0x45f68603);
  EXPECT_EQ(found.physical.value, 0x8000045f68000U);
  EXPECT_EQ(flags(found), "VALID|AF");
}

TEST_F(Entries, OfArm64InSwap) {
  // Recorded from 6.1.
  Arm64Kernel recent({{"PG_slab", 9}, {"PG_anon_exclusive", 17}});
  PageEntry found = entry(EM_AARCH64, recent, 0x20004);
  EXPECT_EQ(found.kind, Kind::swapped);
  EXPECT_EQ(found.swap.type, 0U);
  EXPECT_EQ(found.swap.offset, 512U);
  EXPECT_EQ(entry(EM_AARCH64, recent, 0x20018).swap.type, 3U);
  // Recorded from 6.12.
  Arm64Kernel newest({{"PG_anon_exclusive", 11}});
  found = entry(EM_AARCH64, newest, 0x1004);
  EXPECT_EQ(found.kind, Kind::swapped);
  EXPECT_EQ(found.swap.type, 0U);
  EXPECT_EQ(found.swap.offset, 1U);
  EXPECT_EQ(entry(EM_AARCH64, newest, 0x10c4).swap.type, 3U);
  Arm64Kernel old({{"PG_slab", 9}});
  found = entry(EM_AARCH64, old, 0x2000c);
  EXPECT_EQ(found.swap.type, 3U);
  EXPECT_EQ(found.swap.offset, 512U);
}

TEST_F(Entries, OfArm64ThatNobodyMayTouch) {
  Arm64Kernel old({{"PG_slab", 9}});
  PageEntry found = entry(EM_AARCH64, old, 1UL << 58 | 0x45f68fc0);
  EXPECT_EQ(found.kind, Kind::hidden);
  EXPECT_EQ(found.physical.value, 0x45f68000U);
  EXPECT_EQ(flags(found), "USER|RDONLY|SHARED|AF|NG|PROT_NONE");
  Arm64Kernel newest({{"PG_anon_exclusive", 11}});
  found = entry(EM_AARCH64, newest, 0x45f68f80);
  EXPECT_EQ(found.kind, Kind::hidden);
  EXPECT_EQ(flags(found), "RDONLY|SHARED|AF|PROT_NONE");
}

}  // namespace
}  // namespace inquest
