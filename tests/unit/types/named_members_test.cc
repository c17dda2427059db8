// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/named_members.h"

#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

std::string names(const Type& type, std::string_view last = "") {
  std::string text;
  visit_named_members(type, [&](const Type& in, const Member& member) {
    text += in.name + "." + member.name + " ";
    return member.name != last;
  });
  return text;
}

struct NamedMembers : testing::Test {
  TypeBench bench;
  const Type& number = bench.c("int");
  const Type& hidden = bench.source->union_of(
      "u", 4, {{"b", &number, 0, 0}, {"c", &number, 0, 0}});
  const Type& outer = bench.source->structure("s", 12,
                                              {{"a", &number, 0, 0},
                                               {"", &hidden, 32, 0},
                                               {"", nullptr, 64, 0},
                                               {"d", &number, 64, 0}});
};

TEST_F(NamedMembers, AreVisitedInTheirOrder) {
  EXPECT_EQ(names(outer), "s.a u.b u.c s.d ");
  EXPECT_EQ(names(bench.source->alias("t", outer)), "s.a u.b u.c s.d ");
  EXPECT_EQ(names(number), "");
}

TEST_F(NamedMembers, UntilItIsEnough) {
  EXPECT_EQ(names(outer, "a"), "s.a ");
  EXPECT_EQ(names(outer, "b"), "s.a u.b ");
}

TEST_F(NamedMembers, OfAStructureThatHoldsItselfTwiceEnd) {
  const Type* self = nullptr;
  Type type([&](const Type&, TypeBody& body) {
    body.members = {{"x", &number, 0, 0}, {"", self, 0, 0}, {"", self, 0, 0}};
  });
  type.kind = TypeKind::structure;
  self = &type;
  unsigned count = 0;
  visit_named_members(type, [&](const Type&, const Member&) {
    ++count;
    return true;
  });
  EXPECT_EQ(count, 1000U);
}

}  // namespace
}  // namespace inquest
