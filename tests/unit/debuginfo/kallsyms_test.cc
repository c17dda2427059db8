// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/kallsyms.h"

#include <random>

#include <gtest/gtest.h>

#include "unit/debuginfo/kallsyms_tables.h"

namespace inquest::test {
namespace {

TEST(Kallsyms, ExpandsTokens) {
  KallsymsBuilder built;
  built.name(std::string_view("\1_call", 6));
  built.name(std::string_view("d\0task", 6));
  built.place(0x10);
  built.place(0x20);
  auto table = kallsyms(built.tables(KallsymsForm::base_relative));
  ASSERT_TRUE(table) << table.error().message();
  ASSERT_EQ(table->sorted().size(), 2U);
  EXPECT_EQ(table->sorted()[0].name, "sys_call");
  EXPECT_EQ(table->sorted()[0].letter, 'T');
  EXPECT_EQ(table->sorted()[0].address.value, 0xffffffff81000010);
  EXPECT_EQ(table->find("init_task")->letter, 'd');
  EXPECT_EQ(table->find("init_task")->address.value, 0xffffffff81000020);
}

TEST(Kallsyms, PlacesOfAllForms) {
  KallsymsBuilder absolute;
  absolute.name("Ta");
  absolute.place(0xffffffffc0000000, 8);
  auto table = kallsyms(absolute.tables(KallsymsForm::absolute));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("a")->address.value, 0xffffffffc0000000);

  KallsymsBuilder mixed;
  mixed.name("Dcpu");
  mixed.name("Ttext");
  mixed.name("Tfar");
  mixed.place(0x1234);
  mixed.place(0xffffffff);  // -1: the base itself
  mixed.place(0xfffffff0);
  auto two = kallsyms(mixed.tables(KallsymsForm::per_cpu_absolute));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->find("cpu")->address.value, 0x1234U);
  EXPECT_EQ(two->find("text")->address.value, 0xffffffff81000000);
  EXPECT_EQ(two->find("far")->address.value, 0xffffffff8100000f);

  KallsymsBuilder big(std::endian::big);
  big.name("Ta");
  big.place(0x80000000);  // wraps
  auto three = kallsyms(big.tables(KallsymsForm::base_relative));
  ASSERT_TRUE(three);
  EXPECT_EQ(three->find("a")->address.value, 0x1000000U);
}

TEST(Kallsyms, LongNamesHaveTwoBytesOfLength) {
  KallsymsBuilder built;
  std::string name(300, 'x');
  built.name("T" + name);
  built.name("Tnext.part.0");
  built.place(0);
  built.place(1);
  auto table = kallsyms(built.tables(KallsymsForm::base_relative));
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_NE(table->find(name), nullptr);
  EXPECT_NE(table->find("next"), nullptr);
}

TEST(Kallsyms, DamageIsAnError) {
  KallsymsBuilder built;
  built.name("Ta");
  built.place(0);
  KallsymsTables good = built.tables(KallsymsForm::base_relative);
  ASSERT_TRUE(kallsyms(good));
  KallsymsTables bad = good;
  bad.count = 1000000000;
  EXPECT_FALSE(kallsyms(bad));
  bad = good;
  bad.places = {};
  EXPECT_FALSE(kallsyms(bad));
  bad = good;
  bad.names = bad.names.first(2);
  EXPECT_FALSE(kallsyms(bad));
  bad = good;
  bad.token_index = bad.token_index.first(100);
  EXPECT_FALSE(kallsyms(bad));
  bad = good;
  bad.token_table = bad.token_table.first(100);
  EXPECT_FALSE(kallsyms(bad));
}

std::vector<std::byte> damaged(Bytes from, std::mt19937_64& random) {
  std::vector<std::byte> bytes(from.begin(), from.end());
  if (random() % 3 == 0) {
    bytes[random() % bytes.size()] = std::byte(random());
  }
  if (random() % 10 == 0) bytes.resize(random() % bytes.size());
  return bytes;
}

TEST(Kallsyms, MutationsEnd) {
  KallsymsBuilder built;
  for (int i = 0; i < 20; ++i) {
    built.name("Tname_" + std::to_string(i));
    built.place(static_cast<std::uint64_t>(i));
  }
  KallsymsTables good = built.tables(KallsymsForm::per_cpu_absolute);
  std::mt19937_64 random(1);
  int readable = 0;
  for (int i = 0; i < 2500; ++i) {
    auto names = damaged(good.names, random);
    auto places = damaged(good.places, random);
    auto table = damaged(good.token_table, random);
    auto index = damaged(good.token_index, random);
    KallsymsTables bad = good;
    bad.names = names;
    bad.places = places;
    bad.token_table = table;
    bad.token_index = index;
    readable += kallsyms(bad).has_value();
  }
  EXPECT_GT(readable, 100);
  EXPECT_LT(readable, 2500);
}

TEST(KallsymsListing, TakesWhatIsOfVmlinux) {
  auto table = kallsyms_listing(
      "0000000000000000 A fixed_percpu_data\n"
      "ffffffff81000000 T _stext\n"
      "ffffffff81000040 t helper.part.0\n"
      "ffffffff81000040 T alias\n"
      "ffffffff81000100 D jiffies\n"
      "ffffffffc0000000 t tun_init\t[tun]\n"
      "ffffffffc0001000 t bpf_prog_1\t[bpf]\n");
  ASSERT_TRUE(table) << table.error().message();
  ASSERT_EQ(table->sorted().size(), 5U);
  EXPECT_EQ(table->find("tun_init"), nullptr);
  EXPECT_EQ(table->find("helper")->letter, 't');
  EXPECT_EQ(table->find("_stext")->size, 0x40U);
  EXPECT_EQ(table->find("alias")->size, 0xc0U);
  EXPECT_EQ(table->find("helper")->size, 0xc0U);
  EXPECT_EQ(table->find("jiffies")->size, 0U);            // the last one
  EXPECT_EQ(table->find("fixed_percpu_data")->size, 0U);  // far before _stext
}

TEST(KallsymsListing, SkipsWhatMakesNoSense) {
  auto table = kallsyms_listing(
      "\n \nT\nffffffff81000000\n" +
      std::string("xyz T bad\nffffffff81000000 T \n") +
      "fffffffff81000000 T long_address\n" + "ffffffff81000000 TT two\n" +
      "ffffffff81000000 T " + std::string(5000, 'x') +
      "\nffffffff81000000 T good\r\n" +
      "ffffffff81000000 r $d.1\nffffffff81000000 T");
  ASSERT_TRUE(table) << table.error().message();
  ASSERT_EQ(table->sorted().size(), 1U);
  EXPECT_EQ(table->sorted()[0].name, "good");
}

TEST(KallsymsListing, HiddenAddressesAreToldFromNone) {
  auto hidden =
      kallsyms_listing("0000000000000000 T _stext\n0000000000000000 T a\n");
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().kind(), ErrorKind::unsupported);
  for (std::string text : {"", "\n\n", "nonsense\n"}) {
    auto none = kallsyms_listing(text);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind(), ErrorKind::corrupt);
  }
}

}  // namespace
}  // namespace inquest::test
