// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include <gtest/gtest.h>

#include "base/numbers.h"

namespace inquest {
namespace {

using Views = std::vector<std::string_view>;

TEST(Text, IsSplit) {
  EXPECT_EQ(words("  a\tbc  d "), (Views{"a", "bc", "d"}));
  EXPECT_EQ(words(""), Views{});
  EXPECT_EQ(split("a,,b", ','), (Views{"a", "", "b"}));
  EXPECT_EQ(trim("  a b\n"), "a b");
  EXPECT_EQ(lines("a\nb").size(), 2U);
}

TEST(Text, IsMadeSafeForTerminals) {
  EXPECT_EQ(printable("plain\ttext\n"), "plain\ttext\n");
  EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b"
            "2J");  // CSI
}

TEST(Numbers, AreParsedWhole) {
  EXPECT_EQ(parse_hex("ff"), 255U);
  EXPECT_EQ(parse_hex("0xff"), 255U);
  EXPECT_EQ(parse_hex("ffffffffffffffff"), ~std::uint64_t{0});
  EXPECT_EQ(parse_hex("1ffffffffffffffff"), std::nullopt);
  EXPECT_EQ(parse_hex("fg"), std::nullopt);
  EXPECT_EQ(parse_hex(""), std::nullopt);
  EXPECT_EQ(parse_decimal("12"), 12U);
  EXPECT_EQ(parse_decimal("-1"), std::nullopt);
  EXPECT_EQ(parse_decimal("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_number("0x10"), 16U);
  EXPECT_EQ(parse_number("10"), 10U);
  EXPECT_EQ(parse_number("1f"), 31U);
}

}  // namespace
}  // namespace inquest
