// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/list.h"

#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

constexpr std::uint64_t head_at = 0x1000;

struct Lists : testing::Test {
  Lists() {
    list_head.kind = hlist_node.kind = rb_node.kind = TypeKind::structure;
    list_head.byte_size = hlist_node.byte_size = 16;
    rb_node.byte_size = 24;
    hlist_head = &bench.source->structure(
        "hlist_head", 8, {{"first", &bench.pointer(hlist_node), 0, 0}});
    rb_root = &bench.source->structure(
        "rb_root", 8, {{"rb_node", &bench.pointer(rb_node), 0, 0}});
    item = &bench.source->structure(
        "item", 24,
        {{"number", &bench.c("long"), 0, 0}, {"link", &list_head, 64, 0}});
  }

  void link(std::uint64_t at, std::uint64_t next, std::uint64_t previous) {
    bench.space.put(at, next, 8);
    bench.space.put(at + 8, previous, 8);
  }
  void node(std::uint64_t at, std::uint64_t right, std::uint64_t left) {
    bench.space.put(at, 0, 8);
    bench.space.put(at + 8, right, 8);
    bench.space.put(at + 16, left, 8);
  }
  Object head(const Type& type) { return {bench.space, type, {head_at}}; }

  // The addresses that a walk delivers, and the reason of its end.
  std::vector<std::uint64_t> walk(Generator<Object> nodes) {
    std::vector<std::uint64_t> found;
    reason = "";
    for (const Object& node : nodes) {
      if (node.fault() != nullptr) {
        reason = node.fault()->message();
      } else {
        found.push_back(node.address().value);
      }
      if (found.size() > 1000) ADD_FAILURE() << "the walk does not end";
      if (found.size() > 1000) break;
    }
    return found;
  }

  std::vector<std::uint64_t> walk(Generator<RbNode> nodes) {
    paths.clear();
    auto plain = [](Generator<RbNode>& from,
                    std::vector<std::string>& to) -> Generator<Object> {
      for (const RbNode& item : from) {
        to.push_back(item.path);
        co_yield item.node;
      }
    };
    return walk(plain(nodes, paths));
  }

  std::vector<std::string> paths;
  TypeBench bench;
  Type list_head{[this](const Type&, TypeBody& body) {
    body.members = {{"next", &bench.pointer(list_head), 0, 0},
                    {"prev", &bench.pointer(list_head), 64, 0}};
  }};
  Type hlist_node{[this](const Type&, TypeBody& body) {
    body.members = {{"next", &bench.pointer(hlist_node), 0, 0}};
  }};
  Type rb_node{[this](const Type&, TypeBody& body) {
    body.members = {{"__rb_parent_color", &bench.c("long"), 0, 0},
                    {"rb_right", &bench.pointer(rb_node), 64, 0},
                    {"rb_left", &bench.pointer(rb_node), 128, 0}};
  }};
  const Type* hlist_head = nullptr;
  const Type* rb_root = nullptr;
  const Type* item = nullptr;
  std::string reason;
};

using Addresses = std::vector<std::uint64_t>;

TEST_F(Lists, AreWalkedBothWays) {
  link(head_at, 0x2008, 0x3008);
  link(0x2008, 0x3008, head_at);
  link(0x3008, head_at, 0x2008);
  EXPECT_EQ(walk(list_nodes(head(list_head))), (Addresses{0x2008, 0x3008}));
  EXPECT_EQ(walk(list_nodes(head(list_head), Direction::backwards)),
            (Addresses{0x3008, 0x2008}));
  EXPECT_EQ(walk(list_entries(head(list_head), item, "link")),
            (Addresses{0x2000, 0x3000}));
  EXPECT_EQ(reason, "");
}

TEST_F(Lists, MayBeEmpty) {
  link(head_at, head_at, head_at);
  EXPECT_EQ(walk(list_nodes(head(list_head))), Addresses{});
  EXPECT_EQ(reason, "");
}

