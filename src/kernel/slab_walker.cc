// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/slab_walker.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

void keep(std::vector<KeptObject>& all, const std::vector<ObjectStore>& stores,
          std::optional<unsigned> cpu) {
  for (const ObjectStore& store : stores) {
    for (Address at : store.objects)
      all.push_back({at, cpu, store.kind});
  }
}

}  // namespace

// Without the tag that KASAN has in the top byte of kernel pointers (arm64).
Address untagged(std::uint64_t pointer) {
  constexpr std::uint64_t is_kernel = std::uint64_t{1} << 55;
  constexpr std::uint64_t tag = std::uint64_t{0xff} << 56;
  return {(pointer & is_kernel) != 0 ? pointer | tag : pointer};
}

// The number of the object of |slab| that begins at |at|.
std::optional<std::uint64_t> index_of(const SlabCache& cache, const Slab& slab,
                                      Address at) {
  std::uint64_t distance = at - (slab.first + cache.padding);
  if (at < slab.first || distance % cache.size != 0) return std::nullopt;
  std::uint64_t index = distance / cache.size;
  return index < slab.objects ? std::optional(index) : std::nullopt;
}

Error problem_of(const SlabCache& cache, std::string_view where,
                 const Error& why) {
  return {why.kind(),
          fmt::format("{}: {}: {}", cache.label(), where, why.message()),
          why.address()};
}

Error slab_error(const SlabCache& cache, const Slab& slab,
                 std::string_view text) {
  return {ErrorKind::corrupt,
          fmt::format("{}: slab {:x}: {}", cache.label(), slab.at.value, text),
          slab.at.value};
}

void collect_kept(SlabInventory& inventory) {
  auto& all = inventory.kept;
  for (const CpuSlabs& cpu : inventory.cpus) {
    for (Address at : cpu.free)
      all.push_back({at, cpu.cpu, ObjectStore::Kind::array});
    keep(all, cpu.stores, cpu.cpu);
  }
  for (const NodeSlabs& node : inventory.nodes)
    keep(all, node.stores, std::nullopt);
  std::ranges::stable_sort(all, {}, &KeptObject::at);
  auto is_same = [](const KeptObject& one, const KeptObject& other) {
    return one.at == other.at;
  };
  auto twice = std::adjacent_find(all.begin(), all.end(), is_same);
  while (twice != all.end()) {
    inventory.problems.emplace_back(
        ErrorKind::corrupt,
        fmt::format("{}: object {:x} is free twice", inventory.cache.label(),
                    twice->at.value),
        twice->at.value);
    twice = std::adjacent_find(twice + 1, all.end(), is_same);
  }
  all.erase(std::unique(all.begin(), all.end(), is_same), all.end());
}

SlabContents slab_objects(const SlabInventory& inventory, const Slab& slab,
                          const std::vector<bool>& is_free) {
  const SlabCache& cache = inventory.cache;
  SlabContents contents;
  contents.objects.reserve(slab.objects);
  auto kept =
      std::ranges::lower_bound(inventory.kept, slab.first, {}, &KeptObject::at);
  for (std::uint64_t i = 0; i < slab.objects; ++i) {
    SlabObject object{.at = slab.first + i * cache.size + cache.padding,
                      .index = i,
                      .is_free = is_free[i]};
    while (kept != inventory.kept.end() && kept->at < object.at)
      ++kept;
    if (kept != inventory.kept.end() && kept->at == object.at) {
      if (object.is_free) {
        contents.problems.push_back(slab_error(
            cache, slab,
            fmt::format("object {:x} is free twice", object.at.value)));
      }
      object.is_free = true;
      object.kept = *kept;
    }
    contents.objects.push_back(object);
  }
  return contents;
}

// ---- The walker ----

SlabWalker::SlabWalker(const Kernel& kernel, SlabPages pages)
    : SlabAllocator(kernel, std::move(pages)) {
  if (auto found = memory_nodes(kernel)) nodes_ = *found;
}

std::vector<unsigned> SlabWalker::nodes() const {
  if (nodes_.empty()) return {0};
  std::vector<unsigned> numbers;
  for (const MemoryNode& node : nodes_)
    numbers.push_back(node.number);
  return numbers;
}

