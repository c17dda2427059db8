// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/bytes.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

constexpr std::array<std::byte, 4> four = {std::byte{1}, std::byte{2},
                                           std::byte{3}, std::byte{0x84}};

TEST(Bytes, LoadAndStoreInBothOrders) {
  EXPECT_EQ(load_unsigned(four, std::endian::little), 0x84030201U);
  EXPECT_EQ(load_unsigned(four, std::endian::big), 0x01020384U);
  EXPECT_EQ(load_unsigned({}, std::endian::big), 0U);
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    std::array<std::byte, 8> out = {};
    store_unsigned(out, 0x1122334455667788, endian);
    EXPECT_EQ(load_unsigned(out, endian), 0x1122334455667788U);
  }
}

TEST(Bytes, SignExtend) {
  EXPECT_EQ(sign_extend(0x80, 8), -128);
  EXPECT_EQ(sign_extend(0x7f, 8), 127);
  EXPECT_EQ(sign_extend(~std::uint64_t{0}, 64), -1);
}

TEST(Reader, StopsAtTheEndAndSaysWhere) {
  Reader reader(four, std::endian::little, "header");
  EXPECT_EQ(*reader.read<std::uint16_t>(), 0x0201U);
  auto past = reader.read<std::uint32_t>();
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().kind(), ErrorKind::corrupt);
  EXPECT_NE(past.error().message().find("header"), std::string::npos);
  EXPECT_EQ(reader.offset(), 2U);
  EXPECT_FALSE(reader.skip(~std::uint64_t{0}));
  EXPECT_FALSE(reader.seek(5));
  EXPECT_TRUE(reader.seek(4));
  EXPECT_TRUE(reader.at_end());
}

TEST(Reader, ReadsLeb128) {
  constexpr std::array<std::byte, 5> bytes = {std::byte{0xe5}, std::byte{0x8e},
                                              std::byte{0x26}, std::byte{0x7f},
                                              std::byte{0x80}};
  Reader reader(bytes);
  EXPECT_EQ(*reader.uleb128(), 624485U);
  EXPECT_EQ(*reader.sleb128(), -1);
  EXPECT_FALSE(reader.uleb128());
}

TEST(Reader, ReadsStrings) {
  Reader reader(as_bytes(std::string_view("one\0two", 7)));
  EXPECT_EQ(*reader.c_string(), "one");
  EXPECT_FALSE(reader.c_string());
}

TEST(Slice, NeverOverflows) {
  EXPECT_EQ(slice(four, 1, 3, "x")->size(), 3U);
  EXPECT_FALSE(slice(four, 1, 4, "x"));
  EXPECT_FALSE(slice(four, ~std::uint64_t{0}, 2, "x"));
  EXPECT_FALSE(slice(four, 2, ~std::uint64_t{0}, "x"));
}

}  // namespace
}  // namespace inquest
