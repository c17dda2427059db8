// SPDX-License-Identifier: GPL-3.0-or-later
// SLUB's caches: counts, states of objects, and each kind of damage.

#include "kernel/slub.h"

#include <gtest/gtest.h>

#include "unit/kernel/slub_kernel.h"

namespace inquest {
namespace {

using test::at;
using test::cache_at;
using test::caches_at;
using test::cpu_at;
using test::map_at;
using test::member;
using test::name_at;
using test::node_at;
using test::slab_of;
using test::SlubKernel;
using test::WordImage;

constexpr std::uint64_t key = 0x1122334455667788;
constexpr std::uint64_t is_slab = 1 << 9;
// Slabs of four objects: CPU 0's own, one on its partial list, two on the
// node's.
constexpr std::uint64_t own = 0x40000, waiting = 0x41000, partial = 0x42000,
                        other = 0x43000;
constexpr std::uint64_t object_size = 0x400, per_slab = 4;

std::uint64_t object(std::uint64_t slab, std::uint64_t index) {
  return slab + index * object_size;
}

enum class Coding { plain, mixed, swapped };

std::uint64_t coded(Coding coding, std::uint64_t to, std::uint64_t place) {
  if (coding == Coding::plain) return to;
  return to ^ key ^
         (coding == Coding::swapped ? __builtin_bswap64(place) : place);
}

class SlubImage : public WordImage {
 public:
  explicit SlubImage(Coding coding = Coding::swapped) : coding_(coding) {
    put(0, {at(map_at)});
    put(caches_at, {at(cache_at + 48), at(cache_at + 48)});
    put(cache_at,
        {at(cpu_at), 0, object_size | 1000UL << 32, 8, per_slab, at(name_at),
         at(caches_at), at(caches_at), key, at(node_at)});
    put(name_at, {0x656e6f});  // "one"
    put(cpu_at, {at(object(own, 1)), at(slab_of(own)), at(slab_of(waiting))});
    put(cpu_at + 0x100, {0, 0, 0});
    slab(own, {0}, {});
    list(own, {1, 3});
    slab(waiting, {2, 0}, {});
    slab(partial, {3, 1, 0}, {slab_of(other) + 16, node_at + 8});
    slab(other, {2}, {node_at + 8, slab_of(partial) + 16});
    put(node_at, {2, at(slab_of(partial) + 16), at(slab_of(other) + 16), 5, 20,
                  at(node_at + 40), at(node_at + 40)});
  }

  // A slab with these objects on its own list.
  void slab(std::uint64_t memory, const std::vector<std::uint64_t>& free,
            const std::vector<std::uint64_t>& links) {
    std::uint64_t first = free.empty() ? 0 : at(object(memory, free[0]));
    counters(memory, per_slab - free.size(), per_slab);
    put(slab_of(memory), {is_slab, at(cache_at)});
    put(slab_of(memory) + 32, {first});
    put(slab_of(memory) + 16, {0, 0});
    if (!links.empty()) {
      put(slab_of(memory) + 16, {at(links[0]), at(links[1])});
    }
    list(memory, free);
  }
  void counters(std::uint64_t memory, std::uint64_t in_use,
                std::uint64_t objects) {
    put(slab_of(memory) + 40, {in_use | objects << 16});
  }
  // Links these objects to each other, and the last to nothing.
  void list(std::uint64_t memory, const std::vector<std::uint64_t>& free) {
    for (std::uint64_t i = 0; i < per_slab; ++i)
      put(object(memory, i), {0});
    for (std::size_t i = 0; i < free.size(); ++i) {
      bool is_last = i + 1 == free.size();
      link(object(memory, free[i]),
           is_last ? 0 : at(object(memory, free[i + 1])));
    }
  }
  void link(std::uint64_t from, std::uint64_t to) {
    put(from + 8, {coded(coding_, to, at(from + 8))});
  }

 private:
  Coding coding_;
};

struct Opened {
  explicit Opened(const SlubImage& image, SlubKernel::Options options = {})
      : kernel(image, options), slabs(SlabAllocator::open(kernel).value()) {}

