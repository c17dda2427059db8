// SPDX-License-Identifier: GPL-3.0-or-later
// Where an x86_64 kernel lies, found in each of the ways there are.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/layout_search.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t image = 0xffffffff81000000;
constexpr std::uint64_t slide = 0x1c00000;
constexpr std::uint64_t physical = 0x4000000;  // of the image
constexpr std::uint64_t direct_map = 0xffff9a0000000000;

// _text at 0, the banner at 0x1000, page tables from 0x2000 on.
std::map<std::string, std::uint64_t, std::less<>> image_symbols() {
  return {{"_text", image},
          {"_stext", image},
          {"_end", image + 0x200000},
          {"linux_banner", image + 0x1000},
          {"init_top_pgt", image + 0x2000},
          {"page_offset_base", image + 0x5000}};
}

// Tables that map the image, moved by |slide|, with one 2 MiB page, and
// physical memory from 0 on with one of 1 GiB.
std::string memory(bool has_base = true) {
  std::uint64_t at = image + slide;
  auto entry = [at](unsigned shift) { return (at >> shift & 511) * 8; };
  return fmt::format(
      "@{:#x} text \"{}\\n\"\n"
      "@{:#x} u64 {:#x}\n@{:#x} u64 {:#x}\n@{:#x} u64 {:#x}\n"
      "@{:#x} u64 {:#x}\n@{:#x} u64 {:#x}\n{}",
      physical + 0x1000, test::kernel_banner, physical + 0x2000 + entry(39),
      physical + 0x3067, physical + 0x3000 + entry(30), physical + 0x4067,
      physical + 0x4000 + entry(21), physical | 0xe3,
      physical + 0x2000 + (direct_map >> 39 & 511) * 8, physical + 0x6067,
      physical + 0x6000 + (direct_map >> 30 & 511) * 8, 0xe3,
      has_base ? test::words(physical + 0x5000, {direct_map}) : "");
}

class Layout : public testing::Test, protected test::LayoutSearch {
 protected:
  explicit Layout(const std::string& machine = memory())
      : LayoutSearch{test::OpenedMemory(test::parse_machine(machine)),
                     test::vmlinux_with(EM_X86_64, image + 0x1000),
                     image_symbols()} {}

  void expect_right(const Result<KernelLayout>& found) {
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->kaslr_offset, slide);
    EXPECT_EQ(found->paging.root.value, physical + 0x2000);
    ASSERT_EQ(found->windows.size(), 2U);
    EXPECT_EQ(found->windows[0].start.value, direct_map);
    EXPECT_EQ(found->windows[0].physical.value, 0U);
    EXPECT_EQ(found->windows[1].start.value, image + slide);
    EXPECT_EQ(found->windows[1].physical.value, physical);
    EXPECT_EQ(found->windows[1].size, 0x200000U);
  }
};

// physical = virtual - 0xffffffff80000000 + phys_base
std::string phys_base() {
  auto value = static_cast<std::int64_t>(physical - 0x1000000 - slide);
  return fmt::format("NUMBER(phys_base)={}\n", value);
}

TEST_F(Layout, IsWhatVmcoreinfoSays) {
  auto found = find(fmt::format("SYMBOL(_stext)={:x}\n", image + slide) +
                    phys_base() + "NUMBER(pgtable_l5_enabled)=0\n");
  expect_right(found);
  EXPECT_EQ(found->paging.levels, 4U);
  EXPECT_EQ(found->source, "VMCOREINFO");
}

TEST_F(Layout, TakesLevelsAndMaskFromVmcoreinfo) {
  given = slide;
  auto found = find(phys_base() +
                    "NUMBER(pgtable_l5_enabled)=1\n"
                    "NUMBER(sme_mask)=140737488355328\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->paging.levels, 5U);
  EXPECT_EQ(found->paging.va_bits, 57U);
  EXPECT_EQ(found->paging.ignored, 1ULL << 47);
}

TEST_F(Layout, FindsTheBannerWhenOnlyTheSlideIsKnown) {
  given = slide;
  expect_right(find(""));
}

TEST_F(Layout, FindsBothByBannerAndPageTables) {
  auto found = find("");
  expect_right(found);
  EXPECT_EQ(found->source, "linux_banner");
}

TEST_F(Layout, SaysThatTheBannerIsNowhere) {
  file = test::vmlinux_with(EM_X86_64, image + 0x1000,
                            "Linux version 9.9.9 other");
  auto found = find("");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("another kernel"), std::string::npos);
}

// The variable's page is not in the dump.
class LayoutWithoutBase : public Layout {
 protected:
  LayoutWithoutBase() : Layout(memory(false)) {}
};

TEST_F(LayoutWithoutBase, FindsTheDirectMapInThePageTables) {
  expect_right(find(""));
}

TEST_F(Layout, PageOffsetMayBeInsistedOn) {
  machine["page_offset"] = 0xffff880000000000;
  given = slide;
  auto found = find(phys_base());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->windows[0].start.value, 0xffff880000000000);
}

}  // namespace
}  // namespace inquest
