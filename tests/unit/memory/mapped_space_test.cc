// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/mapped_space.h"

#include <gtest/gtest.h>

#include "unit/memory/opened.h"

namespace inquest {
namespace {

// Page tables at 1000 to 4000: 0xffffc90000000000 is page 0x10000, the next
// one excluded, the third not present; 0xffffc90000200000 is a 2 MB page.
constexpr std::string_view machine = R"(
  @0x1c90 u64 0x2067
  @0x2000 u64 0x3067
  @0x3000 u64 0x4067 0x2000e7
  @0x4000 u64 0x10063 0x11063 0 0x8000000000012063
  @0x10ff8 u64 0x1111111111111111
  @0x11000 exclude
  @0x12000 u64 0x2222222222222222
  @0x212340 u64 0x3333333333333333
)";
constexpr Address mapped{0xffffc90000000000};
constexpr Address direct{0xffff888000000000};

class MappedSpaceTest : public testing::Test {
 protected:
  MappedSpaceTest()
      : opened_(test::parse_machine(machine)),
        space_(opened_.memory(), *find_arch("x86_64"),
               {{direct + 0x10000, 0x2000, PhysAddress{0x10000}},
                {Address{0xffffffff81000000}, 0x1000, PhysAddress{0x12000}}},
               Paging{.root = PhysAddress{0x1000}}) {}

  test::OpenedMemory opened_;
  MappedSpace space_;
};

TEST_F(MappedSpaceTest, PrefersWindows) {
  EXPECT_EQ(*space_.u64(direct + 0x10ff8), 0x1111111111111111U);
  EXPECT_EQ(*space_.u64(Address{0xffffffff81000000}), 0x2222222222222222U);
  EXPECT_EQ(space_.to_physical(direct + 0x11234)->value, 0x11234U);
}

// The top byte of a kernel pointer is its tag, where the kernel uses tags.
TEST_F(MappedSpaceTest, LooksThroughTags) {
  constexpr std::uint64_t tag = std::uint64_t{0x0a} << 56;
  Address tagged{(direct.value + 0x10ff8) & ~tag};
  EXPECT_FALSE(space_.u64(tagged));
  MappedSpace tags(opened_.memory(), *find_arch("x86_64"),
                   {{direct + 0x10000, 0x2000, PhysAddress{0x10000}}},
                   Paging{.root = PhysAddress{0x1000}, .has_tags = true});
  EXPECT_EQ(*tags.u64(tagged), 0x1111111111111111U);
  EXPECT_EQ(*tags.u64(Address{(mapped.value + 0xff8) & ~tag}),
            0x1111111111111111U);
}

TEST_F(MappedSpaceTest, EndsWindowsWhereTheyEnd) {
  auto past = space_.u64(Address{0xffffffff81000ffc});
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().address(), 0xffffffff81001000U);
  EXPECT_FALSE(space_.u64(direct + 0xfff8));
}

TEST_F(MappedSpaceTest, WalksTablesAndRemembers) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*space_.u64(mapped + 0xff8), 0x1111111111111111U);
    EXPECT_EQ(*space_.u64(mapped + 0x3000), 0x2222222222222222U);
    EXPECT_EQ(*space_.u64(mapped + 0x212340), 0x3333333333333333U);
  }
  EXPECT_EQ(space_.to_physical(mapped + 0x212345)->value, 0x212345U);
}

TEST_F(MappedSpaceTest, SaysWhatIsMissing) {
  auto excluded = space_.u64(mapped + 0xffc);
  ASSERT_FALSE(excluded);
  EXPECT_EQ(excluded.error().kind(), ErrorKind::fault);
  EXPECT_EQ(excluded.error().address(), mapped.value + 0x1000);
  EXPECT_NE(excluded.error().message().find("excluded"), std::string::npos);
  auto unmapped = space_.u64(mapped + 0x2000);
  ASSERT_FALSE(unmapped);
  EXPECT_EQ(unmapped.error().address(), mapped.value + 0x2000);
  EXPECT_NE(unmapped.error().message().find("not mapped"), std::string::npos);
}

TEST_F(MappedSpaceTest, HasNothingButWindowsWithoutTables) {
  MappedSpace space(opened_.memory(), *find_arch("x86_64"), {}, std::nullopt);
  EXPECT_FALSE(space.u64(mapped));
  EXPECT_FALSE(space.walk(mapped, nullptr));
}

}  // namespace
}  // namespace inquest
