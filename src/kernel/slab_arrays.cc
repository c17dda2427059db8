// SPDX-License-Identifier: GPL-3.0-or-later
//
// A slab has an array of the numbers of its objects: those from "active" on are
// free. It lies in the slab, in one of its free objects, or elsewhere. Slabs
// are on one of their node's three lists: full, partial, free.
//
// Objects that were freed wait in arrays until there are enough of them: of
// each CPU, of all CPUs of a node ("shared"), and of a node for each other node
// ("alien").

#include "kernel/slab_arrays.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/slab_walker.h"
#include "types/member_reader.h"

namespace inquest {
namespace {

using Kind = ObjectStore::Kind;

class SlabArrays : public SlabWalker {
 public:
  // slab_list was lru until 4.18 (50e7fbc3bf6a).
  SlabArrays(const Kernel& kernel, SlabPages pages, const Type& slab)
      : SlabWalker(kernel, std::move(pages)),
        slab_(slab,
              {"slab_cache", "freelist", "active", "s_mem",
               has_member(slab, "slab_list") ? "slab_list.next" : "lru.next"}) {
    if (auto type = kernel.type("freelist_idx_t")) {
      number_size_ = static_cast<unsigned>((*type)->size());
    }
  }

  Result<void> prepare() const;
  Result<SlabCache> cache(Address at) const override;
  SlabInventory inventory(const SlabCache& cache) const override;
  SlabContents contents(const SlabInventory& inventory,
                        const Slab& slab) const override;

 protected:
  Result<Slab> slab(Address at) const override;

 private:
  enum Part { slab_cache, freelist, active, s_mem, list_next, parts };

  void read_array(const Object& array, Kind kind, const SlabCache& cache,
                  std::vector<ObjectStore>& to, Problems& problems) const;
  void read_cpus(const Object& from, SlabInventory& inventory) const;
  void read_aliens(const Object& node, const SlabCache& cache, NodeSlabs& to,
                   Problems& problems) const;
  void read_node(const Object& node, const SlabCache& cache, NodeSlabs& to,
                 Problems& problems) const;

