// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/object.h"

#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

struct Objects : testing::Test {
  Objects() {
    bench.space.put(0x1000, 0x2000, 8);       // first.next
    bench.space.put(0x1008, 0xfffffffe, 4);   // first.n = -2
    bench.space.put(0x100c, 0b1011'0110, 1);  // first.bits
    bench.space.put(0x100d, std::string_view("hi\0x", 4));
    bench.space.put(0x2000, 0x3000, 8);  // second.next
    bench.space.put(0x2008, 7, 4);
    bench.source->structure(
        "node", 24,
        {{"next", &bench.pointer(node), 0, 0},
         {"n", &bench.c("int"), 64, 0},
         {"low", &bench.c("unsigned char"), 96, 3},
         {"high", &bench.c("signed char"), 99, 5},
         {"name", &bench.array(bench.c("char"), 4), 104, 0}});
  }
  Object first() {
    return {bench.space, **bench.types.structure("node"), Address{0x1000}};
  }

  TypeBench bench;
  Type node{[this](const Type&, TypeBody& body) {
    const Type* real = *bench.types.structure("node");
    body.members.assign(real->members().begin(), real->members().end());
  }};
};

TEST_F(Objects, MembersAndPointersReadLikeC) {
  node.kind = TypeKind::structure;
  EXPECT_EQ(first()["n"].to_signed().value_or(0), -2);
  EXPECT_EQ(first()["next"]["n"].to_signed().value_or(0), 7);
  EXPECT_EQ(first()["next.n"].to_signed().value_or(0), 7);
  EXPECT_EQ(first()["name"].to_string().value_or(""), "hi");
  EXPECT_EQ(first()["name"].at(1).to_unsigned().value_or(0), 'i');
}

TEST_F(Objects, WhatIsNotThereMayBeAskedForItsType) {
  Object nothing(Error(ErrorKind::fault, "not in the dump", 0x10));
  EXPECT_EQ(nothing.type().stripped().kind, TypeKind::void_type);
  EXPECT_EQ(nothing.type().size(), 0U);
  EXPECT_EQ(nothing["next"].fault()->message(), "not in the dump");
}

TEST_F(Objects, BitFieldsAreCutOutAndSignExtended) {
  EXPECT_EQ(first()["low"].to_unsigned().value_or(0), 0b110U);
  EXPECT_EQ(first()["high"].to_signed().value_or(0), -10);
  EXPECT_TRUE(first()["high"].is_bit_field());
}

TEST_F(Objects, BigEndianBitFieldsCountFromTheTop) {
  FakeSpace big(std::endian::big);
  big.put(0x10, 0b1100'0000, 1);
  const Type& type =
      bench.source->structure("b", 1,
                              {{"a", &bench.c("unsigned char"), 0, 2},
                               {"b", &bench.c("unsigned char"), 2, 6}});
  Object object(big, type, Address{0x10});
  EXPECT_EQ(object["a"].to_unsigned().value_or(9), 3U);
  EXPECT_EQ(object["b"].to_unsigned().value_or(9), 0U);
}

TEST_F(Objects, AFaultTravelsToTheLastRead) {
  node.kind = TypeKind::structure;
  Object lost = first()["next"]["next"]["next"]["next"]["n"];
  Result<std::int64_t> value = lost.to_signed();
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind(), ErrorKind::fault);
  EXPECT_EQ(value.error().address(), 0x3000U);
  EXPECT_FALSE(first()["nothing"]["n"].to_signed());
  EXPECT_FALSE(first()["n"].dereference().to_bytes());
}

TEST_F(Objects, ContainerOfStepsBack) {
  const Type& type = **bench.types.structure("node");
  Object member = first()["n"];
  EXPECT_EQ(member.container_of(type, "n").address().value, 0x1000U);
  Object pointer = first()["next"];
  EXPECT_EQ(pointer.container_of(type, "n").address().value, 0x2000U - 8);
}

TEST_F(Objects, ComputedValuesHaveParts) {
  const Type& type = **bench.types.structure("node");
  Result<std::vector<std::byte>> bytes =
      Object(bench.space, bench.array(bench.c("char"), 17), Address{0x1000})
          .to_bytes();
  ASSERT_TRUE(bytes);
  bytes.value().resize(24);
  Object copy = Object::value(bench.space, type, *bytes);
  EXPECT_EQ(copy["n"].to_signed().value_or(0), -2);
  EXPECT_EQ(copy["high"].to_signed().value_or(0), -10);
  EXPECT_TRUE(copy["n"].is_value());
  EXPECT_FALSE(copy["name"].at(9).to_unsigned());
}

TEST_F(Objects, NumbersConvertAsInC) {
  Object minus = Object::value(bench.space, bench.c("int"), ~0ULL);
  EXPECT_EQ(minus.to_unsigned().value_or(0), ~0ULL);
  EXPECT_EQ(minus.cast(bench.c("unsigned int")).to_unsigned().value_or(0),
            0xffffffffU);
  EXPECT_EQ(minus.cast(bench.c("_Bool")).to_unsigned().value_or(0), 1U);
  EXPECT_EQ(minus.cast(bench.c("long")).to_signed().value_or(0), -1);
  Object wide = Object::value(bench.space, bench.c("__int128"), ~0ULL);
  EXPECT_EQ(wide.to_bytes()->at(15), std::byte{0xff});
}

}  // namespace
}  // namespace inquest