  SlabInventory inventory() const {
    return slabs->inventory(*slabs->cache(Address{at(cache_at)}));
  }
  // All that is wrong, in one text.
  std::string problems() const {
    SlabInventory found = inventory();
    std::string text;
    for (const Error& problem : found.problems)
      text += problem.message() + "\n";
    for (const Error& problem : slabs->list_problems(found))
      text += problem.message() + "\n";
    return text;
  }
  // "f" free on the slab's list, "0" kept by CPU 0, "a" allocated.
  std::string states(std::uint64_t memory) const {
    auto slab = slabs->slab_of(Address{at(memory)});
    std::string text;
    for (const SlabObject& one : slabs->contents(inventory(), *slab).objects) {
      bool has_cpu = one.kept && one.kept->cpu;
      text += !one.is_free ? "a"
              : has_cpu    ? std::to_string(*one.kept->cpu)
              : one.kept   ? "n"
                           : "f";
    }
    return text;
  }

  SlubKernel kernel;
  std::unique_ptr<SlabAllocator> slabs;
};

std::string slab_text(std::uint64_t memory) {
  return fmt::format("one: slab {:x}: ", at(slab_of(memory)));
}

TEST(Slub, CountsWhatIsFreeAnywhere) {
  Opened opened{SlubImage()};
  EXPECT_EQ(opened.problems(), "");
  auto caches = opened.slabs->caches();
  EXPECT_EQ(caches.all, std::vector{Address{at(cache_at)}});
  EXPECT_FALSE(caches.fault);
  SlabInventory found = opened.inventory();
  EXPECT_EQ(found.cache.label(), "one");
  EXPECT_EQ(found.cache.object_size, 1000U);
  EXPECT_EQ(found.slabs().value_or(0), 5U);
  EXPECT_EQ(found.objects().value_or(0), 20U);
  // Of 20 there are free 1 + 2 of CPU 0's own slab, 2 of its other, 3 and 1.
  EXPECT_EQ(found.allocated().value_or(0), 11U);
  ASSERT_EQ(found.cpus.size(), 2U);
  EXPECT_EQ(found.cpus[0].partial.size(), 1U);
  EXPECT_FALSE(found.cpus[1].own);
  ASSERT_EQ(found.nodes.size(), 1U);
  EXPECT_EQ(found.nodes[0].partial.size(), 2U);
  EXPECT_FALSE(found.nodes[0].has_full);
  EXPECT_EQ(found.free_in(*found.cpus[0].own), 3U);
  EXPECT_EQ(found.owner(*found.cpus[0].own).value_or(9), 0U);
}

TEST(Slub, KnowsEachObjectsState) {
  Opened opened{SlubImage()};
  EXPECT_EQ(opened.states(own), "f0a0");
  EXPECT_EQ(opened.states(waiting), "fafa");
  EXPECT_EQ(opened.states(partial), "ffaf");
  auto place =
      slab_place(*opened.slabs, Address{at(object(own, 3) + object_size - 1)});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->index, 3U);
  EXPECT_EQ(place->objects[3].at.value, at(object(own, 3)));
  EXPECT_EQ(place->slab.at.value, at(slab_of(own)));
  EXPECT_FALSE(slab_place(*opened.slabs, Address{at(name_at)}));
  EXPECT_FALSE(slab_place(*opened.slabs, Address{0x1000}));
}

TEST(Slub, FindsOutHowLinksAreStored) {
  Opened mixed{SlubImage(Coding::mixed)};
  EXPECT_EQ(mixed.problems(), "");
  EXPECT_EQ(mixed.states(partial), "ffaf");
  Opened plain{SlubImage(Coding::plain), {.has_key = false}};
  EXPECT_EQ(plain.problems(), "");
  EXPECT_EQ(plain.states(partial), "ffaf");
}

TEST(Slub, FindsItOutOfANodesSlabsToo) {
  for (Coding coding : {Coding::mixed, Coding::swapped}) {
    SlubImage image(coding);
    image.put(cpu_at, {0, 0, 0});
    Opened opened(image);
    EXPECT_EQ(opened.problems(), "");
    EXPECT_EQ(opened.states(partial), "ffaf");
  }
}

TEST(Slub, ListsFullSlabsWhereTheKernelDoes) {
  SlubImage image;
  image.put(cache_at + 8, {0x10000});
  image.slab(other, {}, {node_at + 40, node_at + 40});
  image.put(slab_of(partial) + 16, {at(node_at + 8)});
  image.put(node_at, {1});
  image.put(node_at + 40, {at(slab_of(other) + 16), at(slab_of(other) + 16)});
  Opened opened(image);
  EXPECT_EQ(opened.problems(), "");
  SlabInventory found = opened.inventory();
  EXPECT_TRUE(found.nodes[0].has_full);
  ASSERT_EQ(found.nodes[0].full.size(), 1U);
  EXPECT_EQ(found.nodes[0].full[0].memory.value, at(other));
}

TEST(Slub, LeavesOutRedZones) {
  SlubImage image;
  image.put(cache_at + 24, {8 | 64UL << 32});
  image.put(cpu_at, {at(object(own, 1) + 64)});
  image.put(slab_of(own) + 32, {0});
  image.counters(own, per_slab, per_slab);
  image.put(object(own, 1) + 64 + 8,
            {coded(Coding::swapped, 0, at(object(own, 1) + 64 + 8))});
  image.put(cpu_at + 16, {0});
  image.put(node_at, {0, at(node_at + 8), at(node_at + 8)});
  Opened opened(image);
  EXPECT_EQ(opened.problems(), "");
  EXPECT_EQ(opened.states(own), "a0aa");
  auto place = slab_place(*opened.slabs, Address{at(object(own, 1))});
  EXPECT_EQ(place->objects[place->index].at.value, at(object(own, 1) + 64));
}

// A slab's page that KFENCE has: its second object, at the page's end.
TEST(Slub, LeavesToKfenceWhatIsKfences) {
  constexpr std::uint64_t pool = other - 4 * 4096UL, metadata = 0x6000;
  constexpr std::uint64_t guarded = other + 4096 - 64;
  class KfenceKernel : public SlubKernel {
   public:
    explicit KfenceKernel(const SlubImage& image)
        : SlubKernel(image, {},
                     {{"__kfence_pool", 8}, {"kfence_metadata", 0x20}}) {
      source->structure(
          "kfence_metadata", 32,
          {member("addr", word(), 0), member("size", word(), 8),
           member("cache", pointer(**structure("kmem_cache")), 16),
           member("state", half(), 24)});
      source->enumeration("kfence_object_state", {{"KFENCE_OBJECT_FREED", 2}});
    }
  };
  SlubImage image;
  image.put(8, {at(pool)});
  image.put(0x20, {at(metadata)});
  image.put(metadata + 32, {at(guarded), 60, at(cache_at), 2});
  KfenceKernel kernel(image);
  auto slabs = SlabAllocator::open(kernel).value();
  auto place = slab_place(*slabs, Address{at(guarded) + 3});
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().message(),
            fmt::format("{:x} lies in no slab: KFENCE has 60 bytes of one at "
                        "{:x}, freed",
                        at(guarded) + 3, at(guarded)));
  EXPECT_TRUE(slab_place(*slabs, Address{at(partial)}));
}

