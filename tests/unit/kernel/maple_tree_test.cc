// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/maple_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/maple_samples.h"

namespace inquest {
namespace {

using test::arange_node;
using test::node_text;
using test::range_node;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t all = ~std::uint64_t{0};
// Where the tests put nodes, and how a pointer marks their kind.
constexpr std::uint64_t top_at = base + 0x1000, left_at = base + 0x1100,
                        right_at = base + 0x1200;
constexpr std::uint64_t leaf = 0x0c, range = 0x14, arange = 0x1c, dense = 0x04;
constexpr std::uint64_t root_mark = 2;

// A kernel with a maple tree's types and |machine| in memory; its root is
// |root|.
class Tree : public test::TestKernel {
 public:
  explicit Tree(std::uint64_t root, const std::string& machine = "")
      : test::TestKernel(
            fmt::format("@0x100 u64 0\n@0x108 u64 {:#x}\n@0x110 u64 {:#x}\n",
                        0x309, root) +
                machine,
            {}) {
    test::add_maple_types(*this);
  }

  MapleTree open() const {
    auto tree =
        MapleTree::open(*this, object("maple_tree", Address{base + 0x100}));
    if (!tree) throw std::runtime_error(tree.error().message());
    return *tree;
  }

  // "first-last:entry" of each, and why ranges are missing.
  std::vector<std::string> entries() const {
    std::vector<std::string> found;
    for (const MapleEntry& entry : open().entries()) {
      std::string what = entry.fault ? "?" + entry.fault->message()
                                     : fmt::format("{:x}", entry.entry.value);
      found.push_back(
          fmt::format("{:x}-{:x}:{}", entry.first, entry.last, what));
      if (found.size() > 1000) {
        ADD_FAILURE() << "the walk does not end";
        break;
      }
    }
    return found;
  }

