// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/expression.h"

#include <gtest/gtest.h>

#include "types/declaration.h"
#include "types/value_text.h"
#include "unit/types/fake_scope.h"

namespace inquest {
namespace {

struct Expressions : testing::Test {
  Expressions() {
    FakeSource& source = *bench.source;
    const Type& inner = source.structure(
        "inner", 8,
        {{"x", &bench.c("int"), 0, 0}, {"c", &bench.c("char"), 32, 0}});
    const Type& bits =
        source.structure("bits", 4, {{"b", &bench.c("int"), 3, 5}});
    source.structure("all", 40,
                     {{"name", &bench.array(bench.c("char"), 8), 0, 0},
                      {"in", &bench.array(inner, 2), 64, 0},
                      {"p", &bench.pointer(inner), 192, 0},
                      {"bits", &bits, 256, 0},
                      {"db", &bench.c("short"), 288, 0}});
    source.enumeration("seq", {{"A", 0}, {"B", 1}, {"C", 2}});
    source.alias("u32", bench.c("unsigned int"));
    bench.space.put(0x1000, std::string("abc\0\0\0\0\0", 8) +
                                std::string("\1\0\0\0a\0\0\0", 8) +
                                std::string("\2\0\0\0b\0\0\0", 8) +
                                std::string("\x08\x20\0\0\0\0\0\0", 8) +
                                std::string("\xe8\0\0\0\7\0\0\0", 8));
    bench.space.put(0x2000, std::string("\3\0\0\0c\0\0\0\4\0\0\0d\0\0\0", 16));
    bench.space.put(0x3000, 5, 4);
    bench.space.put(0x3004, 7, 4);
    bench.space.put(0x3010, 0x1000, 8);
    add("g", "struct all", 0x1000);
    add("arr", "struct inner [2]", 0x2000);
    add("i", "int", 0x3000);
    add("u", "unsigned int", 0x3004);
    add("ga", "struct all *", 0x3010);
    add("generic", "void *", 0x3010);
    add("lost", "int", 0x9000);
    const Type& function =
        bench.types.function_of(bench.c("int"), {{"", &bench.c("int")}}, false);
    scope.variables.emplace("func",
                            Object(bench.space, function, Address{0x4000}));
    scope.variables.emplace(
        "unknown",
        Object(bench.space, bench.types.void_type(), Address{0x3000}));
  }
  void add(std::string_view name, std::string_view type, std::uint64_t at) {
    scope.variables.emplace(
        name, Object(bench.space, **bench.types.parse(type), Address{at}));
  }
  std::string p(std::string_view text) {
    Object object = evaluate(text, scope);
    if (object.fault() != nullptr) return object.fault()->message();
    Result<std::string> value = print_text(object, style);
    return value ? *value : value.error().message();
  }
  std::string whatis(std::string_view text) {
    return type_name(evaluate(text, scope).type());
  }