TEST_F(Lists, EndWhereTheyLoopElsewhere) {
  link(head_at, 0x2000, 0x2000);
  link(0x2000, 0x3000, head_at);
  link(0x3000, 0x4000, 0x2000);
  link(0x4000, 0x3000, 0x3000);
  auto found = walk(list_nodes(head(list_head)));
  ASSERT_GE(found.size(), 3U);
  EXPECT_LT(found.size(), 20U);
  EXPECT_NE(reason.find("loops"), std::string::npos);
}

TEST_F(Lists, KeepWhatPrecedesAnUnreadableNode) {
  link(head_at, 0x2000, 0x2000);
  link(0x2000, 0x9000, head_at);
  auto found = walk(list_nodes(head(list_head)));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), 0x2000U);
  EXPECT_NE(reason, "");
}

TEST_F(Lists, SayThatTheyWereNeverMade) {
  link(head_at, 0, 0);
  EXPECT_EQ(walk(list_nodes(head(list_head))), Addresses{});
  EXPECT_NE(reason.find("null"), std::string::npos);
}

TEST_F(Lists, HashListsEndInNullOrAMark) {
  bench.space.put(head_at, 0x2000, 8);
  bench.space.put(0x2000, 0x3000, 8);
  bench.space.put(0x3000, 0, 8);
  EXPECT_EQ(walk(hlist_nodes(head(*hlist_head))), (Addresses{0x2000, 0x3000}));
  bench.space.put(0x3000, 7, 8);
  EXPECT_EQ(walk(hlist_nodes(head(*hlist_head))), (Addresses{0x2000, 0x3000}));
  EXPECT_EQ(reason, "");
}

TEST_F(Lists, TreesAreWalkedInOrder) {
  bench.space.put(head_at, 0x4000, 8);
  node(0x4000, 0x6000, 0x2000);
  node(0x2000, 0x3000, 0);
  node(0x3000, 0, 0);
  node(0x6000, 0, 0x5000);
  node(0x5000, 0, 0);
  EXPECT_EQ(walk(rbtree_nodes(head(*rb_root))),
            (Addresses{0x2000, 0x3000, 0x4000, 0x5000, 0x6000}));
  EXPECT_EQ(reason, "");
  EXPECT_EQ(paths, (std::vector<std::string>{"l", "lr", "", "rl", "r"}));
  EXPECT_EQ(walk(rbtree_nodes(head(*rb_root), TreeOrder::node_first)),
            (Addresses{0x4000, 0x2000, 0x3000, 0x6000, 0x5000}));
  EXPECT_EQ(paths, (std::vector<std::string>{"", "l", "lr", "r", "rl"}));
  Object part(bench.space, rb_node, {0x6000});
  EXPECT_EQ(walk(rbtree_nodes(part)), (Addresses{0x5000, 0x6000}));
}

TEST_F(Lists, TreesThatLoopEnd) {
  bench.space.put(head_at, 0x2000, 8);
  node(0x2000, 0x3000, 0);
  node(0x3000, 0x2000, 0);
  EXPECT_LT(walk(rbtree_nodes(head(*rb_root))).size(), 20U);
  EXPECT_NE(reason.find("loops"), std::string::npos);
  EXPECT_LT(walk(rbtree_nodes(head(*rb_root), TreeOrder::node_first)).size(),
            20U);
  EXPECT_NE(reason.find("loops"), std::string::npos);
  node(0x3000, 0, 0x3000);
  EXPECT_LT(walk(rbtree_nodes(head(*rb_root))).size(), 20U);
  EXPECT_NE(reason.find("loops"), std::string::npos);
}

TEST(CycleCheck, FindsLoopsOfEveryLength) {
  for (std::uint64_t tail : {0U, 1U, 5U, 100U}) {
    for (std::uint64_t length : {1U, 2U, 3U, 7U, 64U, 1000U}) {
      CycleCheck check;
      std::uint64_t step = 0;
      auto at = [&] {
        return step < tail ? step : tail + (step - tail) % length;
      };
      while (!check.is_repeated(at()) && step < 100000)
        ++step;
      EXPECT_GE(step, tail + length);
      EXPECT_LE(step, 4 * (tail + length) + 4);
    }
  }
}

}  // namespace
}  // namespace inquest