// ---- Damage ----

TEST(DamagedSlub, TellsOfAListThatLeavesItsSlab) {
  SlubImage image;
  image.link(object(partial, 3), at(own));
  Opened opened(image);
  EXPECT_EQ(opened.problems(),
            slab_text(partial) +
                fmt::format("its list of free objects leads from {:x} out of "
                            "it, to {:x}\n",
                            at(object(partial, 3)), at(own)));
  EXPECT_EQ(opened.states(partial), "aaaf");
  EXPECT_EQ(opened.inventory().allocated().value_or(0), 11U);
}

TEST(DamagedSlub, TellsOfAListThatLeadsIntoAnObject) {
  SlubImage image;
  image.link(object(partial, 3), at(partial) + 8);
  EXPECT_EQ(Opened(image).problems(),
            slab_text(partial) +
                fmt::format("its list of free objects leads from {:x} into "
                            "the middle of an object at {:x}\n",
                            at(object(partial, 3)), at(partial) + 8));
}

TEST(DamagedSlub, TellsOfAnObjectFreedTwice) {
  SlubImage looping;
  looping.link(object(partial, 0), at(object(partial, 3)));
  EXPECT_EQ(Opened(looping).problems(),
            slab_text(partial) + fmt::format("object {:x} is free twice\n",
                                             at(object(partial, 3))));
  // Once on the slab's list and once on the CPU's.
  SlubImage both;
  both.put(slab_of(own) + 32, {at(object(own, 3))});
  EXPECT_EQ(Opened(both).problems(),
            slab_text(own) +
                fmt::format("object {:x} is free twice\n", at(object(own, 3))));
  // The CPU's list loops.
  SlubImage own_list;
  own_list.link(object(own, 3), at(object(own, 1)));
  EXPECT_EQ(Opened(own_list).problems(),
            slab_text(own) +
                fmt::format("object {:x} is free twice\n", at(object(own, 1))));
}

