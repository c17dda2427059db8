// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/extents.h"

#include <gtest/gtest.h>

#include "base/interrupt.h"
#include "unit/memory/opened.h"

namespace inquest {
namespace {

// 0xffffc90000000000: page 0x10, 0x11, a hole, page 0x12; at 2 MiB a large
// page; at 4 MiB a table that is not in the dump; at 6 MiB page 0x13 again.
constexpr std::string_view machine = R"(
  @0x1c90 u64 0x2067
  @0x2000 u64 0x3067
  @0x3000 u64 0x4067 0x2000e7 0x9067 0x5067
  @0x4000 u64 0x10063 0x11063 0 0x12063
  @0x5000 u64 0x13063
  @0x9000 exclude
  @0x13000 u64 1
)";
constexpr Address mapped{0xffffc90000000000};
constexpr Address window{0xffff888000000000};
constexpr AddressRange everything{Address{0}, Address{~std::uint64_t{0}}};

using Pieces = std::vector<std::array<std::uint64_t, 3>>;

class ExtentsTest : public testing::Test {
 protected:
  ExtentsTest()
      : opened_(test::parse_machine(machine)),
        space_(opened_.memory(), *find_arch("x86_64"),
               {{window, 0x3000, PhysAddress{0x10000}},
                {mapped + 0x1000, 0x800000, PhysAddress{0x40000}}},
               Paging{.root = PhysAddress{0x1000}}),
        tables_(opened_.memory(), *find_arch("x86_64"), {},
                Paging{.root = PhysAddress{0x1000}}) {}

  static Pieces pieces(const MappedSpace& space, AddressRange range) {
    Pieces pieces;
    for (const Extent& extent : mapped_extents(space, range)) {
      pieces.push_back(
          {extent.start.value, extent.physical.value, extent.size});
    }
    return pieces;
  }

  test::OpenedMemory opened_;
  MappedSpace space_, tables_;
};

TEST_F(ExtentsTest, FollowTables) {
  std::uint64_t at = mapped.value;
  EXPECT_EQ(pieces(tables_, everything),
            (Pieces{{at, 0x10000, 0x2000},
                    {at + 0x3000, 0x12000, 0x1000},
                    {at + 0x200000, 0x200000, 0x200000},
                    {at + 0x600000, 0x13000, 0x1000}}));
}

TEST_F(ExtentsTest, EndWithTheRange) {
  std::uint64_t at = mapped.value;
  EXPECT_EQ(pieces(tables_, {mapped + 0x1000, mapped + 0x200fff}),
            (Pieces{{at + 0x1000, 0x11000, 0x1000},
                    {at + 0x3000, 0x12000, 0x1000},
                    {at + 0x200000, 0x200000, 0x1000}}));
  EXPECT_EQ(pieces(tables_, {mapped + 0x2000, mapped + 0x2fff}), Pieces());
}

TEST_F(ExtentsTest, PreferWindows) {
  EXPECT_EQ(pieces(space_, everything),
            (Pieces{{window.value, 0x10000, 0x3000},
                    {mapped.value, 0x10000, 0x1000},
                    {mapped.value + 0x1000, 0x40000, 0x800000}}));
}

TEST_F(ExtentsTest, AreNoneWithoutTables) {
  MappedSpace space(opened_.memory(), *find_arch("x86_64"), {}, std::nullopt);
  EXPECT_EQ(pieces(space, everything), Pieces());
}

TEST_F(ExtentsTest, EndOnAnInterrupt) {
  interrupt();
  EXPECT_EQ(pieces(tables_, everything), Pieces());
  clear_interrupt();
}

}  // namespace
}  // namespace inquest
