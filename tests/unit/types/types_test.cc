// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/types.h"

#include <gtest/gtest.h>

#include "types/type_name.h"
#include "unit/types/build_types.h"

namespace inquest {
namespace {

TEST(TypeNames, KeywordsInAnyOrder) {
  EXPECT_EQ(canonical_name("long unsigned int"), "unsigned long");
  EXPECT_EQ(canonical_name("short int"), "short");
  EXPECT_EQ(canonical_name("long long unsigned int"), "unsigned long long");
  EXPECT_EQ(canonical_name("unsigned"), "unsigned int");
  EXPECT_EQ(canonical_name("unsigned __int128"), "__int128 unsigned");
  EXPECT_EQ(canonical_name("signed char"), "signed char");
  EXPECT_EQ(canonical_name("size_t"), "size_t");
  EXPECT_EQ(canonical_name(""), "");
}

struct TypesTest : testing::Test {
  std::uint64_t size(std::string_view name) {
    Result<const Type*> type = bench.types.parse(name);
    return type ? (*type)->size() : 0;
  }
  std::string error(std::string_view name) {
    Result<const Type*> type = bench.types.parse(name);
    return type ? "" : type.error().message();
  }
  TypeBench bench;
};

TEST_F(TypesTest, ParsesWhatCastsHold) {
  bench.source->structure("list_head", 16, {});
  bench.source->alias("u8", bench.c("unsigned char"));
  EXPECT_EQ(size("struct list_head"), 16U);
  EXPECT_EQ(size("list_head"), 16U);
  EXPECT_EQ(size("const struct list_head *"), 8U);
  EXPECT_EQ(size("u8 const"), 1U);
  EXPECT_EQ(size("unsigned long int"), 8U);
  EXPECT_EQ(size("int [4][3]"), 48U);
  EXPECT_EQ(size("char *[5]"), 40U);
  EXPECT_EQ(size("char (*)[5]"), 8U);
  EXPECT_EQ(size("int (*)(struct list_head *, u8, ...)"), 8U);
}

TEST_F(TypesTest, ArraysNestFromTheLeft) {
  const Type* type = bench.types.parse("int [4][3]").value();
  EXPECT_EQ(type->count, 4U);
  EXPECT_EQ(type->target()->count, 3U);
}

TEST_F(TypesTest, SaysWhatIsWrong) {
  EXPECT_EQ(error("struct nothing"), "No struct type named nothing.");
  EXPECT_EQ(error("union nothing *"), "No union type named nothing.");
  EXPECT_EQ(error("nothing"), "No symbol \"nothing\" in current context.");
  EXPECT_EQ(error("int )"), "A syntax error in expression, near `)'.");
  EXPECT_EQ(error("int ["), "A syntax error in expression, near `'.");
  EXPECT_NE(error(std::string(5000, '(')), "");
  EXPECT_NE(error("int " + std::string(5000, '(')), "");
}

TEST_F(TypesTest, DerivedTypesAreShared) {
  const Type& type = bench.c("int");
  EXPECT_EQ(&bench.pointer(type), &bench.pointer(type));
  EXPECT_EQ(&bench.array(type, 3), &bench.array(type, 3));
  EXPECT_NE(&bench.array(type, 3), &bench.array(type, 4));
}

TEST_F(TypesTest, PointersAreAsLongAsTheMachineHasThem) {
  Types narrow(4);
  EXPECT_EQ(narrow.pointer_to(narrow.void_type()).size(), 4U);
  EXPECT_EQ(narrow.c_type("unsigned long").size(), 4U);
  EXPECT_EQ(narrow.c_type("unsigned long long").size(), 8U);
}

TEST_F(TypesTest, SourcesAreAskedInOrderAndAnswersMerged) {
  auto second = std::make_shared<FakeSource>();
  bench.source->structure("a", 8, {{"x", &bench.c("long"), 0, 0}});
  second->structure("a", 8, {{"x", &bench.c("long"), 0, 0}});
  second->structure("a", 16, {});
  second->structure("b", 4, {});
  bench.types.add(second);
  EXPECT_EQ((*bench.types.structure("a"))->size(), 8U);
  EXPECT_EQ((*bench.types.structure("b"))->size(), 4U);
  EXPECT_EQ(bench.types.types("a", TypeTag::structure).size(), 2U);
  int count = 0;
  bench.types.each_type([&](const Type&) { return ++count < 100; });
  EXPECT_EQ(count, 3);
  bench.types.remove(*second);
  EXPECT_FALSE(bench.types.structure("b"));
}

}  // namespace
}  // namespace inquest