TEST(DamagedSlub, TellsOfCountersThatContradictTheList) {
  SlubImage image;
  image.counters(partial, 2, per_slab);
  EXPECT_EQ(Opened(image).problems(),
            slab_text(partial) +
                "3 objects on its list of free objects, 2 by its counters\n");
}

TEST(DamagedSlub, TellsOfCountersThatCannotBe) {
  SlubImage too_many;
  too_many.counters(waiting, 2, per_slab + 1);
  EXPECT_EQ(Opened(too_many).problems(),
            slab_text(waiting) +
                "on CPU 0's partial list, has 5 objects, where 4 have room\n");
  SlubImage overused;
  overused.counters(waiting, per_slab + 1, per_slab);
  EXPECT_EQ(Opened(overused).problems(),
            slab_text(waiting) +
                "on CPU 0's partial list, has 5 objects in use of 4\n");
}

TEST(DamagedSlub, ShowsNoMoreObjectsThanHaveRoom) {
  SlubImage image;
  image.counters(partial, 1, 9);
  Opened opened(image);
  auto place = slab_place(*opened.slabs, Address{at(object(partial, 2))});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->objects.size(), per_slab);
  ASSERT_EQ(place->problems.size(), 1U);
  EXPECT_EQ(place->problems[0].message(),
            slab_text(partial) + "has 9 objects, where 4 have room");
}

TEST(DamagedSlub, TellsOfPartialListsThatLoop) {
  SlubImage of_cpu;
  of_cpu.put(slab_of(waiting) + 16, {at(slab_of(waiting))});
  Opened opened(of_cpu);
  EXPECT_EQ(opened.problems(),
            fmt::format("one: CPU 0's partial list: comes back to {:x}\n",
                        at(slab_of(waiting))));
  EXPECT_EQ(opened.inventory().cpus[0].partial.size(), 1U);
  SlubImage of_node;
  of_node.put(slab_of(other) + 16, {at(slab_of(partial) + 16)});
  EXPECT_NE(Opened(of_node).problems().find(
                "one: node 0's partial list: comes back to "),
            std::string::npos);
  SlubImage torn;
  torn.put(slab_of(other) + 16, {0});
  EXPECT_EQ(Opened(torn).problems(),
            "one: node 0's partial list: ends in a null pointer\n");
}

TEST(DamagedSlub, TellsOfAListShorterThanItsCounter) {
  SlubImage image;
  image.put(slab_of(partial) + 16, {at(node_at + 8)});
  EXPECT_EQ(Opened(image).problems(),
            "one: node 0's partial list: has 1 slabs, 2 by its counter\n");
}

TEST(DamagedSlub, TellsOfAnotherCachesSlab) {
  SlubImage image;
  image.put(slab_of(other) + 8, {at(name_at)});
  Opened opened(image);
  EXPECT_EQ(opened.problems(),
            slab_text(other) +
                "on node 0's partial list, belongs to no slab cache\n");
  EXPECT_EQ(opened.inventory().nodes[0].partial.size(), 1U);
}

