// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/kallsyms.h"

#include <random>

#include <gtest/gtest.h>

#include "unit/debuginfo/build_elf.h"

namespace inquest::test {
namespace {

// Tables as the kernel's build makes them: tokens 0 and 1 stand for words,
// all others for themselves.
class Tables {
 public:
  explicit Tables(std::endian endian = std::endian::little)
      : endian_(endian), places_(endian), index_(endian) {
    for (unsigned i = 0; i < 256; ++i) {
      index_.u16(table_.size());
      std::string token(1, static_cast<char>(i));
      if (i == 0) token = "init_";
      if (i == 1) token = "Tsys";
      table_.text(token).number(0, 1);
    }
  }

  void name(std::string_view tokens) {
    if (tokens.size() < 0x80) {
      names_.number(tokens.size(), 1);
    } else {
      names_.number(0x80 | (tokens.size() & 0x7f), 1);
      names_.number(tokens.size() >> 7, 1);
    }
    names_.text(tokens);
    ++count_;
  }
  void place(std::uint64_t value, std::size_t size = 4) {
    places_.number(value, size);
  }

  KallsymsTables tables(KallsymsForm form) const {
    return {.endian = endian_,
            .pointer_size = 8,
            .form = form,
            .count = count_,
            .relative_base = 0xffffffff81000000,
            .places = places_.bytes(),
            .names = names_.bytes(),
            .token_table = table_.bytes(),
            .token_index = index_.bytes()};
  }

 private:
  std::endian endian_;
  std::uint64_t count_ = 0;
  Writer places_, names_, table_, index_;
};

TEST(Kallsyms, ExpandsTokens) {
  Tables built;
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
  Tables absolute;
  absolute.name("Ta");
  absolute.place(0xffffffffc0000000, 8);
  auto table = kallsyms(absolute.tables(KallsymsForm::absolute));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("a")->address.value, 0xffffffffc0000000);

  Tables mixed;
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

  Tables big(std::endian::big);
  big.name("Ta");
  big.place(0x80000000);  // wraps
  auto three = kallsyms(big.tables(KallsymsForm::base_relative));
  ASSERT_TRUE(three);
  EXPECT_EQ(three->find("a")->address.value, 0x1000000U);
}

TEST(Kallsyms, LongNamesHaveTwoBytesOfLength) {
  Tables built;
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
  Tables built;
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
  Tables built;
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
