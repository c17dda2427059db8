// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/free_pages.h"

#include <gtest/gtest.h>

#include "kernel/memory_usage.h"
#include "kernel/page_scan.h"
#include "kernel/vm_counters.h"
#include "unit/kernel/slub_kernel.h"

namespace inquest {
namespace {

using test::at;
using test::map_at;

// Physical addresses. The node has one zone of the frames 0 to 63.
constexpr std::uint64_t node_at = 0x1000, area_at = node_at + 64;
constexpr std::uint64_t area_bytes = 40, frames = 64;
constexpr std::uint64_t no_type = 0xffffffff, buddy = 0xf0ffffff;

constexpr std::uint64_t page_at(std::uint64_t frame) {
  return map_at + frame * 64;
}
// The list of |order| and |type|.
constexpr std::uint64_t list_at(unsigned order, unsigned type) {
  return area_at + order * area_bytes + type * 16;
}

// A machine whose free lists are written down.
class Machine : public test::WordImage {
 public:
  Machine() {
    put(0, {at(map_at), frames});
    put(node_at, {0, frames, frames, frames, 0, 0, at(0x3000)});
    for (unsigned order = 0; order < 2; ++order) {
      for (unsigned type = 0; type < 2; ++type)
        link(list_at(order, type), {});
      count(order, 0);
    }
    for (std::uint64_t frame = 0; frame < frames; ++frame)
      put(page_at(frame), {0, 0, 0, 0, 0, 0, no_type, 0});
    // Each CPU's own list.
    for (unsigned cpu = 0; cpu < 2; ++cpu)
      link(0x3000 + cpu * 0x100, {});
    put(0x5000, {0});
  }

  void count(unsigned order, std::uint64_t blocks) {
    put(area_at + order * area_bytes + 32, {blocks});
  }
  // The lru of these frames' pages, in a ring with the head.
  void link(std::uint64_t head, const std::vector<std::uint64_t>& members) {
    std::uint64_t last = head;
    for (std::uint64_t frame : members) {
      next(last, page_at(frame) + 8);
      last = page_at(frame) + 8;
    }
    next(last, head);
  }
  void next(std::uint64_t from, std::uint64_t to) {
    put(from, {at(to)});
    put(to + 8, {at(from)});
  }
  void set_free(std::uint64_t frame, std::uint64_t order) {
    put(page_at(frame) + 40, {order, buddy});
  }
  // Blocks of 2^order pages on the list of |type|.
  void free(unsigned order, unsigned type,
            const std::vector<std::uint64_t>& members) {
    link(list_at(order, type), members);
    for (std::uint64_t frame : members)
      set_free(frame, order);
    count(order, members.size());
  }
};

class BuddyKernel : public test::TestKernel {
 public:
  explicit BuddyKernel(const Machine& machine)
      : test::TestKernel(machine.text(), {}), symbols_(table(), nullptr) {
    // A structure that points to itself.
    list_.kind = TypeKind::structure;
    list_.name = "list_head";
    list_.byte_size = 16;
    links_ = {test::member("next", pointer(list_), 0),
              test::member("prev", pointer(list_), 8)};
    const Type& word = types().c_type("unsigned long");
    const Type& half = types().c_type("unsigned int");
    const Type& atomic =
        source->structure("", 4, {test::member("counter", half, 0)});
    source->structure(
        "page", 64,
        {test::member("flags", word, 0), test::member("lru", list_, 8),
         test::member("mapping", word, 24), test::member("index", word, 32),
         test::member("private", word, 40), test::member("page_type", half, 48),
         test::member("_refcount", atomic, 52)});
    source->enumeration("pagetype", {{"PGTY_buddy", 0xf0},
                                     {"PGTY_slab", 0xf5},
                                     {"PGTY_mapcount_underflow", 0xff}});
    const Type& own = source->structure(
        "per_cpu_pages", 32,
        {test::member("lists", types().array_of(list_, 1), 0)});
    const Type& area = source->structure(
        "free_area", area_bytes,
        {test::member("free_list", types().array_of(list_, 2), 0),
         test::member("nr_free", word, 32)});
    const Type& zone = source->structure(
        "zone", 256,
        {test::member("zone_start_pfn", word, 0),
         test::member("spanned_pages", word, 8),
         test::member("present_pages", word, 16),
         test::member("managed_pages", word, 24),
         test::member("per_cpu_pageset", pointer(own), 48),
         test::member("free_area", types().array_of(area, 2), 64)});
    // Members of the node share the zone's words.
    source->structure("pglist_data", 256,
                      {test::member("node_zones", types().array_of(zone, 1), 0),
                       test::member("node_start_pfn", word, 0),
                       test::member("node_spanned_pages", word, 8),
                       test::member("node_present_pages", word, 16)});
  }
  std::vector<unsigned> possible_cpus() const override { return {0, 1}; }
  Result<Address> per_cpu_address(Address template_at,
                                  unsigned cpu) const override {
    constexpr std::uint64_t step = 0x100;
    return template_at + cpu * step;
  }
  const SymbolTable& symbols() const override { return symbols_; }
  Result<Address> symbol(std::string_view name) const override {
    if (const Symbol* found = symbols_.find(name)) return found->address;
    return Error(ErrorKind::not_found, std::string(name));
  }

