// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/orc.h"

#include <random>

#include <gtest/gtest.h>

namespace inquest {
namespace {

std::vector<std::byte> to_bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (unsigned value : values)
    bytes.push_back(std::byte(value));
  return bytes;
}

// Code ranges start at |starts|; the table of distances lies at |at|.
std::vector<std::byte> distances(std::uint64_t at,
                                 std::vector<std::uint64_t> starts) {
  std::vector<std::byte> bytes(starts.size() * 4);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    store_unsigned(std::span(bytes).subspan(i * 4, 4), starts[i] - at - i * 4,
                   std::endian::little);
  }
  return bytes;
}

// Entries in the 6.4 layout whose stack offset is 8 * (index + 1).
std::vector<std::byte> call_entries(std::size_t count) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < count; ++i) {
    auto offset = static_cast<unsigned>(8 * (i + 1));
    for (unsigned value : {offset & 0xff, offset >> 8, 0U, 0U, 5U, 2U}) {
      bytes.push_back(std::byte(value));
    }
  }
  return bytes;
}

TEST(OrcEntry, OfLinux61) {
  // sp + 0x68, bp at previous sp - 0x38.
  auto bytes = to_bytes({0x68, 0, 0xc8, 0xff, 0x15, 0x00});
  OrcEntry entry = orc_entry(bytes, OrcFormat::v4_14());
  EXPECT_EQ(entry.sp_offset, 0x68);
  EXPECT_EQ(entry.bp_offset, -0x38);
  EXPECT_EQ(entry.sp_base, OrcRegister::sp);
  EXPECT_EQ(entry.bp_base, OrcRegister::previous_sp);
  EXPECT_EQ(entry.type, OrcType::call);
}

TEST(OrcEntry, EndIsABitUntil63) {
  auto plain = to_bytes({0, 0, 0, 0, 0, 0x00});
  auto end = to_bytes({0, 0, 0, 0, 0, 0x04});
  auto end_63 = to_bytes({0, 0, 0, 0, 0, 0x08});
  EXPECT_EQ(orc_entry(plain, OrcFormat::v4_14()).type, OrcType::undefined);
  EXPECT_EQ(orc_entry(end, OrcFormat::v4_14()).type, OrcType::end_of_stack);
  EXPECT_EQ(orc_entry(end_63, OrcFormat::v6_3()).type, OrcType::end_of_stack);
}

TEST(OrcEntry, SignalCameWith63) {
  auto bytes = to_bytes({8, 0, 0, 0, 5, 0x05});
  OrcEntry entry = orc_entry(bytes, OrcFormat::v6_3());
  EXPECT_EQ(entry.type, OrcType::registers);
  EXPECT_TRUE(entry.is_signal);
  EXPECT_FALSE(orc_entry(bytes, OrcFormat::v4_14()).is_signal);
}

TEST(OrcEntry, TypesWereRenumberedIn64) {
  OrcType expected[] = {
      OrcType::undefined, OrcType::end_of_stack,      OrcType::call,
      OrcType::registers, OrcType::partial_registers, OrcType::unknown};
  for (unsigned type = 0; type < 6; ++type) {
    auto bytes = to_bytes({8, 0, 0, 0, 5, type});
    EXPECT_EQ(orc_entry(bytes, OrcFormat::v6_4()).type, expected[type]);
  }
}

TEST(OrcEntry, RegistersWereRenumberedIn71) {
  auto old = to_bytes({8, 0, 0xf0, 0xff, 0x15, 2});
  auto current = to_bytes({8, 0, 0xf0, 0xff, 0x83, 2});
  OrcEntry before = orc_entry(old, OrcFormat::v6_4());
  OrcEntry after = orc_entry(current, OrcFormat::v7_1());
  EXPECT_EQ(after.sp_base, OrcRegister::sp);
  EXPECT_EQ(after.bp_base, OrcRegister::previous_sp);
  EXPECT_EQ(before.sp_base, after.sp_base);
  EXPECT_EQ(before.bp_base, after.bp_base);
  auto strange = to_bytes({8, 0, 0, 0, 0x0f, 2});
  EXPECT_EQ(orc_entry(strange, OrcFormat::v7_1()).sp_base,
            OrcRegister::unknown);
}

TEST(OrcTable, FindsTheRangeOfAnAddress) {
  Address at{0xffffffff82000000};
  std::uint64_t text = 0xffffffff81000000;
  auto ips = distances(at.value, {text, text + 0x10, text + 0x30});
  auto entries = call_entries(3);
  auto table = OrcTable::open(ips, at, entries, OrcFormat::v6_4(), nullptr);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_FALSE(table->find(Address{text - 1}));
  EXPECT_EQ(table->find(Address{text})->sp_offset, 8);
  EXPECT_EQ(table->find(Address{text + 0xf})->sp_offset, 8);
  EXPECT_EQ(table->find(Address{text + 0x10})->sp_offset, 16);
  EXPECT_EQ(table->find(Address{text + 0x2f})->sp_offset, 16);
  EXPECT_EQ(table->find(Address{text + 0x1000})->sp_offset, 24);
}

TEST(OrcTable, SortsWhatIsNotSorted) {
  Address at{0xffffffff82000000};
  std::uint64_t text = 0xffffffff81000000;
  std::vector<std::uint64_t> starts;
  for (std::uint64_t i = 0; i < 300; ++i)
    starts.push_back(text + 16 * (299 - i));
  auto ips = distances(at.value, starts);
  auto entries = call_entries(starts.size());
  auto table = OrcTable::open(ips, at, entries, OrcFormat::v6_4(), nullptr);
  ASSERT_TRUE(table) << table.error().message();
  for (unsigned i = 0; i < 300; ++i) {
    EXPECT_EQ(table->find(Address{starts[i] + 5})->sp_offset, 8 * (i + 1));
  }
}

TEST(OrcTable, RefusesArraysThatDoNotMatch) {
  auto ips = distances(0, {1, 2, 3});
  auto entries = call_entries(2);
  for (Bytes odd : {Bytes(ips), Bytes(ips).first(7), Bytes()}) {
    auto table =
        OrcTable::open(odd, Address{0}, entries, OrcFormat::v6_4(), nullptr);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().kind(), ErrorKind::corrupt);
  }
}

TEST(OrcTable, SurvivesAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::size_t count = 1 + random() % 100;
    std::vector<std::byte> ips(count * 4);
    std::vector<std::byte> entries(count * orc_entry_size);
    for (auto& byte : ips)
      byte = std::byte(random() & 0xff);
    for (auto& byte : entries)
      byte = std::byte(random() & 0xff);
    OrcFormat format = round % 2 == 0 ? OrcFormat::v6_4() : OrcFormat::v7_1();
    auto table = OrcTable::open(ips, Address{random()}, entries, format, {});
    ASSERT_TRUE(table);
    for (int i = 0; i < 20; ++i)
      (void)table->find(Address{random()});
    (void)table->find(Address{~std::uint64_t{0}});
  }
}

}  // namespace
}  // namespace inquest
