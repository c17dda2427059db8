// SPDX-License-Identifier: GPL-3.0-or-later
// SLAB's caches, until 6.8.

#include "kernel/slab_arrays.h"

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
using test::WordImage;

constexpr std::uint64_t is_slab = 1 << 9;
constexpr std::uint64_t object_size = 0x300, per_slab = 4, lead = 0x80;
constexpr std::uint64_t full = 0x40000, partial = 0x41000, unused = 0x42000;
constexpr std::uint64_t shared_at = 0x5000;

class ArrayKernel : public test::SlabKernel {
 public:
  explicit ArrayKernel(const WordImage& image) : SlabKernel(image) {
    source->alias("freelist_idx_t", types().c_type("unsigned char"));
    source->structure(
        "slab", 64,
        {member("slab_cache", word(), 8), member("slab_list", list(), 16),
         member("freelist", word(), 32), member("s_mem", word(), 40),
         member("active", half(), 48)});
    const Type& array = source->structure(
        "array_cache", 16,
        {member("avail", half(), 0), member("limit", half(), 4),
         member("entry", source->flexible(word()), 16)});
    const Type& node = source->structure(
        "kmem_cache_node", 88,
        {member("slabs_partial", list(), 0), member("slabs_full", list(), 16),
         member("slabs_free", list(), 32), member("total_slabs", word(), 48),
         member("shared", pointer(array), 56),
         member("alien", pointer(pointer(array)), 64)});
    source->structure(
        "kmem_cache", 128,
        {member("cpu_cache", pointer(array), 0), member("flags", word(), 8),
         member("size", half(), 16), member("object_size", half(), 20),
         member("num", half(), 24), member("gfporder", half(), 28),
         member("name", text(), 40), member("list", list(), 48),
         member("node", types().array_of(pointer(node), 2), 72)});
  }
};

std::uint64_t object(std::uint64_t slab, std::uint64_t index) {
  return slab + lead + index * object_size;
}

WordImage image() {
  WordImage made;
  auto slab = [&](std::uint64_t memory, std::uint64_t active,
                  std::uint64_t order, std::uint64_t list) {
    made.put(slab_of(memory), {is_slab, at(cache_at), at(list), at(list),
                               at(memory), at(memory + lead), active});
    made.put(memory, {order});
    made.put(list, {at(slab_of(memory) + 16), at(slab_of(memory) + 16)});
  };
  made.put(0, {at(map_at)});
  made.put(caches_at, {at(cache_at + 48), at(cache_at + 48)});
  made.put(cache_at,
           {at(cpu_at), 0, object_size | 700UL << 32, per_slab, 0, at(name_at),
            at(caches_at), at(caches_at), 0, at(node_at)});
  made.put(name_at, {0x656e6f});  // "one"
  slab(partial, 2, 0x01'02'03'00, node_at);
  slab(full, 4, 0, node_at + 16);
  slab(unused, 0, 0x03'02'01'00, node_at + 32);
  made.put(node_at + 48, {3, at(shared_at), 0});
  made.put(cpu_at,
           {2 | 16UL << 32, 0, at(object(full, 1)), at(object(partial, 3))});
  made.put(cpu_at + 0x100, {0, 0});
  made.put(shared_at, {1 | 8UL << 32, 0, at(object(full, 0))});
  return made;
}

struct Opened {
  explicit Opened(const WordImage& from)
      : kernel(from), slabs(SlabAllocator::open(kernel).value()) {}

  SlabInventory inventory() const {
    return slabs->inventory(*slabs->cache(Address{at(cache_at)}));
  }
  std::string problems() const {
    SlabInventory found = inventory();
    std::string text;
    for (const Error& problem : found.problems)
      text += problem.message() + "\n";
    for (const Error& problem : slabs->list_problems(found))
      text += problem.message() + "\n";
    return text;
  }
  std::string states(std::uint64_t memory) const {
    auto slab = slabs->slab_of(Address{at(memory)});
    std::string text;
    for (const SlabObject& one : slabs->contents(inventory(), *slab).objects) {
      text += !one.is_free ? "a" : one.kept ? "k" : "f";
    }
    return text;
  }

  ArrayKernel kernel;
  std::unique_ptr<SlabAllocator> slabs;
};

std::string slab_text(std::uint64_t memory) {
  return fmt::format("one: slab {:x}: ", at(slab_of(memory)));
}

TEST(SlabArrays, CountWhatIsFreeAnywhere) {
  Opened opened(image());
  EXPECT_EQ(opened.problems(), "");
  SlabInventory found = opened.inventory();
  EXPECT_EQ(found.slabs().value_or(0), 3U);
  EXPECT_EQ(found.objects().value_or(0), 12U);
  // 2 + 4 on lists, 2 in the CPU's array, 1 in the node's.
  EXPECT_EQ(found.allocated().value_or(0), 3U);
  EXPECT_EQ(opened.states(full), "kkaa");
  EXPECT_EQ(opened.states(partial), "affk");
  EXPECT_EQ(opened.states(unused), "ffff");
  auto place =
      slab_place(*opened.slabs, Address{at(object(partial, 1) + 0x2ff)});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->index, 1U);
}

TEST(SlabArrays, TellOfNumbersThatAreNone) {
  WordImage stranger = image();
  stranger.put(partial, {0x07'02'03'00});
  EXPECT_EQ(Opened(stranger).problems(),
            slab_text(partial) + "free object 7 of 4\n");
  WordImage twice = image();
  twice.put(unused, {0x03'01'01'00});
  EXPECT_EQ(Opened(twice).problems(),
            slab_text(unused) + "object 1 is free twice\n");
}

TEST(SlabArrays, TellOfSlabsOnTheWrongList) {
  WordImage wrong = image();
  wrong.put(slab_of(full) + 48, {3});
  wrong.put(full, {0x02'00'00'00});
  EXPECT_EQ(Opened(wrong).problems(),
            slab_text(full) + "on the full list with 3 objects of 4 in use\n");
}

TEST(SlabArrays, TellOfArraysThatCannotBe) {
  WordImage endless = image();
  endless.put(cpu_at, {0xffffffff});
  EXPECT_EQ(Opened(endless).problems(),
            "one: array array: 4294967295 objects\n");
  WordImage stranger = image();
  stranger.put(shared_at + 16, {at(object(full, 0) + 1)});
  EXPECT_EQ(Opened(stranger).problems(),
            fmt::format("one: shared objects at {:x}: {:x} is none of them\n",
                        at(shared_at), at(object(full, 0) + 1)));
}

TEST(SlabAllocators, RefuseWhatTheyAreNot) {
  class Slob : public test::TestKernel {
   public:
    Slob() : TestKernel("@0x0 u64 0\n", {{"free_slob_small", 0}}) {}
  };
  auto slob = SlabAllocator::open(Slob());
  ASSERT_FALSE(slob);
  EXPECT_NE(slob.error().message().find("SLOB"), std::string::npos);
  test::TestKernel none("@0x0 u64 0\n", {});
  EXPECT_FALSE(SlabAllocator::open(none));
  test::TestKernel other("@0x0 u64 0\n", {});
  other.source->structure(
      "kmem_cache", 8,
      {member("size", other.types().c_type("unsigned long"), 0)});
  EXPECT_FALSE(SlabAllocator::open(other));
}

}  // namespace
}  // namespace inquest
