// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/value_text.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "types/scalar_text.h"
#include "unit/types/build_types.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = 0xffff0000;

struct Values : testing::Test {
  Values() {
    style.symbol = [](Address at) -> std::optional<std::string> {
      if (at.value == base + 0x1000) return "func";
      if (at.value == base + 0x1005) return "func+5";
      return std::nullopt;
    };
  }
  std::string text(const Object& object) {
    Result<std::string> text = value_text(object, style);
    return text ? *text : "error: " + text.error().message();
  }
  std::string text(const Type& type, std::string_view bytes) {
    bench.space.put(base, bytes);
    return text(Object(bench.space, type, Address{base}));
  }
  std::string text(const Type& type, std::uint64_t value) {
    bench.space.put(base, value, static_cast<unsigned>(type.size()));
    return text(Object(bench.space, type, Address{base}));
  }
  std::string printed(const Type& type, std::uint64_t value) {
    return print_text(Object::value(bench.space, type, value), style)
        .value_or("error");
  }

  TypeBench bench;
  ValueStyle style;
};

TEST_F(Values, NumbersAndCharacters) {
  EXPECT_EQ(text(bench.c("int"), ~0ULL), "-1");
  EXPECT_EQ(text(bench.c("unsigned int"), ~0ULL), "4294967295");
  EXPECT_EQ(text(bench.c("unsigned char"), 0), "0 '\\000'");
  EXPECT_EQ(text(bench.c("char"), 39), "39 '\\''");
  EXPECT_EQ(text(bench.c("signed char"), 0xfb), "-5 '\\373'");
  EXPECT_EQ(text(bench.c("_Bool"), 1), "true");
  EXPECT_EQ(text(bench.c("_Bool"), 2), "2");
  style.radix = 16;
  EXPECT_EQ(text(bench.c("int"), ~0ULL), "0xffffffff");
  EXPECT_EQ(text(bench.c("unsigned char"), 97), "0x61");
  EXPECT_EQ(text(bench.c("_Bool"), 1), "0x1");
}

TEST_F(Values, WideAndFloating) {
  EXPECT_EQ(text(bench.c("__int128"), "\xfb" + std::string(15, '\xff')), "-5");
  EXPECT_EQ(text(bench.c("__int128 unsigned"),
                 std::string(12, '\0') + '\x10' + std::string(3, '\0')),
            "1267650600228229401496703205376");
  EXPECT_EQ(text(bench.c("double"), 0x3fb999999999999a), "0.10000000000000001");
  EXPECT_EQ(text(bench.c("float"), 0x3fc00000), "1.5");
  EXPECT_EQ(text(bench.c("float"), 0x7f800000), "inf");
}

TEST_F(Values, Strings) {
  const Type& name = bench.array(bench.c("char"), 8);
  EXPECT_EQ(text(name, std::string("abc\0\0\0\0\0", 8)),
            "\"abc\\000\\000\\000\\000\"");
  EXPECT_EQ(text(name, std::string("\0001\0339\\\"x\n", 8)),
            "\"\\0001\\0339\\\\\\\"x\\n\"");
  style.stop_at_null = true;
  EXPECT_EQ(text(name, std::string("abc\0def\0", 8)), "\"abc\"");
  style.stop_at_null = false;
  style.print_max = 4;
  EXPECT_EQ(text(name, "abcdefgh"), "\"abcd\"...");
}

// A well-formed character stays, what is none of it is escaped.
TEST_F(Values, StringsOfOtherCharacters) {
  EXPECT_EQ(
      text(bench.array(bench.c("char"), 7), "\xca\x8f\xdf\xff\xe2\x82\xac"),
      "\"\xca\x8f\\337\\377\xe2\x82\xac\"");
}

TEST_F(Values, RepeatsWhenAskedFor) {
  style.repeats = 3;
  const Type& name = bench.array(bench.c("char"), 8);
  EXPECT_EQ(text(name, std::string("abc\0\0\0\0\0", 8)),
            "\"abc\", '\\000' <repeats 4 times>");
  EXPECT_EQ(text(bench.array(bench.c("char"), 6), "aaabcd"),
            "'a' <repeats 3 times>, \"bcd\"");
  EXPECT_EQ(text(bench.array(bench.c("short"), 4), std::string(8, '\0')),
            "{0 <repeats 4 times>}");
  style.repeats = 0;
  EXPECT_EQ(text(bench.array(bench.c("short"), 4), std::string(8, '\0')),
            "{0, 0, 0, 0}");
}

