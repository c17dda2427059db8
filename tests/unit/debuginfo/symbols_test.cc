// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/symbols.h"

#include <gtest/gtest.h>

#include "unit/debuginfo/build_elf.h"

namespace inquest::test {
namespace {

Result<SymbolTable> table_of(const std::vector<SymbolSpec>& symbols,
                             std::uint64_t slide) {
  ElfBuilder elf;
  elf.add({.name = ".text", .flags = SHF_ALLOC | SHF_EXECINSTR});
  elf.add({.name = ".data", .flags = SHF_ALLOC | SHF_WRITE});
  elf.add({.name = ".rodata", .flags = SHF_ALLOC});
  elf.add({.name = ".bss", .type = SHT_NOBITS, .flags = SHF_ALLOC | SHF_WRITE});
  elf.add_symbols(symbols);
  return symbol_table(TRY(ElfFile::from_bytes(elf.build(), "example")), slide);
}

std::string listing(const SymbolTable& table) {
  std::string text;
  for (const Symbol& symbol : table.sorted()) {
    text += symbol.letter;
    text += ' ';
    text += symbol.name;
    text += '\n';
  }
  return text;
}

TEST(SymbolTable, LettersAreThoseOfNm) {
  auto table = table_of(
      {{.name = "a", .value = 1, .section = 1},
       {.name = "b", .value = 2, .binding = STB_LOCAL, .section = 1},
       {.name = "c", .value = 3, .type = STT_OBJECT, .section = 2},
       {.name = "d", .value = 4, .type = STT_OBJECT, .section = 3},
       {.name = "e", .value = 5, .type = STT_OBJECT, .section = 4},
       {.name = "f", .value = 6, .binding = STB_WEAK, .section = 1},
       {.name = "g",
        .value = 7,
        .type = STT_OBJECT,
        .binding = STB_WEAK,
        .section = 2},
       {.name = "h", .value = 8, .section = SHN_ABS},
       {.name = "u", .value = 9, .section = SHN_UNDEF},
       {.name = "file.c", .value = 9, .type = STT_FILE},
       {.name = "s", .value = 9, .type = STT_SECTION, .section = 1},
       {.name = "$d", .value = 9, .type = STT_NOTYPE, .section = 1},
       {.name = "i", .value = 10, .type = STT_GNU_IFUNC, .section = 1}},
      0);
  ASSERT_TRUE(table);
  EXPECT_EQ(listing(*table), "T a\nt b\nD c\nR d\nB e\nW f\nV g\nA h\ni i\n");
}

TEST(SymbolTable, PerCpuAndAbsoluteSymbolsDoNotMove) {
  auto table = table_of(
      {{.name = "fixed_percpu_data", .value = 0, .section = 2},
       {.name = "__per_cpu_start", .value = 0, .section = 2},
       {.name = "a_constant", .value = 0x111, .section = SHN_ABS},
       {.name = "_text", .value = 0xffffffff81000000, .section = 1},
       {.name = "init_task", .value = 0xffffffff82000000, .section = 2}},
      0x1000000);
  ASSERT_TRUE(table);
  EXPECT_EQ(listing(*table),
            "D __per_cpu_start\nD fixed_percpu_data\nT _text\nD init_task\n");
  EXPECT_EQ(table->find("fixed_percpu_data")->address.value, 0U);
  EXPECT_EQ(table->find("_text")->address.value, 0xffffffff82000000);
  EXPECT_EQ(table->find("init_task")->address.value, 0xffffffff83000000);
  EXPECT_EQ(table->find("a_constant"), nullptr);
}

TEST(SymbolTable, CloneSuffixesAreCut) {
  auto table = table_of({{.name = "a.isra.0", .value = 1, .section = 1},
                         {.name = "b.part.0.cold", .value = 2, .section = 1},
                         {.name = "c.constprop.3", .value = 3, .section = 1},
                         {.name = "d.cold", .value = 4, .section = 1},
                         {.name = "e.5", .value = 5, .section = 1},
                         {.name = "f.cold.isra.1", .value = 6, .section = 1},
                         {.name = ".part.", .value = 7, .section = 1}},
                        0);
  ASSERT_TRUE(table);
  EXPECT_EQ(listing(*table),
            "T a\nT b\nT c.constprop.3\nT d.cold\nT e.5\nT f.cold\nT .part.\n");
}

SymbolTable by_hand() {
  return SymbolTable({{.name = "last", .address = {0x300}},
                      {.name = "first", .address = {0x100}},
                      {.name = "twin", .address = {0x200}},
                      {.name = "other_twin", .address = {0x200}},
                      {.name = "first", .address = {0x250}}},
                     nullptr);
}

TEST(SymbolTable, IsSortedAndKeepsTiesInOrder) {
  SymbolTable table = by_hand();
  EXPECT_EQ(listing(table), "? first\n? twin\n? other_twin\n? first\n? last\n");
}

TEST(SymbolTable, FindsNames) {
  SymbolTable table = by_hand();
  EXPECT_EQ(table.find("first")->address.value, 0x100U);
  EXPECT_EQ(table.find("nothing"), nullptr);
  auto all = table.all("first");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->address.value, 0x100U);
  EXPECT_EQ(all[1]->address.value, 0x250U);
  EXPECT_TRUE(table.all("nothing").empty());
  SymbolTable moved = std::move(table);
  EXPECT_EQ(moved.find("last")->address.value, 0x300U);
}

TEST(SymbolTable, FindsAddresses) {
  SymbolTable table = by_hand();
  EXPECT_FALSE(table.at({0xff}));
  EXPECT_EQ(table.at({0x100})->symbol->name, "first");
  EXPECT_EQ(table.at({0x1ff})->symbol->name, "first");
  EXPECT_EQ(table.at({0x1ff})->offset, 0xffU);
  EXPECT_EQ(table.at({0x200})->symbol->name, "twin");
  EXPECT_EQ(table.at({0x201})->symbol->name, "other_twin");
  EXPECT_EQ(table.at({~0ULL})->symbol->name, "last");
}

TEST(SymbolTable, KnowsMarksBetweenCodeAndData) {
  for (std::string_view mark : {"$x", "$d", "$a", "$t", "$d.12", "$x.", "$x.y"})
    EXPECT_TRUE(is_mapping_mark(mark)) << mark;
  for (std::string_view name :
       {"", "$", "x", "x.1", "$xyz", "$dd.12", ".$x", "$x1", "xd", "ab.1"})
    EXPECT_FALSE(is_mapping_mark(name)) << name;
}

TEST(SymbolTable, OfNothing) {
  SymbolTable table({}, nullptr);
  EXPECT_TRUE(table.sorted().empty());
  EXPECT_EQ(table.find("x"), nullptr);
  EXPECT_FALSE(table.at({1}));
}

TEST(SymbolTable, SortsManyLikeASimpleSort) {
  std::vector<Symbol> symbols;
  std::uint64_t state = 1;
  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    std::uint64_t spread = i % 3 == 0 ? state >> 60 : state;
    symbols.push_back({.name = {},
                       .address = {spread},
                       .size = static_cast<std::uint64_t>(i)});
  }
  auto expected = symbols;
  std::stable_sort(
      expected.begin(), expected.end(),
      [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  SymbolTable table(symbols, nullptr);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(table.sorted()[i].address, expected[i].address);
    EXPECT_EQ(table.sorted()[i].size, expected[i].size);
  }
}

}  // namespace
}  // namespace inquest::test
