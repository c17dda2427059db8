// SPDX-License-Identifier: GPL-3.0-or-later
// Pages in zswap, whose trees changed twice.

#include "kernel/zswap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t entry_at = 0x3000;
constexpr std::uint64_t offset_in_area = 0x4005;  // in the second tree

std::string words(std::uint64_t at, std::vector<std::uint64_t> values) {
  std::string text = fmt::format("@{:#x} u64", at);
  for (std::uint64_t value : values)
    text += fmt::format(" {:#x}", value);
  return text + "\n";
}

// zswap_trees lies at 0, swap_info at 8 and nr_zswap_trees at 16.
class ZswapKernel : public test::TestKernel {
 public:
  ZswapKernel(const std::string& machine,
              std::map<std::string, std::uint64_t> symbols, bool has_xarrays)
      : test::TestKernel(machine, std::move(symbols)) {
    using test::member;
    const Type& word = types().c_type("unsigned long");
    const Type& any = types().pointer_to(types().void_type());
    node.kind = TypeKind::structure;
    node.byte_size = 16;
    const Type& node_at = types().pointer_to(node);
    node_members = {member("rb_right", node_at, 0),
                    member("rb_left", node_at, 8)};
    const Type& root =
        source->structure("rb_root", 8, {member("rb_node", node_at, 0)});
    if (has_xarrays) {
      source->structure("xarray", 16, {member("xa_head", any, 8)});
      source->structure("xa_node", 576,
                        {member("shift", types().c_type("unsigned char"), 0),
                         member("slots", types().array_of(any, 64), 64)});
    } else {
      source->structure("zswap_tree", 16, {member("rbroot", root, 8)});
    }
    const Type& text = types().pointer_to(types().c_type("char"));
    const Type& driver =
        source->structure("zpool_driver", 8, {member("type", text, 0)});
    const Type& zpool =
        source->structure("zpool", 16,
                          {member("driver", types().pointer_to(driver), 0),
                           member("pool", any, 8)});
    const Type& name = types().array_of(types().c_type("char"), 16);
    const Type& pool =
        source->structure("zswap_pool", 24,
                          {member("zpool", types().pointer_to(zpool), 0),
                           member("tfm_name", name, 8)});
    source->structure("zswap_entry", 56,
                      {member("rbnode", node, 0), member("offset", word, 16),
                       member("length", word, 24),
                       member("pool", types().pointer_to(pool), 32),
                       member("handle", word, 40), member("value", word, 40)});
  }

  // Nodes point to nodes.
  std::vector<Member> node_members;
  Type node{
      [this](const Type&, TypeBody& body) { body.members = node_members; }};

  std::string page(std::uint64_t offset) const {
    auto found = zswap_page(*this, {0, offset});
    if (!found) return "?" + found.error().message();
    return *found ? std::string(as_text(**found)) : "nothing";
  }
};

// 'a' 4091 times, then "bcdef", by lz4: kept by |driver| at 0x5000.
std::string entry(const std::string& driver, std::uint64_t length) {
  std::string packed = "@0x5000 u8 0x1f 0x61 1 0";
  for (int i = 0; i < 15; ++i)
    packed += " 0xff";
  packed += " 0xf6 0x50 0x62 0x63 0x64 0x65 0x66\n";
  return words(entry_at,
               {0, 0, offset_in_area, length, base + 0x3100, base + 0x5000}) +
         words(0x3100, {base + 0x3200}) + "@0x3108 text \"lz4\\0\"\n" +
         words(0x3200, {base + 0x3240, 0}) + words(0x3240, {base + 0x3280}) +
         fmt::format("@0x3280 text \"{}\\0\"\n", driver) + packed;
}

constexpr std::uint64_t packed_size = 26;
const std::string unpacked = std::string(4091, 'a') + "bcdef";

// One red-black tree, in which the entry is left of another one.
std::string tree() {
  return words(0, {base + 0x2000}) + words(0x2000, {0, base + 0x2100}) +
         words(0x2100, {0, base + entry_at, offset_in_area + 1});
}

const std::map<std::string, std::uint64_t> one_tree = {{"zswap_trees", 0},
                                                       {"swap_info", 8}};

TEST(Zswap, HasATreeForEachArea) {
  ZswapKernel kernel(tree() + entry("zbud", packed_size), one_tree, false);
  EXPECT_EQ(kernel.page(offset_in_area), unpacked);
  EXPECT_EQ(kernel.page(7), "nothing");
}

TEST(Zswap, HasPagesOfOneWord) {
  ZswapKernel kernel(tree() + entry("zbud", 0), one_tree, false);
  std::string word(8, '\0');
  store_unsigned(std::as_writable_bytes(std::span(word)), base + 0x5000,
                 std::endian::little);
  EXPECT_TRUE(kernel.page(offset_in_area).starts_with(word + word));
}

TEST(Zswap, NamesTheAllocatorThatItDoesNotKnow) {
  ZswapKernel kernel(tree() + entry("z3fold", packed_size), one_tree, false);
  EXPECT_EQ(kernel.page(offset_in_area),
            "?kept by z3fold, which is not supported");
}

TEST(Zswap, OfLoopingTreesIsRefused) {
  ZswapKernel kernel(
      words(0, {base + 0x2000}) + words(0x2000, {0, base + 0x2100}) +
          words(0x2100, {base + 0x2100, base + 0x2100, offset_in_area + 1}),
      one_tree, false);
  EXPECT_EQ(kernel.page(offset_in_area), "?zswap's tree does not end");
}

TEST(Zswap, OfTooLongPagesIsRefused) {
  ZswapKernel kernel(tree() + entry("zbud", 5000), one_tree, false);
  EXPECT_EQ(kernel.page(offset_in_area), "?zswap says a page has 5000 bytes");
}

// Several xarrays an area: the second one's node tree has two levels more than
// a single entry needs.
TEST(Zswap, HasXarraysForPartsOfAnArea) {
  std::string machine =
      words(0, {base + 0x2000}) + "@0x10 u32 2 0\n" +
      words(0x2000, {0, 0, 0, base + 0x6002}) + "@0x6000 u8 12\n" +
      words(0x6040 + (offset_in_area >> 12) * 8, {base + 0x7002}) +
      "@0x7000 u8 6\n" + words(0x7040, {base + 0x8002}) + "@0x8000 u8 0\n" +
      words(0x8040, {0, 0, 0, 0, 0, base + entry_at});
  std::map<std::string, std::uint64_t> symbols = {
      {"zswap_trees", 0}, {"swap_info", 8}, {"nr_zswap_trees", 16}};
  ZswapKernel kernel(machine + entry("zbud", packed_size), symbols, true);
  EXPECT_EQ(kernel.page(offset_in_area), unpacked);
  EXPECT_EQ(kernel.page(3), "nothing");
  EXPECT_EQ(kernel.page(0x9000), "nothing");
}

TEST(Zswap, MayNotBeThere) {
  ZswapKernel kernel("@0 u64 0\n", {{"swap_info", 8}}, false);
  EXPECT_EQ(kernel.page(5), "nothing");
}

}  // namespace
}  // namespace inquest
