// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/definition_row.h"

#include <gtest/gtest.h>

#include "command/structure_row.h"
#include "unit/types/build_types.h"

namespace inquest {
namespace {

struct Definitions : testing::Test {
  TypeBench bench;
  FakeSource& source = *bench.source;
  const Type& pair = source.structure(
      "", 8, {{"a", &bench.c("int"), 0, 0}, {"b", &bench.c("int"), 32, 0}});
  const Type& either = source.union_of(
      "", 8, {{"", &pair, 0, 0}, {"all", &bench.c("long"), 0, 0}});
  const Type& outer = source.structure("outer", 120,
                                       {{"id", &bench.c("long"), 0, 0},
                                        {"", &either, 64, 0},
                                        {"named", &pair, 800, 0},
                                        {"flag", &bench.c("int"), 897, 2}});
};

TEST_F(Definitions, WithoutOffsets) {
  EXPECT_EQ(to_text(DefinitionRow{.type = &pair}),
            "struct {\n    int a;\n    int b;\n}\nSIZE: 8\n");
}

TEST_F(Definitions, OffsetsAreThoseOfTheWholeStructure) {
  EXPECT_EQ(to_text(DefinitionRow{.type = &outer, .has_offsets = true}),
            "struct outer {\n"
            "    [0] long id;\n"
            "        union {\n"
            "            struct {\n"
            "    [8]         int a;\n"
            "   [12]         int b;\n"
            "            };\n"
            "    [8]     long all;\n"
            "        };\n"
            "        struct {\n"
            "    [8]     int a;\n"
            "   [12]     int b;\n"
            "  [100] } named;\n"
            "  [112] int flag : 2;\n"
            "}\n"
            "SIZE: 120\n");
}

TEST_F(Definitions, AddressesAndHexadecimal) {
  DefinitionRow row{.type = &pair,
                    .has_offsets = true,
                    .base = Address{0x1000},
                    .is_hex = true};
  EXPECT_EQ(to_text(row),
            "struct {\n  [1000] int a;\n  [1004] int b;\n}\nSIZE: 0x8\n");
}

TEST_F(Definitions, OneMember) {
  EXPECT_EQ(to_text(DefinitionRow{.type = &outer, .member = "b"}),
            "struct outer {\n   [12]         int b;\n}\n");
  EXPECT_EQ(to_text(DefinitionRow{.type = &outer, .member = "named.b"}),
            "struct outer {\n  [104] int b;\n}\n");
}

TEST_F(Definitions, TypedefsAndEnumerations) {
  const Type& alias = source.alias("pair_t", pair);
  EXPECT_EQ(to_text(DefinitionRow{.type = &alias}),
            "typedef struct {\n    int a;\n    int b;\n} pair_t;\nSIZE: 8\n");
  const Type& number = source.alias("u32", bench.c("unsigned int"));
  EXPECT_EQ(to_text(DefinitionRow{.type = &number}),
            "typedef unsigned int u32;\nSIZE: 4\n");
  const Type& state = source.enumeration("state", {{"ON", 0}, {"OFF", 5}});
  EXPECT_EQ(to_text(DefinitionRow{.type = &state}),
            "enum state {\n  ON = 0\n  OFF = 5\n};\n");
}

TEST_F(Definitions, TheLastMemberHasNoComma) {
  bench.space.put(0x1000, std::string(128, '\0'));
  auto shown = [&](const std::string& member) {
    Object object(bench.space, outer, Address{0x1000});
    return instance_members(object, {member}, {}).row.text;
  };
  for (const char* last : {"flag", "b", "named.b"})
    EXPECT_TRUE(shown(last).ends_with("0\n")) << shown(last);
  EXPECT_TRUE(shown("a").ends_with("0,\n")) << shown("a");
  EXPECT_TRUE(shown("named").ends_with("},\n")) << shown("named");
}

TEST(RawRow, TwoWordsALineAndCharacters) {
  RawRow row{Address{0x1000}, {}, std::endian::little};
  for (unsigned i = 0; i < 20; ++i)
    row.bytes.push_back(std::byte(0x40 + i));
  EXPECT_EQ(to_text(row),
            "            1000:  4746454443424140 4f4e4d4c4b4a4948   "
            "@ABCDEFGHIJKLMNO\n"
            "            1010:  53525150                            PQRS\n");
}

struct Members : testing::Test {
  std::string shown(const std::string& member, const MemberStyle& style) {
    Object object(bench.space, outer, Address{0x1000});
    InstanceParts parts = instance_members(object, {member}, style);
    return parts.missing.empty() ? parts.row.text : parts.missing[0].message();
  }

  TypeBench bench;
  const Type& inner =
      bench.source->structure("inner", 4, {{"x", &bench.c("int"), 0, 0}});
  const Type& outer = bench.source->structure(
      "outer", 32,
      {{"p", &bench.pointer(inner), 0, 0},
       {"name", &bench.array(bench.c("char"), 8), 64, 0},
       {"state", &bench.c("int"), 128, 0},
       {"text", &bench.pointer(bench.c("char")), 192, 0}});
};

TEST_F(Members, PointersAreFollowed) {
  bench.space.put(0x1000, 0x2000, 8);
  bench.space.put(0x2000, 7, 4);
  MemberStyle style{.value = {}, .is_pointed = true};
  style.value.symbol = [](Address) {
    return std::optional<std::string>("here");
  };
  EXPECT_EQ(shown("p", style),
            "  struct inner *p = 0x2000\n"
            "  -> <here> {\n"
            "       x = 7\n"
            "     }\n");
  style.value.symbol = {};
  EXPECT_EQ(shown("p", style),
            "  struct inner *p = 0x2000\n"
            "  -> {\n"
            "       x = 7\n"
            "     }\n");
}

TEST_F(Members, DirectlyAsTheyLieInMemory) {
  bench.space.put(0x1008, std::string("tun\0\0\0\0\0", 8));
  bench.space.put(0x1010, 0xfffffffe, 4);
  bench.space.put(0x1018, 0x3000, 8);
  bench.space.put(0x3000, "up" + std::string(4094, '\0'));
  MemberStyle style{.value = {}, .is_direct = true};
  EXPECT_EQ(shown("name", style), "  name = \"tun\"\n");
  EXPECT_EQ(shown("state", style), "  state = -2\n");
  EXPECT_EQ(shown("text", style), "  text = 0x3000  \"up\"\n");
  style.value.radix = 16;
  EXPECT_EQ(shown("state", style), "  state = 0xfffffffe\n");
}

TEST_F(Members, WhatIsMissingIsTold) {
  EXPECT_EQ(shown("nosuch", {}),
            "invalid data structure reference: outer.nosuch");
  EXPECT_NE(shown("state", {}).find("Cannot access memory"), std::string::npos);
}

}  // namespace
}  // namespace inquest
