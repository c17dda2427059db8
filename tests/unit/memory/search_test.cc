// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/search.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/interrupt.h"
#include "unit/memory/opened.h"

namespace inquest {
namespace {

using test::DumpKind;
using test::DumpShape;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t needle = 0xfeedfacecafebeef;
constexpr AddressRange everything{Address{0}, Address{~std::uint64_t{0}}};

using Places = std::vector<std::uint64_t>;

Generator<Extent> all_of(std::vector<Extent> extents) {
  for (const Extent& extent : extents)
    co_yield extent;
}

// Physical memory at the addresses it has.
std::vector<Extent> straight(std::uint64_t start, std::uint64_t size) {
  return {{Address{start}, PhysAddress{start}, size}};
}

// In dumps that are searched in place and in ones that are not, by one thread
// and by several.
class SearchTest
    : public testing::TestWithParam<std::tuple<DumpShape, unsigned>> {
 protected:
  Places places(const test::Machine& machine, const Pattern& pattern,
                std::vector<Extent> extents, AddressRange bounds = everything) {
    test::OpenedMemory memory(machine, mib, std::get<0>(GetParam()));
    Places places;
    progress_ = 0;
    totals_ = search(
        {.memory = *memory.memory(),
         .pattern = pattern,
         .bounds = bounds,
         .on_hit =
             [&](const SearchHit& hit) {
               places.push_back(hit.at.value);
               values_.push_back(hit.value);
             },
         .on_progress =
             [&](std::uint64_t done) {
               EXPECT_GE(done, progress_);
               progress_ = done;
             },
         .threads = std::get<1>(GetParam())},
        dumped_extents(all_of(std::move(extents)), memory->dump().ranges()));
    return places;
  }

  static Pattern word() {
    return Pattern::words(8, {needle}, 0, std::endian::little);
  }

  SearchTotals totals_;
  std::vector<std::uint64_t> values_;
  std::uint64_t progress_ = 0;
};

// Several chunks, with a value at every edge and holes of all kinds.
test::Machine large_machine(const Places& needles) {
  // What left pages out says so.
  test::Machine machine = test::parse_machine("vmcoreinfo = PAGESIZE=4096\n");
  for (std::uint64_t at = mib; at < 6 * mib; at += 4096)
    machine.write(at, at, 8);
  machine.exclude(2 * mib);
  machine.exclude(3 * mib - 4096);
  for (std::uint64_t at : needles)
    machine.write(at, needle, 8);
  return machine;
}

TEST_P(SearchTest, FindsWordsInOrderAcrossChunks) {
  Places needles = {mib,         mib + 4088,       2 * mib - 8, 2 * mib + 4096,
                    3 * mib,     3 * mib + 0x5008, 4 * mib - 8, 4 * mib,
                    5 * mib + 8, 6 * mib - 8};
  EXPECT_EQ(places(large_machine(needles), word(), straight(0, 16 * mib)),
            needles);
  EXPECT_EQ(values_, Places(needles.size(), needle));
  EXPECT_EQ(totals_.searched, 5 * mib - 2 * 4096);
  EXPECT_EQ(totals_.damaged, 0U);
  EXPECT_EQ(progress_, totals_.searched);
}

TEST_P(SearchTest, KeepsToItsBounds) {
  Places needles = {mib, mib + 8, mib + 16, mib + 24};
  test::Machine machine = large_machine(needles);
  EXPECT_EQ(places(machine, word(), straight(mib, mib),
                   {Address{mib + 8}, Address{mib + 23}}),
            (Places{mib + 8, mib + 16}));
  // Half a word is none.
  EXPECT_EQ(places(machine, word(), straight(mib, mib),
                   {Address{mib + 9}, Address{mib + 22}}),
            Places());
}

TEST_P(SearchTest, FindsNothingWhereNothingIs) {
  test::Machine machine = large_machine({mib});
  EXPECT_EQ(places(machine, word(), straight(16 * mib, mib)), Places());
  EXPECT_EQ(totals_.searched, 0U);
  EXPECT_EQ(places(machine, Pattern::strings({}), straight(mib, mib)),
            Places());
}

TEST_P(SearchTest, FindsStringsAcrossPagesAndChunks) {
  test::Machine machine = large_machine({});
  auto put = [&](std::uint64_t at) {
    test::Content text;
    for (char c : std::string_view("haystack"))
      text.push_back(static_cast<std::byte>(c));
    machine.write(at, text);
  };
  Places at = {mib + 1,     mib + 4092,  2 * mib - 8,
               4 * mib - 4, 5 * mib - 1, 6 * mib - 8};
  for (std::uint64_t each : at)
    put(each);
  EXPECT_EQ(
      places(machine, Pattern::strings({"haystack"}), straight(0, 16 * mib)),
      at);
}

// Pages that follow each other by address only, and such that do not.
TEST_P(SearchTest, FollowsAddressesFromExtentToExtent) {
  test::Machine machine = test::parse_machine(R"(
    @0x1ffc text "hays"
    @0x3000 text "tack"
    @0x5000 text "tack"
  )");
  auto page = [](std::uint64_t at, std::uint64_t physical) {
    return Extent{Address{at}, PhysAddress{physical}, 4096};
  };
  Pattern pattern = Pattern::strings({"haystack"});
  EXPECT_EQ(
      places(machine, pattern, {page(0x10000, 0x1000), page(0x11000, 0x3000)}),
      (Places{0x10ffc}));
  EXPECT_EQ(
      places(machine, pattern, {page(0x10000, 0x1000), page(0x12000, 0x3000)}),
      Places());
  // Each page as often as it is mapped, in the order of the extents.
  EXPECT_EQ(places(machine, Pattern::strings({"tack"}),
                   {page(0x30000, 0x5000), page(0x20000, 0x3000),
                    page(0x40000, 0x5000)}),
            (Places{0x30000, 0x20000, 0x40000}));
}

TEST_P(SearchTest, FindsMoreThanFitsInMemoryAtOnce) {
  test::Machine machine;
  for (std::uint64_t at = mib; at < 5 * mib; at += 4096)
    machine.write(at, test::Content(4096, std::byte{0}));
  Places all = places(machine, Pattern::words(8, {0}, 0, std::endian::little),
                      straight(0, 16 * mib));
  EXPECT_EQ(all.size(), 4 * mib / 8);
  EXPECT_TRUE(std::ranges::is_sorted(all));
}

TEST_P(SearchTest, StopsOnAnInterrupt) {
  test::Machine machine = large_machine({mib, 4 * mib});
  test::OpenedMemory memory(machine, mib, std::get<0>(GetParam()));
  Places places;
  Pattern pattern = word();
  search({.memory = *memory.memory(),
          .pattern = pattern,
          .bounds = everything,
          .on_hit =
              [&](const SearchHit& hit) {
                places.push_back(hit.at.value);
                interrupt();
              },
          .threads = std::get<1>(GetParam())},
         all_of(straight(mib, 5 * mib)));
  clear_interrupt();
  EXPECT_EQ(places, (Places{mib}));
}

TEST_P(SearchTest, SearchesExcludedPagesAsZeroesIfAsked) {
  test::Machine machine =
      test::parse_machine("@0x1000 u64 1*512\n@0x2000 exclude\n");
  test::OpenedMemory memory(machine, mib, std::get<0>(GetParam()));
  memory->zero_excluded(true);
  Pattern pattern = Pattern::words(8, {0}, 0, std::endian::little);
  std::size_t count = 0;
  search({.memory = *memory.memory(),
          .pattern = pattern,
          .bounds = everything,
          .on_hit = [&](const SearchHit& /*hit*/) { ++count; },
          .threads = std::get<1>(GetParam())},
         all_of(straight(0x1000, 0x2000)));
  EXPECT_EQ(count, 512U);
}

INSTANTIATE_TEST_SUITE_P(
    , SearchTest,
    testing::Combine(
        testing::Values(DumpShape{.kind = DumpKind::elf},
                        DumpShape{.kind = DumpKind::elf, .is_flattened = true},
                        DumpShape{.compression = Compression::zstd},
                        DumpShape{.version = 6, .parts = 3}),
        testing::Values(1U, 3U)),
    [](const auto& parameter) {
      return std::get<0>(parameter.param).name() + "_" +
             std::to_string(std::get<1>(parameter.param));
    });

TEST(DumpedExtents, AreWhatRangesDescribe) {
  std::vector<PhysRange> ranges = {
      {PhysAddress{0x8000}, 0x2000, std::nullopt},
      {PhysAddress{0x1000}, 0xc00, std::nullopt},
      {PhysAddress{0x2000}, 0x1000, std::nullopt},
      {PhysAddress{0x2000}, 0x1000, Address{0x80000000}},
  };
  std::vector<std::array<std::uint64_t, 3>> pieces;
  for (const Extent& extent :
       dumped_extents(all_of({{Address{0x10000}, PhysAddress{0}, 0x100000},
                              {Address{0x201800}, PhysAddress{0x1800}, 0x100},
                              {Address{0x301804}, PhysAddress{0x1800}, 0x100}}),
                      ranges)) {
    pieces.push_back({extent.start.value, extent.physical.value, extent.size});
  }
  EXPECT_EQ(pieces, (std::vector<std::array<std::uint64_t, 3>>{
                        {0x11000, 0x1000, 0x2000},
                        {0x18000, 0x8000, 0x2000},
                        {0x201000, 0x1000, 0x1000}}));
}

}  // namespace
}  // namespace inquest
