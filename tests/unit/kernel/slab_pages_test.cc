// SPDX-License-Identifier: GPL-3.0-or-later
// Which pages say that they are slabs, by the ways they have said so.

#include "kernel/slab_pages.h"

#include <gtest/gtest.h>

#include "kernel/linux_arch.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;

// Frame 1's struct page lies at 0x1040, with |flags| and |type|.
class PageKernel : public test::TestKernel {
 public:
  PageKernel(std::uint64_t flags, std::uint64_t type,
             std::vector<Enumerator> names, const std::string& more = "")
      : test::TestKernel(words(0, {base + 0x1000}) +
                             words(0x1040, {flags, 0, 0, 0, 0, 0, type, 0}) +
                             more,
                         {{"mem_map", 0}}) {
    const Type& word = types().c_type("unsigned long");
    source->structure(
        "page", 64,
        {member("flags", word, 0), member("compound_info", word, 8),
         member("page_type", types().c_type("unsigned int"), 48)});
    source->enumeration("names", std::move(names));
  }
};

// Whether the page of an address is a slab's.
bool is_slab(const PageKernel& kernel, std::uint64_t at = base + 0x1234) {
  auto pages = SlabPages::open(kernel);
  return pages && pages->slab_of(Address{at}).has_value();
}

TEST(SlabPages, HaveAFlag) {
  EXPECT_TRUE(is_slab({1 << 9 | 1, 0xffffffff, {{"PG_slab", 9}}}));
  EXPECT_FALSE(is_slab({1 << 8, 0xffffffff, {{"PG_slab", 9}}}));
}

TEST(SlabPages, HaveABitClear) {
  const std::vector<Enumerator> first = {{"PG_slab", 0x1000},
                                         {"PAGE_TYPE_BASE", 0xf0000000}};
  EXPECT_TRUE(is_slab({0, 0xffffefff, first}));
  EXPECT_FALSE(is_slab({0, 0xffffffff, first}));
  EXPECT_FALSE(is_slab({0, 5, first}));
  const std::vector<Enumerator> turned = {{"PG_slab", 0x02000000},
                                          {"PAGE_TYPE_BASE", -0x80000000LL}};
  EXPECT_TRUE(is_slab({0, 0xfdffffff, turned}));
  EXPECT_FALSE(is_slab({0, 0xffffffff, turned}));
}

TEST(SlabPages, HaveANumber) {
  EXPECT_TRUE(is_slab({1 << 9, 0xf5ffffff, {{"PGTY_slab", 0xf5}}}));
  EXPECT_FALSE(is_slab({1 << 9, 0xf0ffffff, {{"PGTY_slab", 0xf5}}}));
}

TEST(SlabPages, AreUnknownWithoutAnyOfThese) {
  EXPECT_FALSE(SlabPages::open(PageKernel(0, 0, {{"PG_other", 1}})));
}

TEST(SlabPages, KnowTheirFirstPage) {
  const std::vector<Enumerator> flag = {{"PG_slab", 9}};
  // Frame 2's page says where the first one is, and frame 3's by which bits.
  PageKernel kernel(1 << 9, 0, flag,
                    words(0x1088, {base + 0x1041}) +
                        words(0x10c8, {~std::uint64_t{0x7f} | 1}));
  auto pages = SlabPages::open(kernel);
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->slab_of(Address{base + 0x2000})->value, base + 0x1040);
  // The first of frames 2 and 3 is no slab's.
  EXPECT_FALSE(pages->slab_of(Address{base + 0x3000}));
  Object tail = kernel.object("page", Address{base + 0x10c0});
  EXPECT_EQ(head_page(kernel, tail)->address().value, base + 0x1080);
}

}  // namespace
}  // namespace inquest