 private:
  static std::vector<Symbol> table() {
    return {{"mem_map", Address{at(0)}, 8, 'B'},
            {"max_pfn", Address{at(8)}, 8, 'B'},
            {"contig_page_data", Address{at(node_at)}, 256, 'B'}};
  }

  const Type& pointer(const Type& to) { return types().pointer_to(to); }

  SymbolTable symbols_;
  std::vector<Member> links_;
  Type list_{
      [this](const Type& /*self*/, TypeBody& body) { body.members = links_; }};
};

struct Walk {
  std::vector<std::uint64_t> frames;
  std::vector<std::string> faults;
};

Walk walk(const Machine& machine, unsigned order, unsigned type) {
  BuddyKernel kernel(machine);
  auto free = FreePages::open(kernel);
  EXPECT_TRUE(free) << free.error().message();
  Walk found;
  if (!free) return found;
  const Zone& zone = free->zones().at(0);
  auto areas = free_areas(zone);
  for (const FreeBlock& block :
       free->blocks(zone, areas.at(order).lists.at(type))) {
    if (block.page.value != 0) found.frames.push_back(block.frame);
    if (block.fault) found.faults.push_back(block.fault->message());
    if (found.frames.size() > 1000) break;
  }
  return found;
}

using Frames = std::vector<std::uint64_t>;

TEST(FreePages, AreThoseOfEachList) {
  Machine machine;
  machine.free(0, 1, {5, 9});
  machine.free(1, 0, {12});
  EXPECT_EQ(walk(machine, 0, 1).frames, (Frames{5, 9}));
  EXPECT_EQ(walk(machine, 1, 0).frames, (Frames{12}));
  EXPECT_TRUE(walk(machine, 0, 1).faults.empty());
  EXPECT_TRUE(walk(machine, 0, 0).frames.empty());
  BuddyKernel kernel(machine);
  auto free = FreePages::open(kernel);
  ASSERT_TRUE(free) << free.error().message();
  auto areas = free_areas(free->zones().at(0));
  ASSERT_EQ(areas.size(), 2U);
  EXPECT_EQ(areas[0].blocks.value_or(0), 2U);
}

TEST(FreePages, EndAtACycle) {
  Machine machine;
  machine.free(0, 0, {5, 9, 11});
  machine.put(page_at(11) + 8, {at(page_at(5) + 8)});
  Walk found = walk(machine, 0, 0);
  EXPECT_GE(found.frames.size(), 3U);
  EXPECT_LT(found.frames.size(), 20U);
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_NE(found.faults[0].find("loops"), std::string::npos);
}

TEST(FreePages, EndAtWhatIsNoStructPage) {
  Machine machine;
  machine.free(0, 0, {5});
  machine.put(page_at(5) + 8, {at(0x5000)});
  Walk found = walk(machine, 0, 0);
  EXPECT_EQ(found.frames, (Frames{5}));
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_NE(found.faults[0].find("no struct page"), std::string::npos);
}

TEST(FreePages, GoOnBehindAPageThatIsNotFree) {
  Machine machine;
  machine.free(0, 0, {5, 9});
  machine.put(page_at(5) + 48, {no_type});
  Walk found = walk(machine, 0, 0);
  EXPECT_EQ(found.frames, (Frames{5, 9}));
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_NE(found.faults[0].find("is linked and not free"), std::string::npos);
}

TEST(FreePages, TellBlocksOfAnotherOrderOrPlace) {
  Machine machine;
  machine.free(1, 0, {4, 7, 8});
  machine.set_free(8, 0);
  Walk found = walk(machine, 1, 0);
  EXPECT_EQ(found.frames, (Frames{4, 7, 8}));
  ASSERT_EQ(found.faults.size(), 2U);
  EXPECT_NE(found.faults[0].find("not aligned"), std::string::npos);
  EXPECT_NE(found.faults[1].find("of order 0"), std::string::npos);
}

TEST(FreePages, TellAPageOfAnotherZone) {
  Machine machine;
  machine.free(0, 0, {5, 9});
  machine.put(node_at + 8, {8});
  Walk found = walk(machine, 0, 0);
  EXPECT_EQ(found.frames, (Frames{5, 9}));
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_NE(found.faults[0].find("not of this zone"), std::string::npos);
}

TEST(FreePages, AreFoundByAnyFrameOfTheirBlock) {
  Machine machine;
  machine.free(1, 1, {4, 12});
  machine.link(0x3100, {20});
  BuddyKernel kernel(machine);
  auto free = FreePages::open(kernel);
  ASSERT_TRUE(free) << free.error().message();
  auto place = free->buddy_place(13);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->block.frame, 12U);
  EXPECT_EQ(place->list.type, 1U);
  EXPECT_FALSE(free->buddy_place(14));
  EXPECT_FALSE(free->cpu_place(13));
  auto kept = free->cpu_place(20);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->cpu.value_or(9), 1U);
}