unsigned SlabWalker::node_of(Address memory) const {
  if (nodes_.size() < 2) return nodes_.empty() ? 0 : nodes_.front().number;
  auto at = kernel().memory().to_physical(memory);
  if (!at) return nodes_.front().number;
  std::uint64_t frame = at->value / kernel().page_size();
  for (const MemoryNode& node : nodes_) {
    if (frame - node.first_frame < node.spanned) return node.number;
  }
  return nodes_.front().number;
}

std::optional<Slab> SlabWalker::checked(const SlabCache& cache, Address at,
                                        std::string_view where,
                                        Problems& problems) const {
  auto slab = this->slab(at);
  if (!slab) {
    problems.push_back(problem_of(
        cache, where,
        slab.error().kind() == ErrorKind::not_found
            ? Error(ErrorKind::corrupt,
                    fmt::format("{:x} is no slab", at.value), at.value)
            : slab.error()));
    return std::nullopt;
  }
  auto tell = [&](std::string_view text) {
    problems.push_back(
        slab_error(cache, *slab, fmt::format("on {}, {}", where, text)));
    return std::nullopt;
  };
  if (slab->cache != cache.at) {
    auto other = this->cache(slab->cache);
    return tell(other ? "belongs to " + other->label()
                      : "belongs to no slab cache");
  }
  if (slab->objects == 0 || slab->objects > cache.per_slab) {
    return tell(fmt::format("has {} objects, where {} have room", slab->objects,
                            cache.per_slab));
  }
  if (slab->in_use > slab->objects) {
    return tell(fmt::format("has {} objects in use of {}", slab->in_use,
                            slab->objects));
  }
  return *slab;
}

std::vector<Slab> SlabWalker::slabs_on(const SlabCache& cache,
                                       const Chain& chain,
                                       Problems& problems) const {
  std::vector<Slab> found;
  CycleCheck check;
  Address link = chain.first;
  while (link != chain.end && !interrupted()) {
    if (link.value == 0) {
      problems.push_back(
          problem_of(cache, chain.where,
                     Error(ErrorKind::corrupt, "ends in a null pointer")));
      break;
    }
    if (check.is_repeated(link.value)) {
      problems.push_back(problem_of(
          cache, chain.where,
          Error(ErrorKind::corrupt,
                fmt::format("comes back to {:x}", link.value), link.value)));
      break;
    }
    Address at = chain.is_embedded ? link - chain.distance : link;
    auto slab = checked(cache, at, chain.where, problems);
    auto onwards = kernel().memory().u64(at + chain.distance);
    if (slab) found.push_back(*slab);
    // What is no slab of this cache leads into nowhere.
    if (!slab || !onwards) break;
    link = untagged(*onwards);
  }
  return found;
}

std::vector<Address> SlabWalker::pointers(Address first, std::uint64_t count,
                                          const SlabCache& cache,
                                          Problems& problems) const {
  unsigned word = kernel().arch().pointer_size();
  std::vector<Address> found;
  for (std::uint64_t i = 0; i < count && !interrupted(); ++i) {
    auto pointer = kernel().memory().load(first + i * word, word);
    if (!pointer) {
      problems.push_back(problem_of(
          cache, fmt::format("objects at {:x}", first.value), pointer.error()));
      break;
    }
    found.push_back(untagged(*pointer));
  }
  return found;
}

void SlabWalker::drop_strangers(const SlabCache& cache, ObjectStore& store,
                                Problems& problems) const {
  auto is_stranger = [&](Address at) {
    auto slab = slab_of(at);
    if (slab && slab->cache == cache.at && index_of(cache, *slab, at)) {
      return false;
    }
    problems.emplace_back(
        ErrorKind::corrupt,
        fmt::format("{}: {} objects at {:x}: {:x} is none of them",
                    cache.label(), store_name(store.kind), store.at.value,
                    at.value),
        at.value);
    return true;
  };
  std::erase_if(store.objects, is_stranger);
}

}  // namespace inquest