  TypeBench bench;
  FakeScope scope{bench};
  ValueStyle style{.pretty = false};
};

TEST_F(Expressions, ArithmeticIsThatOfC) {
  EXPECT_EQ(p("1 + 2 * 3"), "7");
  EXPECT_EQ(p("(1 + 2) * 3"), "9");
  EXPECT_EQ(p("10 - 3 - 2"), "5");
  EXPECT_EQ(p("-5/2"), "-2");
  EXPECT_EQ(p("-7 % 3"), "-1");
  EXPECT_EQ(p("-7 >> 1"), "-4");
  EXPECT_EQ(p("-1 > 0u"), "1");
  EXPECT_EQ(p("1 - 2u"), "4294967295");
  EXPECT_EQ(p("2147483647+1"), "-2147483648");
  EXPECT_EQ(p("1L << 40"), "1099511627776");
  EXPECT_EQ(p("1 << 40"), "0");
  EXPECT_EQ(p("5 & 3 | 8 ^ 1"), "9");
  EXPECT_EQ(p("1 > 2 ? 3 : 4"), "4");
  EXPECT_EQ(p("1 ? 2 : 3 ? 4 : 5"), "2");
  EXPECT_EQ(p("!i"), "0");
  EXPECT_EQ(p("~i"), "-6");
  EXPECT_EQ(p("-i"), "-5");
  EXPECT_EQ(p("i == 5 && u > 3"), "1");
  EXPECT_EQ(p("i, u"), "7");
  EXPECT_EQ(p("(1,2)"), "2");
  EXPECT_EQ(p("(-9223372036854775807L - 1) / -1"), "-9223372036854775808");
  EXPECT_EQ(p("1/0"), "Division by zero");
}

TEST_F(Expressions, Literals) {
  EXPECT_EQ(p("010"), "8");
  EXPECT_EQ(p("09"), "Invalid number \"09\".");
  EXPECT_EQ(p("0xffffffff"), "4294967295");
  EXPECT_EQ(whatis("0xffffffff"), "unsigned int");
  EXPECT_EQ(whatis("4294967295"), "long");
  EXPECT_EQ(p("0xffffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(p("10000000000000000000"), "10000000000000000000");
  EXPECT_EQ(p("99999999999999999999"), "Numeric constant too large.");
  EXPECT_EQ(p("'a'"), "97 'a'");
  EXPECT_EQ(p("'\\n'+1"), "11");
  EXPECT_EQ(p("'\\377'"), "-1 '\\377'");
  EXPECT_EQ(p("\"ab\\tc\""), "\"ab\\tc\"");
  EXPECT_EQ(p("1.5e3"), "1500");
  EXPECT_EQ(p("5.0/2"), "2.5");
  EXPECT_EQ(p("1.0/3"), "0.33333333333333331");
  EXPECT_EQ(p("(float)1/3"), "0.333333343");
  EXPECT_EQ(p("(int)2.75"), "2");
}

TEST_F(Expressions, Pointers) {
  EXPECT_EQ(p("&i"), "(int *) 0x3000");
  EXPECT_EQ(p("&arr[1]+1"), "(struct inner *) 0x2010");
  EXPECT_EQ(p("arr+1"), "(struct inner *) 0x2008");
  EXPECT_EQ(p("1+arr"), "(struct inner *) 0x2008");
  EXPECT_EQ(p("&arr[1]-&arr[0]"), "1");
  EXPECT_EQ(p("&arr[0]-&arr[1]"), "-1");
  EXPECT_EQ(p("&arr"), "(struct inner (*)[2]) 0x2000");
  EXPECT_EQ(p("(long)ga"), "4096");
  EXPECT_EQ(p("ga == &g"), "1");
  EXPECT_EQ(p("*ga->p"), "{x = 4, c = 100 'd'}");
  EXPECT_EQ(p("ga->p[-1].x"), "3");
  EXPECT_EQ(p("&arr[-1]"), "(struct inner *) 0x1ff8");
  EXPECT_EQ(p("&arr[1000000000000]"), "(struct inner *) 0x746a528a000");
  EXPECT_EQ(p("*arr@2"), "{{x = 3, c = 99 'c'}, {x = 4, c = 100 'd'}}");
  EXPECT_EQ(p("i@2"), "{5, 7}");
  EXPECT_EQ(p("func"), "{int (int)} 0x4000");
  EXPECT_EQ(p("*func"), "{int (int)} 0x4000");
  EXPECT_EQ(p("&func"), "(int (*)(int)) 0x4000");
  EXPECT_EQ(p("{int} 0x3004"), "7");
}

TEST_F(Expressions, Members) {
  EXPECT_EQ(p("g.in[1].x"), "2");
  EXPECT_EQ(p("ga->in[1].c"), "98 'b'");
  EXPECT_EQ(p("ga.in[0].x + g->p->x"), "5");
  EXPECT_EQ(p("g.name"), "\"abc\\000\\000\\000\\000\"");
  EXPECT_EQ(p("g.bits.b"), "-3");
  EXPECT_EQ(p("arr->x"), "3");
  EXPECT_EQ(p("&((struct all *)0)->db"), "(short *) 0x24");
  EXPECT_EQ(p("&((struct all *)0)->name"), "(char (*)[8]) 0x0");
  EXPECT_EQ(p("(int)&((struct all *)0)->db"), "36");
}

TEST_F(Expressions, CastsAndSizes) {
  EXPECT_EQ(p("(char)97"), "97 'a'");
  EXPECT_EQ(p("(unsigned char)353"), "97 'a'");
  EXPECT_EQ(p("(short)70000"), "4464");
  EXPECT_EQ(p("(u32)-1"), "4294967295");
  EXPECT_EQ(p("*(struct inner *)&arr"), "{x = 3, c = 99 'c'}");
  EXPECT_EQ(p("(struct inner *)ga"), "(struct inner *) 0x1000");
  EXPECT_EQ(p("sizeof(struct all)"), "40");
  EXPECT_EQ(p("sizeof g.name"), "8");
  EXPECT_EQ(p("sizeof(arr[0])"), "8");
  EXPECT_EQ(p("sizeof(int) + 1"), "5");
  EXPECT_EQ(whatis("1+1L"), "long");
  EXPECT_EQ(whatis("1==1"), "int");
  EXPECT_EQ(whatis("arr[0]@2"), "struct inner [2]");
  EXPECT_EQ(p("(enum seq)1"), "B");
  EXPECT_EQ(p("C"), "C");
  EXPECT_EQ(p("B|C"), "3");
  EXPECT_EQ(p("(int)unknown"), "5");
}

TEST_F(Expressions, History) {
  EXPECT_EQ(p("$3"), "3");
  EXPECT_EQ(p("$"), "1000");
  EXPECT_EQ(p("$$"), "1001");
  EXPECT_EQ(p("$$4 + 1"), "1005");
  EXPECT_EQ(p("$foo"), "void");
}

TEST_F(Expressions, SaysWhatIsWrongAsGdbDoes) {
  EXPECT_EQ(p("nosuch"), "No symbol \"nosuch\" in current context.");
  EXPECT_EQ(p("g.nosuch"), "There is no member named nosuch.");
  EXPECT_EQ(p("ga->nosuch"), "There is no member named nosuch.");
  EXPECT_EQ(p("1 +"), "A syntax error in expression, near `'.");
  EXPECT_EQ(p("1 + )"), "A syntax error in expression, near `)'.");
  EXPECT_EQ(p("5 5"), "A syntax error in expression, near `5'.");
  EXPECT_EQ(p("(struct nosuch *)0"), "No struct type named nosuch.");
  EXPECT_EQ(p("u32"), "Attempt to use a type name as an expression");
  EXPECT_EQ(p("i.x"),
            "Attempt to extract a component of a value that is not a "
            "structure.");
  EXPECT_EQ(p("i->x"),
            "Attempt to extract a component of a value that is not a "
            "structure pointer.");
  EXPECT_EQ(p("i[1]"), "cannot subscript something of type `int'");
  EXPECT_EQ(p("&5"), "Attempt to take address of value not located in memory.");
  EXPECT_EQ(p("*generic"), "Attempt to dereference a generic pointer.");
  EXPECT_EQ(p("func(1)"), "You can't do that without a process to debug.");
  EXPECT_EQ(p("i = 6"), "The dump cannot be written to.");
  EXPECT_EQ(p("12abc"), "Invalid number \"12abc\".");
  EXPECT_EQ(p("\"abc"), "Unterminated string in expression.");
  EXPECT_EQ(p("(struct inner)5"), "Invalid cast.");
  EXPECT_EQ(p("i@0"), "Invalid number 0 of repetitions.");
  EXPECT_EQ(p("5@2"), "Only values in memory can be extended with '@'.");
}

TEST_F(Expressions, SaysWhichValueIsTooLarge) {
  EXPECT_EQ(p("g.name[0]@1000000000"),
            "a value of type `char [1000000000]' would need 1000000000 bytes, "
            "more than are shown at once");
}

TEST_F(Expressions, AFaultNamesTheAddress) {
  Object object = evaluate("lost + 1", scope);
  ASSERT_NE(object.fault(), nullptr);
  EXPECT_EQ(object.fault()->kind(), ErrorKind::fault);
  EXPECT_EQ(object.fault()->address(), 0x9000U);
  EXPECT_EQ(p("1 || lost"), "1");
  EXPECT_EQ(p("0 && lost"), "0");
  EXPECT_EQ(p("1 ? i : lost"), "5");
}

TEST_F(Expressions, NonsenseEnds) {
  p(std::string(100000, '('));
  p(std::string(100000, '-'));
  p(std::string(5000, '*') + "i");
  std::string choices;
  for (int i = 0; i < 100000; ++i)
    choices += "1?";
  EXPECT_EQ(p(choices + "1"), "The expression is nested too deeply.");
  std::string_view letters = "()[]{}.,*&-+1i\"'$?:@<>=!~ sgastruct0x";
  std::uint64_t seed = 1;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      text += letters[(seed >> 33) % letters.size()];
    }
    p(text);
  }
}

}  // namespace
}  // namespace inquest