TEST_F(Values, ShortRunsAreWrittenOut) {
  const Type& bytes = bench.array(bench.c("short"), 6);
  std::string_view memory("\1\0\1\0\2\0\2\0\2\0\3\0", 12);
  style.repeats = 3;
  EXPECT_EQ(text(bytes, std::string(memory)), "{1, 1, 2 <repeats 3 times>, 3}");
  style.print_max = 1;
  EXPECT_EQ(text(bytes, std::string(memory)), "{1...}");
  style.print_max = 3;
  EXPECT_EQ(text(bytes, std::string(memory)), "{1, 1, 2 <repeats 3 times>...}");
  style.repeats = 10;
  style.print_max = 4;
  EXPECT_EQ(text(bytes, std::string(memory)), "{1, 1, 2, 2...}");
}

// And not again to see whether the next ones are alike.
TEST_F(Values, ElementsOfNestedArraysAreWrittenOnce) {
  constexpr std::size_t count = 256;
  std::string memory(count * 8, '\0');
  for (std::size_t i = 0; i < count; ++i)
    memory[i * 8] = static_cast<char>(i);
  const Type* type = &bench.pointer(bench.types.void_type());
  for (std::size_t i = 1; i < count; i *= 2)
    type = &bench.array(*type, 2);
  std::size_t written = 0;
  style.symbol = [&](Address) {
    ++written;
    return std::nullopt;
  };
  style.repeats = 10;
  std::string all = text(*type, memory);
  EXPECT_EQ(std::ranges::count(all, ','), count - 1);
  EXPECT_EQ(written, count);
}

// However many dimensions an array has, and however many equal elements.
TEST_F(Values, OfAnArrayEnd) {
  std::size_t written = 0;
  style.symbol = [&](Address) {
    ++written;
    return std::nullopt;
  };
  style.most_values = 1000;
  const Type& pointer = bench.pointer(bench.types.void_type());
  const Type* nested = &pointer;
  for (unsigned i = 0; i < 40; ++i)
    nested = &bench.array(*nested, 2);
  for (unsigned repeats : {0U, 10U}) {
    style.repeats = repeats;
    written = 0;
    EXPECT_NE(text(*nested, std::string(4096, '\1')).find("..."),
              std::string::npos);
    EXPECT_LE(written, 1000U);
    std::string alike =
        text(bench.array(pointer, 2000), std::string(16000, '\1'));
    EXPECT_TRUE(alike.ends_with("...}")) << alike;
  }
}

TEST_F(Values, PointersShowSymbolsAndStrings) {
  const Type& data = bench.pointer(bench.types.void_type());
  EXPECT_EQ(text(data, 0), "0x0");
  EXPECT_EQ(text(data, base + 0x1005), "0xffff1005 <func+5>");
  const Type& chars = bench.pointer(bench.c("char"));
  bench.space.put(0x5000, std::string_view("hel\"lo\n\0", 8));
  EXPECT_EQ(text(chars, 0x5000), "0x5000 \"hel\\\"lo\\n\"");
  EXPECT_EQ(text(chars, 0), "0x0");
  EXPECT_EQ(text(chars, 0x6000),
            "0x6000 <error: Cannot access memory at address 0x6000>");
  style.print_max = 3;
  EXPECT_EQ(text(chars, 0x5000), "0x5000 \"hel\"...");
}

TEST_F(Values, PrintPutsThePointerTypeInFront) {
  EXPECT_EQ(printed(bench.pointer(bench.c("int")), base + 0x1000),
            "(int *) 0xffff1000 <func>");
  EXPECT_EQ(printed(bench.pointer(bench.c("char")), 0), "0x0");
  EXPECT_EQ(printed(bench.pointer(bench.c("unsigned char")), 0),
            "(unsigned char *) 0x0");
  const Type& function = *bench.types.parse("int (*)(char)").value();
  EXPECT_EQ(printed(function, base + 0x1000),
            "(int (*)(char)) 0xffff1000 <func>");
  EXPECT_EQ(
      text(Object(bench.space, *function.target(), Address{base + 0x1000})),
      "{int (char)} 0xffff1000 <func>");
}

struct Layouts : Values {
  const Type& inner = bench.source->structure(
      "inner", 8,
      {{"x", &bench.c("int"), 0, 0}, {"c", &bench.c("char"), 32, 0}});
  const Type& nothing = bench.source->structure("nothing", 0, {});
  const Type& either = bench.source->union_of(
      "", 4,
      {{"u", &bench.c("int"), 0, 0},
       {"", &bench.source->structure("", 4, {{"v", &bench.c("short"), 0, 0}}),
        0, 0}});
  const Type& outer = bench.source->structure(
      "outer", 32,
      {{"in", &bench.array(inner, 2), 0, 0},
       {"", &either, 128, 0},
       {"a", &bench.c("unsigned int"), 160, 3},
       {"b", &bench.c("int"), 163, 5},
       {"none", &nothing, 192, 0},
       {"m", &bench.array(bench.array(bench.c("char"), 2), 2), 192, 0},
       {"nones", &bench.array(nothing, 3), 256, 0}});
  std::string bytes = std::string("\1\0\0\0a\0\0\0\2\0\0\0b\0\0\0", 16) +
                      std::string("\7\0\0\0\xed\0\0\0abcd\0\0\0\0", 16);
};

