// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/swap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t areas_at = 0x1000, area_at = 0x2000;
constexpr std::uint64_t off_list = 1 << 30;

std::string machine() {
  return fmt::format(
      "@{:#x} u64 {:#x}\n@{:#x} u64 {:#x}\n@{:#x} u32 {:#x}\n"
      "@{:#x} u64 {:#x}\n",
      areas_at, base + area_at, area_at, 3, area_at + 8, 1022, area_at + 16,
      off_list + 256);
}

// |is_atomic|: pages in use are counted in an atomic_long_t (6.14 on).
class SwapKernel : public test::TestKernel {
 public:
  explicit SwapKernel(bool is_atomic, const std::string& more = "")
      : test::TestKernel(machine() + more, {}) {
    const Type& number = types().c_type("unsigned int");
    const Type& word = types().c_type("unsigned long");
    const Type& atomic =
        source->structure("", 8, {test::member("counter", word, 0)});
    source->structure(
        "swap_info_struct", 64,
        {test::member("flags", word, 0), test::member("pages", number, 8),
         test::member("inuse_pages", is_atomic ? atomic : number, 16)});
  }

  // Of an unknown size: there may be 32.
  Result<Address> symbol(std::string_view name) const override {
    if (name == "swap_info") return Address{base + areas_at};
    return test::TestKernel::symbol(name);
  }
};

TEST(Swap, CountsPagesApartFromTheFlag) {
  auto areas = swap_areas(SwapKernel(true));
  ASSERT_TRUE(areas) << areas.error().message();
  ASSERT_EQ(areas->found.size(), 1U);
  EXPECT_TRUE(areas->faults.empty());
  const SwapArea& area = areas->found.front();
  EXPECT_EQ(area.pages.value_or(0), 1022U);
  EXPECT_EQ(area.pages_in_use.value_or(0), 256U);
  // What there is no member for is an error of its own.
  EXPECT_FALSE(area.priority);
  EXPECT_FALSE(area.name);
}

TEST(Swap, CountsPagesInAPlainNumber) {
  auto areas = swap_areas(SwapKernel(false));
  ASSERT_TRUE(areas) << areas.error().message();
  ASSERT_EQ(areas->found.size(), 1U);
  EXPECT_EQ(areas->found.front().pages_in_use.value_or(0), off_list + 256);
}

TEST(Swap, KeepsTheOtherAreasOfAWildPointer) {
  SwapKernel kernel(
      true, fmt::format("@{:#x} u64 {:#x}\n@{:#x} u64 {:#x}\n", areas_at,
                        base + 0x900000, areas_at + 8, base + area_at));
  auto areas = swap_areas(kernel);
  ASSERT_TRUE(areas) << areas.error().message();
  EXPECT_EQ(areas->faults.size(), 1U);
  ASSERT_EQ(areas->found.size(), 1U);
  EXPECT_EQ(areas->found.front().type, 1U);
}

}  // namespace
}  // namespace inquest
