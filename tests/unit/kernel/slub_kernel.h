// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel with slab caches, made of words that a test changes.

#pragma once

#include <map>

#include "kernel/slabs.h"
#include "unit/kernel/test_kernel.h"

namespace inquest::test {

constexpr std::uint64_t slab_base = TestKernel::base;

// Physical memory by word.
class WordImage {
 public:
  void put(std::uint64_t at, const std::vector<std::uint64_t>& values) {
    for (std::uint64_t value : values) {
      words_[at] = value;
      at += 8;
    }
  }
  // The page is not in the dump.
  void drop(std::uint64_t page) {
    std::erase_if(words_,
                  [&](const auto& word) { return word.first - page < 4096; });
  }
  std::string text() const {
    std::string all;
    for (const auto& [at, value] : words_)
      all += words(at, {value});
    return all;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> words_;
};

// Where things are, physically.
constexpr std::uint64_t cache_at = 0x1000, cpu_at = 0x2000, node_at = 0x3000,
                        name_at = 0x4000, map_at = 0x10000, caches_at = 0x10;
// What lies at a physical address, as the kernel points to it.
constexpr std::uint64_t at(std::uint64_t physical) {
  return slab_base + physical;
}
// struct slab of a slab at a physical address.
constexpr std::uint64_t slab_of(std::uint64_t memory) {
  return map_at + memory / 4096 * 64;
}

class SlabKernel : public TestKernel {
 public:
  using Symbols = std::map<std::string, std::uint64_t>;

  explicit SlabKernel(const WordImage& image, Symbols more = {})
      : TestKernel(image.text(), with_lists(std::move(more))) {
    layout_.windows = {
        {Address{slab_base}, std::uint64_t{1} << 40, PhysAddress{0}}};
    // A structure that points to itself.
    list_.kind = TypeKind::structure;
    list_.name = "list_head";
    list_.byte_size = 16;
    links_ = {member("next", pointer(list_), 0),
              member("prev", pointer(list_), 8)};
    source->structure("list_head", 16, links_);
    source->structure(
        "page", 64,
        {member("flags", word(), 0), member("compound_head", word(), 8)});
    source->enumeration("pageflags", {{"PG_slab", 9}});
  }
  const KernelLayout& layout() const override { return layout_; }
  std::vector<unsigned> possible_cpus() const override { return {0, 1}; }
  Result<Address> per_cpu_address(Address template_at,
                                  unsigned cpu) const override {
    constexpr std::uint64_t step = 0x100;
    return template_at + cpu * step;
  }

 protected:
  const Type& word() { return types().c_type("unsigned long"); }
  const Type& half() { return types().c_type("unsigned int"); }
  const Type& list() const { return list_; }
  const Type& pointer(const Type& to) { return types().pointer_to(to); }
  const Type& text() { return pointer(types().c_type("char")); }
  const Type& counter() {
    return source->structure("", 8, {member("counter", word(), 0)});
  }

 private:
  KernelLayout layout_;
  static Symbols with_lists(Symbols more) {
    more.insert({{"mem_map", 0}, {"slab_caches", caches_at}});
    return more;
  }

  std::vector<Member> links_;
  Type list_{
      [this](const Type& /*self*/, TypeBody& body) { body.members = links_; }};
};

// What SLUB has had since 5.17, without CONFIG_SLUB_DEBUG's list if asked so.
class SlubKernel : public SlabKernel {
 public:
  struct Options {
    bool has_key = true;  // CONFIG_SLAB_FREELIST_HARDENED
    bool has_cpu_slabs = true;
    bool has_sheaves = false;
  };

  SlubKernel(const WordImage& image, Options options, Symbols more = {})
      : SlabKernel(image, std::move(more)) {
    const Type& slab = source->structure(
        "slab", 64,
        {member("flags", word(), 0), member("slab_cache", word(), 8),
         member("next", word(), 16), member("slab_list", list(), 16),
         member("freelist", word(), 32), member("inuse", half(), 40, 0, 16),
         member("objects", half(), 40, 16, 15),
         member("frozen", half(), 40, 31, 1)});
    const Type& cpu = source->structure(
        "kmem_cache_cpu", 32,
        {member("freelist", word(), 0), member("slab", pointer(slab), 8),
         member("partial", pointer(slab), 16)});
    const Type& node = source->structure(
        "kmem_cache_node", 64,
        {member("nr_partial", word(), 0), member("partial", list(), 8),
         member("nr_slabs", counter(), 24),
         member("total_objects", counter(), 32), member("full", list(), 40)});
    std::vector<Member> members = {
        member("flags", word(), 8),
        member("size", half(), 16),
        member("object_size", half(), 20),
        member("offset", half(), 24),
        member("red_left_pad", half(), 28),
        member("oo", source->structure("", 4, {member("x", half(), 0)}), 32),
        member("sheaf_capacity", half(), 36),
        member("name", text(), 40),
        member("list", list(), 48)};
    if (options.has_key) members.push_back(member("random", word(), 64));
    if (options.has_cpu_slabs) {
      members.push_back(member("cpu_slab", pointer(cpu), 0));
      members.push_back(member("node", types().array_of(pointer(node), 2), 72));
    }
    if (options.has_sheaves) add_sheaves(members, node);
    source->structure("kmem_cache", 128, std::move(members));
  }

 private:
  // 7.1: sheaves only, barns beside nodes.
  void add_sheaves(std::vector<Member>& members, const Type& node) {
    const Type& sheaf = source->structure(
        "slab_sheaf", 32,
        {member("barn_list", list(), 0), member("size", half(), 24),
         member("objects", source->flexible(word()), 32)});
    const Type& own = source->structure(
        "slub_percpu_sheaves", 32,
        {member("main", pointer(sheaf), 8), member("spare", pointer(sheaf), 16),
         member("rcu_free", pointer(sheaf), 24)});
    const Type& barn = source->structure("node_barn", 40,
                                         {member("sheaves_full", list(), 8),
                                          member("sheaves_empty", list(), 24)});
    const Type& pair = source->structure(
        "kmem_cache_per_node_ptrs", 16,
        {member("barn", pointer(barn), 0), member("node", pointer(node), 8)});
    members.push_back(member("cpu_sheaves", pointer(own), 0));
    members.push_back(member("per_node", types().array_of(pair, 2), 72));
  }
};

}  // namespace inquest::test