  MemberReader slab_;
  unsigned number_size_ = 1;  // of an object's number
};

Result<void> SlabArrays::prepare() const {
  for (Part part : {slab_cache, freelist, active, s_mem, list_next}) {
    if (!slab_.has(part)) {
      return Error(ErrorKind::unsupported,
                   fmt::format("struct {} has no array of free objects",
                               pages().structure()));
    }
  }
  return {};
}

// ---- Caches and slabs ----

Result<SlabCache> SlabArrays::cache(Address at) const {
  constexpr std::uint64_t largest_order = 20;
  Object from = kernel().object("kmem_cache", at);
  std::uint64_t order = TRY(from["gfporder"].to_unsigned());
  SlabCache found{.at = at,
                  .name = from["name"].to_string(),
                  .object_size = TRY(from["object_size"].to_unsigned()),
                  .size = TRY(from["size"].to_unsigned()),
                  .slab_size = kernel().page_size() << (order % 32),
                  .per_slab = TRY(from["num"].to_unsigned()),
                  .flags = from["flags"].to_unsigned().value_or(0)};
  // CONFIG_DEBUG_SLAB puts marks before each object.
  if (from.has_member("obj_offset")) {
    found.padding = TRY(from["obj_offset"].to_unsigned());
  }
  std::uint64_t room = order > largest_order ? 0 : found.slab_size;
  if (found.size == 0 || found.per_slab == 0 ||
      found.per_slab > room / found.size || found.padding >= found.size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{:x} is no slab cache", at.value), at.value);
  }
  return found;
}

Result<Slab> SlabArrays::slab(Address at) const {
  std::array<std::uint64_t, parts> values;
  TRY(slab_.read(kernel().memory(), at, values));
  Slab found{.at = at,
             .memory = TRY(pages().memory(at)),
             .cache = untagged(values[slab_cache]),
             .first = untagged(values[s_mem]),
             .freelist = untagged(values[freelist]),
             .in_use = values[active]};
  found.node = node_of(found.memory);
  Object cache = kernel().object("kmem_cache", found.cache);
  found.objects = cache["num"].to_unsigned().value_or(0);
  return found;
}

SlabContents SlabArrays::contents(const SlabInventory& inventory,
                                  const Slab& slab) const {
  Problems problems;
  std::vector<bool> is_free(slab.objects);
  for (std::uint64_t i = slab.in_use; i < slab.objects; ++i) {
    auto number =
        kernel().memory().load(slab.freelist + i * number_size_, number_size_);
    if (!number) {
      problems.push_back(
          slab_error(inventory.cache, slab,
                     "its array of free objects: " + number.error().message()));
      break;
    }
    if (*number >= slab.objects) {
      problems.push_back(slab_error(
          inventory.cache, slab,
          fmt::format("free object {} of {}", *number, slab.objects)));
    } else if (is_free[*number]) {
      problems.push_back(
          slab_error(inventory.cache, slab,
                     fmt::format("object {} is free twice", *number)));
    } else {
      is_free[*number] = true;
    }
  }
  SlabContents contents = slab_objects(inventory, slab, is_free);
  contents.problems.insert(contents.problems.begin(), problems.begin(),
                           problems.end());
  return contents;
}

// ---- Arrays ----

// |array|: a struct array_cache.
void SlabArrays::read_array(const Object& array, Kind kind,
                            const SlabCache& cache,
                            std::vector<ObjectStore>& to,
                            Problems& problems) const {
  constexpr std::uint64_t most = 1 << 16;
  auto count = array["avail"].to_unsigned();
  auto limit = array["limit"].to_unsigned();
  Object first = array["entry"];
  std::string where = fmt::format("{} array", store_name(kind));
  if (!count || first.fault() != nullptr) {
    problems.push_back(
        problem_of(cache, where, count ? *first.fault() : count.error()));
    return;
  }
  if (*count > most) {
    problems.push_back(problem_of(
        cache, where,
        Error(ErrorKind::corrupt, fmt::format("{} objects", *count))));
    return;
  }
  ObjectStore store{kind, array.address(), limit.value_or(0)};
  store.objects = pointers(first.address(), *count, cache, problems);
  drop_strangers(cache, store, problems);
  to.push_back(std::move(store));
}

void SlabArrays::read_cpus(const Object& from, SlabInventory& inventory) const {
  Object arrays = from["cpu_cache"];
  auto at = arrays.to_address();
  const Type* type = at ? arrays.type().stripped().target() : nullptr;
  for (unsigned number : kernel().possible_cpus()) {
    if (interrupted() || type == nullptr || at->value == 0) return;
    auto own = kernel().per_cpu_address(*at, number);
    if (!own) {
      inventory.problems.push_back(problem_of(
          inventory.cache, fmt::format("CPU {}", number), own.error()));
      continue;
    }
    CpuSlabs cpu{.cpu = number, .structure = "array_cache", .at = *own};
    read_array(Object(kernel().memory(), *type, *own), Kind::array,
               inventory.cache, cpu.stores, inventory.problems);
    inventory.cpus.push_back(std::move(cpu));
  }
}

// ---- Nodes ----

void SlabArrays::read_aliens(const Object& node, const SlabCache& cache,
                             NodeSlabs& to, Problems& problems) const {
  Object aliens = node["alien"];
  auto at = aliens.to_address();
  if (!at || at->value == 0) return;
  for (unsigned other : nodes()) {
    Object alien = aliens.at(other);
    auto alien_at = alien.to_address();
    if (!alien_at || alien_at->value == 0) continue;
    read_array(alien["ac"], Kind::alien, cache, to.stores, problems);
  }
}

// total_slabs is there since 4.10 (f728b0a5d72a).
void SlabArrays::read_node(const Object& node, const SlabCache& cache,
                           NodeSlabs& to, Problems& problems) const {
  auto read = [&](std::string_view member) {
    Object head = node[member];
    std::string where = fmt::format("node {}'s {} list", to.node,
                                    member.substr(member.find('_') + 1));
    auto first = head["next"].to_address();
    if (!first) {
      problems.push_back(problem_of(cache, where, first.error()));
      return std::vector<Slab>();
    }
    return slabs_on(cache,
                    {.where = where,
                     .first = *first,
                     .end = head.address(),
                     .distance = slab_.offset(list_next),
                     .is_embedded = true},
                    problems);
  };
  auto check = [&](const std::vector<Slab>& slabs, std::string_view list,
                   auto&& is_right) {
    for (const Slab& slab : slabs) {
      if (is_right(slab)) continue;
      problems.push_back(
          slab_error(cache, slab,
                     fmt::format("on the {} list with {} objects of {} in use",
                                 list, slab.in_use, slab.objects)));
    }
  };
  to.has_full = to.is_sorted = true;
  to.partial = read("slabs_partial");
  to.full = read("slabs_full");
  to.empty = read("slabs_free");
  check(to.full, "full",
        [](const Slab& slab) { return slab.in_use == slab.objects; });
  check(to.partial, "partial", [](const Slab& slab) {
    return slab.in_use != 0 && slab.in_use < slab.objects;
  });
  check(to.empty, "free", [](const Slab& slab) { return slab.in_use == 0; });
  to.slabs = node.has_member("total_slabs")
                 ? node["total_slabs"].to_unsigned()
                 : to.partial.size() + to.full.size() + to.empty.size();
  to.objects = to.slabs ? Result<std::uint64_t>(*to.slabs * cache.per_slab)
                        : to.slabs.error();
}

SlabInventory SlabArrays::inventory(const SlabCache& cache) const {
  SlabInventory found{cache};
  Object from = kernel().object("kmem_cache", cache.at);
  read_cpus(from, found);
  for (unsigned number : nodes()) {
    Object pointer = from["node"].at(number);
    auto at = pointer.to_address();
    if (!at) {
      found.problems.push_back(
          problem_of(cache, fmt::format("node {}", number), at.error()));
      continue;
    }
    if (at->value == 0) continue;
    Object node = pointer.dereference();
    NodeSlabs to{number, *at, std::uint64_t{0}, std::uint64_t{0}};
    read_node(node, cache, to, found.problems);
    auto shared = node["shared"].to_address();
    if (shared && shared->value != 0) {
      read_array(node["shared"].dereference(), Kind::shared, cache, to.stores,
                 found.problems);
    }
    read_aliens(node, cache, to, found.problems);
    found.nodes.push_back(std::move(to));
  }
  collect_kept(found);
  return found;
}

}  // namespace

Result<std::unique_ptr<SlabAllocator>> open_slab_arrays(const Kernel& kernel) {
  SlabPages pages = TRY(SlabPages::open(kernel));
  const Type* type = TRY(kernel.structure(pages.structure()));
  auto slabs = std::make_unique<SlabArrays>(kernel, pages, *type);
  TRY(slabs->prepare());
  return std::unique_ptr<SlabAllocator>(std::move(slabs));
}

}  // namespace inquest
