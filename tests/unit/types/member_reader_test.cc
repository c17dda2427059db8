// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/member_reader.h"

#include <array>

#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

TEST(MemberReader, TakesMembersOutOfOneRead) {
  Types types(8);
  auto source = std::make_shared<FakeSource>();
  types.add(source);
  const Type& word = types.c_type("unsigned long");
  const Type& half = types.c_type("unsigned int");
  Type& inner = source->union_of(
      "", 8, {{"b", &half, 0, 16}, {"c", &half, 16, 15}, {"d", &half, 31, 1}});
  Type& outer = source->structure("outer", 64,
                                  {{"a", &word, 64, 0},
                                   {"", &inner, 256, 0},
                                   {"far", &types.array_of(word, 2), 320, 0}});
  FakeSpace memory;
  memory.put(0x1008, 2, 8);
  memory.put(0x1010, 3, 8);
  memory.put(0x1018, 4, 8);
  memory.put(0x1020, 0x80050007, 8);
  MemberReader reader(outer, {"a", "b", "c", "d", "no", "far"});
  EXPECT_TRUE(reader.has(0));
  EXPECT_FALSE(reader.has(4));
  EXPECT_FALSE(reader.has(5));
  EXPECT_EQ(reader.offset(2), 34U);
  std::array<std::uint64_t, 6> values = {};
  ASSERT_TRUE(reader.read(memory, Address{0x1000}, values));
  EXPECT_EQ(values, (std::array<std::uint64_t, 6>{2, 7, 5, 1, 0, 0}));
  EXPECT_FALSE(reader.read(memory, Address{0x9000}, values));
}

}  // namespace
}  // namespace inquest