TEST(DamagedSlub, TellsOfWhatCannotBeRead) {
  SlubImage no_object;
  no_object.drop(partial);
  EXPECT_EQ(Opened(no_object).problems().find(
                slab_text(partial) +
                fmt::format("its list of free objects ends at {:x}: ",
                            at(object(partial, 3)))),
            0U);
  SlubImage no_slab;
  no_slab.put(cpu_at + 8, {at(0x900000)});
  Opened opened(no_slab);
  EXPECT_EQ(opened.problems().find("one: CPU 0: "), 0U);
  EXPECT_EQ(opened.inventory().nodes[0].partial.size(), 2U);
  SlubImage no_node;
  no_node.put(cache_at + 72, {at(0x900000)});
  EXPECT_NE(Opened(no_node).problems().find("one: node 0's partial list: "),
            std::string::npos);
}

TEST(DamagedSlub, TellsOfWhatIsNoCache) {
  SlubImage image;
  image.put(cache_at + 32, {0});
  Opened opened(image);
  auto cache = opened.slabs->cache(Address{at(cache_at)});
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().message(),
            fmt::format("{:x} is no slab cache", at(cache_at)));
}

TEST(DamagedSlub, CountsNoMoreFreeObjectsThanThereAre) {
  SlubImage image;
  image.put(node_at + 32, {3});
  auto allocated = Opened(image).inventory().allocated();
  ASSERT_FALSE(allocated);
  EXPECT_EQ(allocated.error().message(), "9 objects of 3 are free");
}

// ---- Sheaves ----

constexpr std::uint64_t main_at = 0x5000, rcu_at = 0x5100, full_at = 0x5200,
                        barn_at = 0x5300;

SlubImage sheaves() {
  SlubImage image;
  image.put(cache_at + 32, {per_slab | 32UL << 32});
  image.put(cache_at + 72, {at(barn_at), at(node_at)});
  image.put(cpu_at, {0, at(main_at), 0, at(rcu_at)});
  image.put(cpu_at + 0x100, {0, 0, 0, 0});
  image.slab(own, {0}, {});
  image.put(main_at, {0, 0, 0, 2, at(object(own, 2)), at(object(waiting, 1))});
  image.put(rcu_at, {0, 0, 0, 1, at(object(own, 3))});
  image.put(full_at,
            {at(barn_at + 8), at(barn_at + 8), 0, 1, at(object(waiting, 3))});
  image.put(barn_at,
            {0, at(full_at), at(full_at), at(barn_at + 24), at(barn_at + 24)});
  return image;
}

constexpr SlubKernel::Options with_sheaves = {.has_cpu_slabs = false,
                                              .has_sheaves = true};

TEST(SlubSheaves, HaveFreeObjects) {
  Opened opened(sheaves(), with_sheaves);
  EXPECT_EQ(opened.problems(), "");
  SlabInventory found = opened.inventory();
  ASSERT_EQ(found.cpus[0].stores.size(), 2U);
  EXPECT_EQ(store_name(found.cpus[0].stores[0].kind), "main");
  EXPECT_EQ(found.cpus[0].stores[0].capacity, 32U);
  EXPECT_EQ(store_name(found.cpus[0].stores[1].kind), "rcu_free");
  ASSERT_EQ(found.nodes[0].stores.size(), 1U);
  // 4 in sheaves, 4 on lists of the node's slabs.
  EXPECT_EQ(found.allocated().value_or(0), 12U);
  EXPECT_EQ(opened.states(own), "fa00");
  EXPECT_EQ(opened.states(waiting), "f0fn");
}

TEST(SlubSheaves, TellOfObjectsThatAreNone) {
  SlubImage image = sheaves();
  image.put(main_at + 32, {at(object(own, 2) + 8)});
  Opened stranger(image, with_sheaves);
  EXPECT_EQ(stranger.problems(),
            fmt::format("one: main objects at {:x}: {:x} is none of them\n",
                        at(main_at), at(object(own, 2) + 8)));
  EXPECT_EQ(stranger.states(own), "faa0");
  image = sheaves();
  image.put(main_at + 32, {at(object(own, 3))});
  EXPECT_EQ(
      Opened(image, with_sheaves).problems(),
      fmt::format("one: object {:x} is free twice\n", at(object(own, 3))));
  image = sheaves();
  image.put(main_at + 24, {0x7fffffff});
  EXPECT_EQ(Opened(image, with_sheaves).problems(),
            fmt::format("one: sheaf {:x}: 2147483647 objects\n", at(main_at)));
}

}  // namespace
}  // namespace inquest
