// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/type.h"

#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

TEST(Type, CompletesOnFirstUseOnly) {
  int calls = 0;
  Type type([&](const Type& self, TypeBody& body) {
    ++calls;
    body.members.push_back({"a", &self, 8, 0});
  });
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(type.members().size(), 1U);
  EXPECT_EQ(type.members().size(), 1U);
  EXPECT_EQ(calls, 1);
}

TEST(Type, ABodyThatNeedsItselfEnds) {
  Type type([](const Type& self, TypeBody& body) {
    body.members.resize(self.members().size() + 1);
  });
  EXPECT_LE(type.members().size(), 100U);
}

// Looked into each time, it would be entered 2^64 times.
TEST(Type, UnnamedMembersThatHoldThemselvesEnd) {
  Type type([](const Type& self, TypeBody& body) {
    body.members = {{"", &self, 0, 0}, {"", &self, 64, 0}, {"a", &self, 8, 0}};
  });
  type.kind = TypeKind::structure;
  EXPECT_FALSE(has_member(type, "nosuch"));
  EXPECT_TRUE(has_member(type, "a"));
}

TEST(Type, TypesThatNeedEachOtherCompleteFromTwoThreads) {
  for (int round = 0; round < 50; ++round) {
    const Type* a_place = nullptr;
    const Type* b_place = nullptr;
    Type a([&](const Type&, TypeBody& body) {
      body.target = b_place->kind == TypeKind::pointer ? nullptr : b_place;
      body.members.resize(3);
    });
    Type b([&](const Type&, TypeBody& body) {
      body.members.resize(a_place->members().size());
    });
    a_place = &a;
    b_place = &b;
    std::size_t counts[2] = {};
    std::thread other([&] { counts[0] = a.members().size(); });
    counts[1] = b.members().size();
    other.join();
    EXPECT_EQ(counts[0], 3U);
    EXPECT_EQ(counts[1], 3U);
  }
}

TEST(Type, SizeLooksThroughTypedefsAndArrays) {
  TypeBench bench;
  const Type& word = bench.source->alias("u32", bench.c("unsigned int"));
  EXPECT_EQ(word.size(), 4U);
  EXPECT_EQ(bench.array(bench.array(word, 3), 5).size(), 60U);
  EXPECT_EQ(bench.pointer(word).size(), 8U);
  EXPECT_EQ(bench.types.void_type().size(), 0U);
}

TEST(Type, SizeOfHugeArraysIsNotAnOverflow) {
  TypeBench bench;
  const Type& wide = bench.array(bench.c("long"), ~std::uint64_t{0});
  EXPECT_EQ(wide.size(), 0U);
}

TEST(Type, ATypedefLoopEnds) {
  const Type* self = nullptr;
  Type loop([&](const Type&, TypeBody& body) { body.target = self; });
  loop.kind = TypeKind::typedef_type;
  self = &loop;
  EXPECT_EQ(loop.stripped().kind, TypeKind::void_type);
  EXPECT_EQ(loop.size(), 0U);
}

struct Members : testing::Test {
  TypeBench bench;
  const Type& inner = bench.source->structure(
      "inner", 16,
      {{"x", &bench.c("int"), 0, 0},
       {"v", &bench.array(bench.c("short"), 6), 32, 0}});
  const Type& hidden = bench.source->union_of(
      "", 16, {{"in", &inner, 0, 0}, {"flag", &bench.c("int"), 35, 3}});
  const Type& outer = bench.source->structure(
      "outer", 24, {{"id", &bench.c("long"), 0, 0}, {"", &hidden, 64, 0}});
};

TEST_F(Members, AreFoundInsideAnonymousUnions) {
  Result<MemberPlace> place = find_member(outer, "in");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->offset(), 8U);
  EXPECT_EQ(place->type, &inner);
}

TEST_F(Members, APathMayNameMembersAndElements) {
  Result<MemberPlace> place = find_member(outer, "in.v[2]");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->offset(), 16U);
  EXPECT_EQ(place->type->name, "short");
}

TEST_F(Members, ABitFieldKeepsItsBits) {
  Result<MemberPlace> place = find_member(outer, "flag");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->bit_offset, 99U);
  EXPECT_EQ(place->bit_size, 3U);
}

TEST_F(Members, AreFoundAmongMany) {
  constexpr std::uint64_t count = 1000;
  std::vector<Member> members;
  for (std::uint64_t i = 0; i < count; ++i)
    members.push_back({fmt::format("m{}", i), &bench.c("int"), i * 32, 0});
  const Type& many = bench.source->structure("many", count * 4, members);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Member* member = many.named_member(fmt::format("m{}", i));
    ASSERT_NE(member, nullptr) << i;
    EXPECT_EQ(member->offset(), i * 4);
  }
  EXPECT_EQ(many.named_member("m1000"), nullptr);
  EXPECT_EQ(many.named_member(""), nullptr);
}

TEST_F(Members, OfTwoWithOneNameTheFirstCounts) {
  const Type& twins = bench.source->structure(
      "twins", 8,
      {{"x", &bench.c("int"), 0, 0}, {"x", &bench.c("int"), 32, 0}});
  EXPECT_EQ(twins.named_member("x"), &twins.members()[0]);
}

TEST_F(Members, WhatIsMissingIsNamed) {
  Result<MemberPlace> place = find_member(outer, "in.y");
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().kind(), ErrorKind::not_found);
  EXPECT_EQ(place.error().message(), "inner has no member named y");
  for (std::string_view bad : {"", ".", "in.", "in..x", "in.v[", "in.v[x]",
                               "id.x", "in.v[1]x", "[0]", "in.v.x"}) {
    EXPECT_FALSE(has_member(outer, bad)) << bad;
  }
}

}  // namespace
}  // namespace inquest