TEST(PageTypes, AreTheTopByteSince612) {
  BuddyKernel kernel{Machine()};
  PageTypes types = PageTypes::of(kernel);
  EXPECT_EQ(types.name(0xf0000005), "buddy");
  EXPECT_EQ(types.name(0xf5000000), "slab");
  EXPECT_EQ(types.name(0xffffffff), "");
  EXPECT_EQ(types.name(3), "");
}

// |more|: the enumeration of types.
class TypedKernel : public test::TestKernel {
 public:
  explicit TypedKernel(const std::vector<Enumerator>& more)
      : test::TestKernel("@0 u64 0\n", {}) {
    source->structure(
        "page", 64,
        {test::member("page_type", types().c_type("unsigned int"), 48)});
    if (!more.empty()) source->enumeration("pagetype", more);
  }
};

TEST(PageTypes, AreBitsBefore) {
  PageTypes fixed = PageTypes::of(TypedKernel({}));
  EXPECT_EQ(fixed.name(0xffffff7f), "buddy");
  EXPECT_EQ(fixed.name(0xfffffdff), "table");
  EXPECT_EQ(fixed.name(0xffffffff), "");
  EXPECT_EQ(fixed.name(0), "");
  PageTypes named = PageTypes::of(
      TypedKernel({{"PG_buddy", 0x40000000}, {"PAGE_TYPE_BASE", 0x80000000}}));
  EXPECT_EQ(named.name(0xbfffffff), "buddy");
  EXPECT_EQ(named.name(0xffffffff), "");
}

TEST(PageRuns, GoOnBehindPagesThatAreNotThere) {
  Machine machine;
  machine.put(page_at(3) + 48, {(std::uint64_t{2} << 32) + no_type});
  BuddyKernel kernel(machine);
  auto pages = PageMap::open(kernel);
  auto opened = PageDecoder::open(kernel);
  ASSERT_TRUE(pages && opened);
  PageDecoder decoder = *opened;
  std::uint64_t count = 0;
  for (const PageRun& run : page_runs(kernel, *pages)) {
    ASSERT_FALSE(run.fault) << run.fault->message();
    count += run.count;
    EXPECT_EQ(decoder.count(run.of(3)).value_or(0), 2);
    PageState state = decoder.state(3, run.at, run.of(3));
    EXPECT_EQ(state.physical.value, 0x3000U);
  }
  EXPECT_EQ(count, frames);
  EXPECT_EQ(shared_pages(kernel).value_or(0), 1U);
  // The array is said to go on where the dump has nothing.
  machine.put(8, {frames * 4});
  BuddyKernel longer(machine);
  auto more = PageMap::open(longer);
  ASSERT_TRUE(more);
  std::vector<bool> has_fault;
  for (const PageRun& run : page_runs(longer, *more))
    has_fault.push_back(run.fault.has_value());
  EXPECT_EQ(has_fault, (std::vector<bool>{false, true, true, true}));
}

}  // namespace
}  // namespace inquest
