// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel says of its tasks and CPUs.

#include "kernel/task.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

class PanicCpu : public testing::Test {
 protected:
  static constexpr std::uint64_t nowhere = 0x10000000;

  // Of a machine in which panic_cpu is unset and crashing_cpu is 2.
  static Result<unsigned> of(std::map<std::string, std::uint64_t> symbols) {
    return panic_cpu(
        test::TestKernel("@0x1000 u64 0x2ffffffff\n", std::move(symbols)));
  }
};

TEST_F(PanicCpu, IsWhatEitherVariableSays) {
  auto found = of({{"panic_cpu", 0x1000}, {"crashing_cpu", 0x1004}});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(*found, 2U);
}

TEST_F(PanicCpu, IsNoneWithoutAPanic) {
  auto found = of({{"panic_cpu", 0x1000}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::not_found);
}

TEST_F(PanicCpu, MayBeLost) {
  auto found = of({{"panic_cpu", nowhere}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::fault);
  found = of({{"panic_cpu", nowhere}, {"crashing_cpu", 0x1004}});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, 2U);
}

}  // namespace
}  // namespace inquest