TEST_F(Layouts, OneMemberALine) {
  EXPECT_EQ(text(outer, bytes),
            "{\n"
            "  in = {{\n"
            "      x = 1,\n"
            "      c = 97 'a'\n"
            "    }, {\n"
            "      x = 2,\n"
            "      c = 98 'b'\n"
            "    }},\n"
            "  {\n"
            "    u = 7,\n"
            "    {\n"
            "      v = 7\n"
            "    }\n"
            "  },\n"
            "  a = 5,\n"
            "  b = -3,\n"
            "  none = {<No data fields>},\n"
            "  m = {\"ab\", \"cd\"},\n"
            "  nones = 0xffff0020\n"
            "}");
}

TEST_F(Layouts, OneElementALine) {
  style.array_pretty = true;
  EXPECT_EQ(text(bench.array(inner, 2), bytes),
            "{\n"
            "  {\n"
            "    x = 1,\n"
            "    c = 97 'a'\n"
            "  },\n"
            "  {\n"
            "    x = 2,\n"
            "    c = 98 'b'\n"
            "  }\n"
            "}");
}

TEST_F(Layouts, AFormatReachesEveryPart) {
  style.format = 'x';
  EXPECT_EQ(text(inner, bytes), "{\n  x = 0x1,\n  c = 0x61\n}");
  EXPECT_EQ(text(bench.array(bench.c("char"), 3), "abc"), "{0x61, 0x62, 0x63}");
  EXPECT_EQ(text(bench.c("float"), 0x3fc00000), "0x3fc00000");
  style.format = 'c';
  EXPECT_EQ(text(bench.c("int"), 5), "5 '\\005'");
  style.format = 'z';
  EXPECT_EQ(text(bench.c("int"), 5), "0x00000005");
  style.format = 't';
  EXPECT_EQ(text(bench.c("int"), 5), "101");
}

TEST_F(Layouts, LimitsElements) {
  style.print_max = 1;
  EXPECT_EQ(text(bench.array(bench.c("short"), 4), std::string(8, '\0')),
            "{0...}");
}

TEST_F(Layouts, WhatIsMissingCostsItsOwnMembersOnly) {
  bench.space.put(base, std::string_view("\1\0\0\0", 4));
  Object object(bench.space, inner, Address{base});
  EXPECT_EQ(text(object),
            "{\n"
            "  x = 1,\n"
            "  c = <error: Cannot access memory at address 0xffff0004>\n"
            "}");
  Object lost(bench.space, inner, Address{0x7000});
  EXPECT_EQ(text(lost), "error: not in dump");
  // What takes no room says nothing about the rest.
  FakeSource& source = *bench.source;
  const Type& nothing = source.structure("nothing", 0, {});
  const Type& tail = bench.array(bench.c("int"), 0);
  const Type& outer = source.structure("outer", 4,
                                       {{"x", &bench.c("int"), 0, 0},
                                        {"n", &nothing, 32, 0},
                                        {"t", &tail, 32, 0}});
  EXPECT_EQ(text(Object(bench.space, outer, Address{0x7000})),
            "error: not in dump");
}

TEST_F(Values, Enumerations) {
  const Type& flags =
      bench.source->enumeration("f", {{"A1", 1}, {"A2", 2}, {"A8", 8}});
  EXPECT_EQ(text(flags, 9), "(A1 | A8)");
  EXPECT_EQ(text(flags, 0x19), "(A1 | A8 | unknown: 0x10)");
  EXPECT_EQ(text(flags, 0x10), "(unknown: 0x10)");
  EXPECT_EQ(text(flags, 0), "0");
  EXPECT_EQ(text(flags, 2), "A2");
  const Type& plain =
      bench.source->enumeration("p", {{"B1", 1}, {"B2", 2}, {"B3", 3}});
  EXPECT_EQ(text(plain, 7), "7");
  style.radix = 16;
  EXPECT_EQ(text(plain, 7), "7");
  style.format = 'x';
  EXPECT_EQ(text(plain, 2), "0x2");
}

}  // namespace
}  // namespace inquest
