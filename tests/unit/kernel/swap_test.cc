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
  explicit SwapKernel(bool is_atomic)
      : test::TestKernel(machine(), {{"swap_info", areas_at}}) {
    const Type& number = types().c_type("unsigned int");
    const Type& word = types().c_type("unsigned long");
    const Type& atomic =
        source->structure("", 8, {test::member("counter", word, 0)});
    source->structure(
        "swap_info_struct", 64,
        {test::member("flags", word, 0), test::member("pages", number, 8),
         test::member("inuse_pages", is_atomic ? atomic : number, 16)});
  }
};

TEST(Swap, CountsPagesApartFromTheFlag) {
  auto areas = swap_areas(SwapKernel(true));
  ASSERT_TRUE(areas) << areas.error().message();
  ASSERT_EQ(areas->size(), 1U);
  EXPECT_EQ(areas->front().pages.value_or(0), 1022U);
  EXPECT_EQ(areas->front().pages_in_use.value_or(0), 256U);
  // What there is no member for is an error of its own.
  EXPECT_FALSE(areas->front().priority);
  EXPECT_FALSE(areas->front().name);
}

TEST(Swap, CountsPagesInAPlainNumber) {
  auto areas = swap_areas(SwapKernel(false));
  ASSERT_TRUE(areas) << areas.error().message();
  EXPECT_EQ(areas->front().pages_in_use.value_or(0), off_list + 256);
}

}  // namespace
}  // namespace inquest