  std::string find(std::uint64_t index) const {
    auto found = open().find(index);
    if (!found) return "?" + found.error().message();
    if (!*found) return "";
    return fmt::format("{:x}-{:x}:{:x}", (*found)->first, (*found)->last,
                       (*found)->entry.value);
  }
};

using Texts = std::vector<std::string>;

TEST(MapleTree, MayBeEmpty) {
  Tree tree(0);
  EXPECT_EQ(tree.entries(), Texts{});
  EXPECT_EQ(tree.find(0), "");
}

TEST(MapleTree, MayBeOneEntryWithoutNode) {
  Tree tree(0xffff888000005000);
  EXPECT_EQ(tree.entries(), Texts{"0-0:ffff888000005000"});
  EXPECT_EQ(tree.find(0), "0-0:ffff888000005000");
  EXPECT_EQ(tree.find(1), "");
}

TEST(MapleTree, LeavesHaveEntriesAndGaps) {
  // Nothing, an entry, nothing, a reserved range, an entry to the end.
  Tree tree(root_mark | top_at | leaf,
            node_text(top_at, range_node({0xf, 0x1f, 0x2f, 0x3f},
                                         {0, 0x5000, 0, 0x406, 0x6000})));
  EXPECT_EQ(tree.entries(), (Texts{"10-1f:5000", "40-ffffffffffffffff:6000"}));
  EXPECT_EQ(tree.find(0xf), "");
  EXPECT_EQ(tree.find(0x10), "10-1f:5000");
  EXPECT_EQ(tree.find(0x1f), "10-1f:5000");
  EXPECT_EQ(tree.find(0x30), "");
  EXPECT_EQ(tree.find(all), "40-ffffffffffffffff:6000");
  EXPECT_EQ(tree.open().height(), 2U);
  EXPECT_EQ(tree.open().flags(), 0x309U);
}

std::string two_leaves() {
  return node_text(top_at,
                   arange_node({0xff, all}, {left_at | leaf, right_at | leaf},
                               {3, 4})) +
         node_text(left_at, range_node({0x7f, 0xff}, {0x5000, 0x5100})) +
         // 16 slots in use, but only at the end of all indexes.
         node_text(right_at, range_node({0x100, 0x101, 0x102, 0x103, 0x104,
                                         0x105, 0x106, 0x107, 0x108, 0x109,
                                         0x10a, 0x10b, 0x10c, 0x10d, 0x10e},
                                        {0x6000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                         0, 0, 0, 0, 0x6100}));
}

TEST(MapleTree, NodesAreFollowed) {
  Tree tree(root_mark | top_at | arange, two_leaves());
  EXPECT_EQ(tree.entries(), (Texts{"0-7f:5000", "80-ff:5100", "100-100:6000",
                                   "10f-ffffffffffffffff:6100"}));
  EXPECT_EQ(tree.find(0x80), "80-ff:5100");
  EXPECT_EQ(tree.find(0x101), "");
  EXPECT_EQ(tree.find(0x200), "10f-ffffffffffffffff:6100");
}

TEST(MapleTree, StepsTellNodesAndPaths) {
  Tree tree(root_mark | top_at | arange, two_leaves());
  std::vector<MapleNode> nodes;
  unsigned slots = 0;
  for (const MapleStep& step : tree.open().steps()) {
    if (step.slot) {
      ++slots;
    } else {
      nodes.push_back(*step.node);
    }
  }
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(slots, 18U);
  EXPECT_EQ(nodes[0].kind, MapleKind::arange_64);
  EXPECT_EQ(nodes[0].parent, 0x77U);
  EXPECT_EQ(nodes[0].gaps.size(), 10U);
  EXPECT_EQ(nodes[0].gaps[1], 4U);
  EXPECT_EQ(nodes[0].end, 1U);
  EXPECT_EQ(nodes[0].gap, 2U);
  EXPECT_TRUE(nodes[0].path.empty());
  EXPECT_EQ(nodes[2].at.value, right_at);
  EXPECT_EQ(nodes[2].depth, 1U);
  EXPECT_EQ(nodes[2].path, std::vector<unsigned>{1});
  EXPECT_EQ(nodes[2].first, 0x100U);
  EXPECT_EQ(nodes[2].last, all);
  EXPECT_EQ(nodes[2].pivots.size(), 15U);
}

TEST(MapleTree, APartIsWalkedFromItsNode) {
  Tree tree(0, two_leaves());
  auto part = MapleTree::below(tree, left_at | leaf);
  ASSERT_TRUE(part);
  unsigned count = 0;
  for (const MapleEntry& entry : part->entries())
    count += entry.fault ? 0 : 1;
  EXPECT_EQ(count, 2U);
}

TEST(MapleTree, DenseNodesHaveAnEntryForEachIndex) {
  Tree tree(root_mark | top_at | dense,
            node_text(top_at, {0x77, 0x5000, 0, 0x5100}));
  EXPECT_EQ(tree.entries(), (Texts{"0-0:5000", "2-2:5100"}));
  EXPECT_EQ(tree.find(2), "2-2:5100");
  EXPECT_EQ(tree.find(100), "");
}

TEST(MapleTree, MetadataIsNoEntry) {
  // 15 of 16 slots in use: the last one has the metadata.
  std::vector<std::uint64_t> pivots, slots;
  for (std::uint64_t i = 0; i < 15; ++i) {
    pivots.push_back(i * 16 + 15);
    slots.push_back(0);
  }
  pivots.back() = 0xff;
  slots.push_back(0x0e0f);
  Tree tree(root_mark | top_at | range,
            node_text(top_at, range_node({0xff}, {left_at | leaf})) +
                node_text(left_at, range_node(pivots, slots)));
  EXPECT_EQ(tree.entries(), Texts{});
  EXPECT_EQ(tree.find(0xf8), "");
}

TEST(MapleTree, FullNodesHaveNoMetadata) {
  std::vector<std::uint64_t> pivots, slots(15, 0);
  for (std::uint64_t i = 0; i < 15; ++i)
    pivots.push_back(i * 16 + 15);
  slots.push_back(0x5000);
  Tree tree(root_mark | top_at | range,
            node_text(top_at, range_node({0xff}, {left_at | leaf})) +
                node_text(left_at, range_node(pivots, slots)));
  EXPECT_EQ(tree.entries(), Texts{"f0-ff:5000"});
  EXPECT_EQ(tree.find(0xf8), "f0-ff:5000");
}

TEST(MapleTree, WhatCannotBeReadCostsItsRange) {
  Tree tree(
      root_mark | top_at | range,
      node_text(top_at, range_node({0xff, 0x1ff, 0x2ff},
                                   {left_at | leaf, (base + 0x900000) | leaf,
                                    right_at | leaf})) +
          node_text(left_at, range_node({0xff}, {0x5000})) +
          node_text(right_at, range_node({0x2ff}, {0x6000})));
  Texts found = tree.entries();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "0-ff:5000");
  EXPECT_TRUE(found[1].starts_with("100-1ff:?")) << found[1];
  EXPECT_EQ(found[2], "200-2ff:6000");
  EXPECT_TRUE(tree.find(0x100).starts_with("?"));
  EXPECT_EQ(tree.find(0x200), "200-2ff:6000");
}

TEST(MapleTree, LoopsEnd) {
  Tree tree(root_mark | top_at | range,
            node_text(top_at, range_node({0xff, 0x1ff},
                                         {left_at | range, top_at | range})) +
                node_text(left_at,
                          range_node({0x7f, 0xff}, {top_at | range, 0x5000})));
  Texts found = tree.entries();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_NE(found[0].find("loops"), std::string::npos);
  EXPECT_TRUE(found[1].starts_with("80-ff:?")) << found[1];
  EXPECT_NE(found[2].find("loops"), std::string::npos);
  EXPECT_TRUE(tree.find(0).starts_with("?"));
  Tree endless(root_mark | top_at | range,
               node_text(top_at, range_node({all}, {top_at | range})));
  EXPECT_NE(endless.find(0).find("deep"), std::string::npos);
  EXPECT_EQ(endless.entries().size(), 1U);
}

TEST(MapleTree, PivotsThatGoBackEndTheNode) {
  Tree tree(root_mark | top_at | leaf,
            node_text(top_at, range_node({0xff, 0x7f}, {0x5000, 0x5100})));
  Texts found = tree.entries();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "0-ff:5000");
  EXPECT_NE(found[1].find("pivot 1"), std::string::npos);
  EXPECT_TRUE(tree.find(0x100).starts_with("?"));
}

TEST(MapleTree, UnknownKindsAreNamed) {
  Tree tree(root_mark | top_at | 0x7a, node_text(top_at, {}));
  Texts found = tree.entries();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("unknown type 15"), std::string::npos);
}

}  // namespace
}  // namespace inquest
