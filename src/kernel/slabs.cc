// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/slabs.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "kernel/kfence.h"
#include "kernel/list.h"
#include "kernel/slab_arrays.h"
#include "kernel/slub.h"

namespace inquest {
namespace {

// Adds the numbers of all nodes; the first that is unknown is the answer.
Result<std::uint64_t> sum(const std::vector<NodeSlabs>& nodes,
                          Result<std::uint64_t> NodeSlabs::*number) {
  std::uint64_t all = 0;
  for (const NodeSlabs& node : nodes)
    all += TRY(node.*number);
  return all;
}

std::uint64_t free_of(const std::vector<Slab>& slabs) {
  std::uint64_t free = 0;
  for (const Slab& slab : slabs)
    free += slab.objects - std::min(slab.objects, slab.in_use);
  return free;
}

}  // namespace

std::string SlabCache::label() const {
  if (name && !name->empty()) return *name;
  return fmt::format("cache {:x}", at.value);
}

std::string_view store_name(ObjectStore::Kind kind) {
  switch (kind) {
    case ObjectStore::Kind::array:
      return "array";
    case ObjectStore::Kind::main:
      return "main";
    case ObjectStore::Kind::spare:
      return "spare";
    case ObjectStore::Kind::rcu:
      return "rcu_free";
    case ObjectStore::Kind::shared:
      return "shared";
    case ObjectStore::Kind::alien:
      return "alien";
    case ObjectStore::Kind::full:
      return "full";
    case ObjectStore::Kind::empty:
      return "empty";
  }
  return "";
}

// ---- An inventory ----

Result<std::uint64_t> SlabInventory::slabs() const {
  return sum(nodes, &NodeSlabs::slabs);
}

Result<std::uint64_t> SlabInventory::objects() const {
  return sum(nodes, &NodeSlabs::objects);
}

Result<std::uint64_t> SlabInventory::allocated() const {
  std::uint64_t all = TRY(objects());
  std::uint64_t free = kept.size();
  for (const CpuSlabs& cpu : cpus) {
    free += free_of(cpu.partial);
    if (cpu.own) free += free_of({*cpu.own});
  }
  for (const NodeSlabs& node : nodes)
    free += free_of(node.partial) + free_of(node.empty);
  if (free <= all) return all - free;
  return Error(ErrorKind::corrupt,
               fmt::format("{} objects of {} are free", free, all));
}

std::uint64_t SlabInventory::free_in(const Slab& slab) const {
  auto first = std::ranges::lower_bound(kept, slab.first, {}, &KeptObject::at);
  auto last = std::ranges::lower_bound(
      kept, slab.first + slab.objects * cache.size, {}, &KeptObject::at);
  std::uint64_t free = slab.objects - std::min(slab.objects, slab.in_use);
  return free + static_cast<std::uint64_t>(last - first);
}

std::optional<unsigned> SlabInventory::owner(const Slab& slab) const {
  for (const CpuSlabs& cpu : cpus) {
    if (cpu.own && cpu.own->at == slab.at) return cpu.cpu;
  }
  return std::nullopt;
}

// ---- The allocator ----

Result<std::unique_ptr<SlabAllocator>> SlabAllocator::open(
    const Kernel& kernel) {
  if (kernel.has_symbol("free_slob_small")) {
    return Error(ErrorKind::unsupported,
                 "this kernel's allocator is SLOB, which keeps no slabs");
  }
  const Type* cache = TRY(kernel.structure("kmem_cache"));
  if (has_member(*cache, "oo")) return open_slub(kernel);
  if (has_member(*cache, "gfporder")) return open_slab_arrays(kernel);
  return Error(ErrorKind::unsupported,
               "struct kmem_cache is neither SLUB's nor SLAB's");
}

SlabAllocator::Caches SlabAllocator::caches() const {
  Caches found;
  Object head = kernel_.variable("slab_caches", "struct list_head");
  for (const Object& cache :
       list_entries(head, kernel_.structure("kmem_cache"), "list")) {
    if (cache.fault() != nullptr) {
      found.fault = *cache.fault();
    } else {
      found.all.push_back(cache.address());
    }
  }
  return found;
}

Result<std::string> SlabAllocator::name(Address cache) const {
  return kernel_.object("kmem_cache", cache)["name"].to_string();
}

// memcg_params of a cache: root caches were listed from 4.11 (510ded33e075) to
// 5.8 (272911a4ad18).
Result<std::vector<Address>> SlabAllocator::root_caches() const {
  if (!kernel_.has_symbol("slab_root_caches")) {
    return Error(ErrorKind::unsupported,
                 "this kernel has no slab_root_caches: none of its caches has "
                 "children");
  }
  Object head = kernel_.variable("slab_root_caches", "struct list_head");
  std::vector<Address> found;
  for (const Object& cache : list_entries(head, kernel_.structure("kmem_cache"),
                                          "memcg_params.__root_caches_node")) {
    if (cache.fault() != nullptr) return *cache.fault();
    found.push_back(cache.address());
  }
  return found;
}

std::vector<Address> SlabAllocator::child_caches(Address root) const {
  Object head = kernel_.object("kmem_cache", root)["memcg_params.children"];
  std::vector<Address> found;
  for (const Object& cache : list_entries(head, kernel_.structure("kmem_cache"),
                                          "memcg_params.children_node")) {
    if (cache.fault() == nullptr) found.push_back(cache.address());
  }
  return found;
}

std::vector<Error> SlabAllocator::list_problems(
    const SlabInventory& inventory) const {
  constexpr std::size_t at_once = 256;
  std::vector<const Slab*> all;
  auto add = [&](const std::vector<Slab>& slabs) {
    for (const Slab& slab : slabs)
      all.push_back(&slab);
  };
  for (const CpuSlabs& cpu : inventory.cpus) {
    if (cpu.own) all.push_back(&*cpu.own);
    add(cpu.partial);
  }
  for (const NodeSlabs& node : inventory.nodes) {
    add(node.partial);
    add(node.full);
    add(node.empty);
  }
  std::vector<std::vector<Error>> found(all.size() / at_once + 1);
  in_parallel(all.size(), at_once, [&](std::size_t first, std::size_t last) {
    auto& mine = found[first / at_once];
    for (std::size_t i = first; i < last && !interrupted(); ++i) {
      auto more = contents(inventory, *all[i]).problems;
      mine.insert(mine.end(), more.begin(), more.end());
    }
  });
  std::vector<Error> problems;
  for (const auto& part : found)
    problems.insert(problems.end(), part.begin(), part.end());
  return problems;
}

Result<Slab> SlabAllocator::slab_of(Address at) const {
  return slab(TRY(pages_.slab_of(at)));
}

Result<SlabPlace> slab_place(const SlabAllocator& slabs, Address at) {
  if (auto guarded = kfence_object(slabs.kernel(), at)) {
    return Error(
        ErrorKind::unsupported,
        fmt::format("{:x} lies in no slab: KFENCE has {} bytes of {} at {:x}, "
                    "{}",
                    at.value, guarded->size, guarded->cache.value_or("a cache"),
                    guarded->at.value, guarded->state));
  }
  Slab slab = TRY(slabs.slab_of(at));
  SlabCache cache = TRY(slabs.cache(slab.cache));
  std::uint64_t counted = slab.objects;
  slab.objects = std::min(counted, cache.per_slab);
  SlabInventory inventory = slabs.inventory(cache);
  SlabContents contents = slabs.contents(inventory, slab);
  SlabPlace place{std::move(inventory), slab, std::move(contents.objects), 0,
                  std::move(contents.problems)};
  if (counted > cache.per_slab) {
    place.problems.emplace_back(
        ErrorKind::corrupt,
        fmt::format("{}: slab {:x}: has {} objects, where {} have room",
                    cache.label(), slab.at.value, counted, cache.per_slab),
        slab.at.value);
  }
  place.index =
      at >= slab.first ? (at - slab.first) / cache.size : place.objects.size();
  return place;
}

}  // namespace inquest
