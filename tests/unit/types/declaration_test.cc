// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/declaration.h"

#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

struct Declarations : testing::Test {
  std::string declare(std::string_view type, std::string_view name) {
    Result<const Type*> parsed = bench.types.parse(type);
    return parsed ? declaration(**parsed, name) : parsed.error().message();
  }
  TypeBench bench;
};

TEST_F(Declarations, WrapTheNameAsCDoes) {
  bench.source->structure("file", 8, {});
  EXPECT_EQ(declare("struct file *", "f"), "struct file *f");
  EXPECT_EQ(declare("char [16]", "comm"), "char comm[16]");
  EXPECT_EQ(declare("char [16]", ""), "char [16]");
  EXPECT_EQ(declare("int [2][3]", "m"), "int m[2][3]");
  EXPECT_EQ(declare("int (*)(struct file *, long int)", "open"),
            "int (*open)(struct file *, long)");
  EXPECT_EQ(declare("struct file *(*)(void)", "mount"),
            "struct file *(*mount)(void)");
  EXPECT_EQ(declare("int (*[2])(int, ...)", "ops"), "int (*ops[2])(int, ...)");
  EXPECT_EQ(declare("int (*)[3]", ""), "int (*)[3]");
  EXPECT_EQ(declare("void *", ""), "void *");
  EXPECT_EQ(declare("int (*)(void (*)(char), int *)", "f"),
            "int (*f)(void (*)(char), int *)");
}

TEST_F(Declarations, QualifiersStandWhereTheyBelong) {
  EXPECT_EQ(declare("const char *", "s"), "const char *s");
  EXPECT_EQ(declare("char *const", "s"), "char * const s");
  EXPECT_EQ(declare("char *const", ""), "char * const");
  EXPECT_EQ(declare("volatile long unsigned int", "jiffies"),
            "volatile unsigned long jiffies");
  EXPECT_EQ(declare("char const *const *", "p"), "const char * const *p");
}

TEST_F(Declarations, ADefinitionOpensUnnamedMembers) {
  FakeSource& source = *bench.source;
  const Type& pair = source.structure(
      "", 8, {{"a", &bench.c("int"), 64, 0}, {"b", &bench.c("int"), 96, 0}});
  const Type& either = source.union_of(
      "", 8, {{"", &pair, 0, 0}, {"all", &bench.c("long"), 0, 0}});
  const Type& state = source.enumeration("", {{"ON", 0}, {"OFF", 5}});
  const Type& outer =
      source.structure("outer", 32,
                       {{"id", &bench.c("long unsigned int"), 0, 0},
                        {"", &either, 64, 0},
                        {"bit", &bench.c("int"), 128, 3},
                        {"state", &state, 160, 0},
                        {"named", &pair, 192, 0},
                        {"middle", &source.flexible(bench.c("char")), 256, 0},
                        {"tail", &source.flexible(bench.c("char")), 256, 0}});
  EXPECT_EQ(definition(outer),
            "struct outer {\n"
            "    unsigned long id;\n"
            "    union {\n"
            "        struct {\n"
            "            int a;\n"
            "            int b;\n"
            "        };\n"
            "        long all;\n"
            "    };\n"
            "    int bit : 3;\n"
            "    enum {ON, OFF = 5} state;\n"
            "    struct {\n"
            "        int a;\n"
            "        int b;\n"
            "    } named;\n"
            "    char middle[0];\n"
            "    char tail[];\n"
            "}");
  std::vector<DefinitionLine> lines = definition_lines(outer);
  EXPECT_EQ(lines[2].member, "");
  EXPECT_EQ(lines[4].member, "a");
  EXPECT_EQ(lines[14].member, "named");
}

TEST_F(Declarations, EnumerationsAndTypedefsAreOneLine) {
  const Type& flags =
      bench.source->enumeration("flags", {{"A", 1}, {"B", 2}, {"C", 8}});
  EXPECT_EQ(definition(flags), "enum flags {A = 1, B, C = 8}");
  const Type& alias = bench.source->alias("t", bench.c("unsigned int"));
  EXPECT_EQ(definition(alias), "unsigned int");
  EXPECT_EQ(type_name(alias), "t");
}

TEST_F(Declarations, EmptyAndUnknownStructuresSaySo) {
  Type& empty = bench.source->structure("e", 0, {});
  EXPECT_EQ(definition(empty), "struct e {\n    <no data fields>\n}");
  empty.is_declaration = true;
  EXPECT_EQ(definition(empty), "struct e {\n    <incomplete type>\n}");
}

TEST_F(Declarations, DamagedNestingHasABoundedText) {
  const Type* inner = &bench.c("int");
  for (int i = 0; i < 40; ++i) {
    inner =
        &bench.source->structure("", 4, {{"", inner, 0, 0}, {"", inner, 0, 0}});
  }
  EXPECT_LT(definition(*inner).size(), std::size_t{50} << 20);
}

// Written out each time, it would be written 2^64 times.
TEST_F(Declarations, OfFunctionsThatTakeThemselvesEnd) {
  Type function([&](const Type& self, TypeBody& body) {
    body.target = &bench.c("int");
    body.parameters = {{"", &self}, {"", &self}};
  });
  function.kind = TypeKind::function;
  EXPECT_LT(declaration(function, "f").size(), 1000000U);
}

}  // namespace
}  // namespace inquest
