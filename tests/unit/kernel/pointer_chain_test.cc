// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/pointer_chain.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

struct Chains : testing::Test {
  // Links the places in order: their words at |offset| lead to the next's
  // place, or its link.
  void link(std::vector<std::uint64_t> places, std::uint64_t offset,
            std::uint64_t target) {
    for (std::size_t i = 0; i + 1 < places.size(); ++i)
      bench.space.put(places[i] + offset, places[i + 1] + target, 8);
  }

  std::vector<std::uint64_t> walk(const PointerChain& chain) {
    std::vector<std::uint64_t> found;
    fault.reset();
    for (const ChainItem& item : chain_entries(chain)) {
      if (item.fault) {
        fault = item.fault;
      } else {
        found.push_back(item.entry.value);
      }
      if (found.size() > 10000) {
        ADD_FAILURE() << "the walk does not end";
        break;
      }
    }
    return found;
  }

  using Places = std::vector<std::uint64_t>;
  TypeBench bench;
  std::optional<Error> fault;
};

TEST_F(Chains, EndsWithANullPointer) {
  link({0x1000, 0x2000, 0x3000}, 0x10, 0);
  bench.space.put(0x3010, 0, 8);
  PointerChain chain{.memory = bench.space, .start = {0x1000}, .offset = 0x10};
  EXPECT_EQ(walk(chain), (Places{0x1000, 0x2000, 0x3000}));
  EXPECT_FALSE(fault);
}

TEST_F(Chains, EndsWhereItStarted) {
  link({0x1000, 0x2000, 0x1000}, 0, 0);
  PointerChain chain{.memory = bench.space, .start = {0x1000}};
  EXPECT_EQ(walk(chain), (Places{0x1000, 0x2000}));
  EXPECT_FALSE(fault);
}

TEST_F(Chains, EndsBeforeTheEndGiven) {
  link({0x1000, 0x2000, 0x3000, 0x1000}, 8, 8);
  PointerChain chain{.memory = bench.space,
                     .start = {0x1000},
                     .offset = 8,
                     .is_embedded = true,
                     .end = Address{0x3000}};
  EXPECT_EQ(walk(chain), (Places{0x1000, 0x2000}));
  chain.end = Address{0x3008};
  EXPECT_EQ(walk(chain), (Places{0x1000, 0x2000}));
}

TEST_F(Chains, LeavesOutAHeadThatIsNoEntry) {
  bench.space.put(0x500, 0x1008, 8);
  bench.space.put(0x508, 0x2008, 8);
  bench.space.put(0x1008, 0x2008, 8);
  bench.space.put(0x1010, 0x500, 8);
  bench.space.put(0x2008, 0x500, 8);
  bench.space.put(0x2010, 0x1008, 8);
  PointerChain chain{.memory = bench.space,
                     .offset = 8,
                     .is_embedded = true,
                     .head = Address{0x500}};
  EXPECT_EQ(walk(chain), (Places{0x1000, 0x2000}));
  chain.is_backwards = true;
  EXPECT_EQ(walk(chain), (Places{0x2000, 0x1000}));
  EXPECT_FALSE(fault);
}

// Every entry once, whatever the length of what leads to the loop, and of it.
TEST_F(Chains, TellsTheFirstEntryMetTwice) {
  for (std::uint64_t lead = 1; lead < 20; ++lead) {
    for (std::uint64_t loop = 1; loop < 20; ++loop) {
      Places places;
      for (std::uint64_t i = 0; i < lead + loop; ++i)
        places.push_back(0x1000 + i * 0x100);
      Places all = places;
      all.push_back(places[lead]);
      link(all, 0, 0);
      PointerChain chain{.memory = bench.space, .start = {0x1000}};
      EXPECT_EQ(walk(chain), places) << lead << ' ' << loop;
      ASSERT_TRUE(fault);
      EXPECT_EQ(fault->message(),
                fmt::format("duplicate list entry: {:x}", places[lead]));
    }
  }
}

TEST_F(Chains, TellsTheLinkThatCannotBeRead) {
  link({0x1000, 0x2000, 0xdead000}, 0x20, 0);
  PointerChain chain{.memory = bench.space, .start = {0x1000}, .offset = 0x20};
  EXPECT_EQ(walk(chain), (Places{0x1000, 0x2000, 0xdead000}));
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind(), ErrorKind::fault);
  EXPECT_EQ(fault->address(), 0xdead020U);
}

}  // namespace
}  // namespace inquest
