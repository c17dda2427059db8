// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each slab links its free objects through themselves, at kmem_cache.offset. A
// link is the next object's address; with CONFIG_SLAB_FREELIST_HARDENED it is
// XORed with kmem_cache.random and with the address where it lies, whose bytes
// are turned round since 5.7 (1ad53d9fa3f6; in stable kernels too, so that we
// have to try). "inuse" counts the objects that are not on this list.
//
// kmem_cache_cpu (gone in 7.0): a CPU takes a whole slab for its own, with its
// list, whose objects then all count as in use; what others free comes back to
// the slab's list. Slabs that it was about to use wait on its "partial" list,
// linked through slab.next, until a node's list of partial slabs takes them.
//
// slub_percpu_sheaves (6.18 on): arrays of objects, "main" to take from and
// give to, "spare", and "rcu_free" for what must wait for all readers. A node's
// barn has more of them, full and empty ones. Until 7.1 the barn hangs on
// kmem_cache_node, then beside it in kmem_cache.per_node.
//
// Full slabs are on a list only while their users are tracked
// (SLAB_STORE_USER): else a node just counts all of its slabs.

#include "kernel/slub.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/slab_walker.h"
#include "types/member_reader.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_in_sheaf = 1 << 16;

// How a link is stored.
enum class Coding { plain, mixed, swapped };

std::uint64_t decoded(Coding coding, const SlabCache& cache,
                      std::uint64_t stored, Address place) {
  switch (coding) {
    case Coding::plain:
      return stored;
    case Coding::mixed:
      return stored ^ cache.link_key ^ place.value;
    case Coding::swapped:
      return stored ^ cache.link_key ^ __builtin_bswap64(place.value);
  }
  return stored;
}

class Slub : public SlabWalker {
 public:
  Slub(const Kernel& kernel, SlabPages pages, const Type& slab)
      : SlabWalker(kernel, std::move(pages)),
        slab_(slab, {"slab_cache", "freelist", "inuse", "objects", "next",
                     "slab_list.next"}) {}

  Result<void> prepare();
  Result<SlabCache> cache(Address at) const override;
  SlabInventory inventory(const SlabCache& cache) const override;
  SlabContents contents(const SlabInventory& inventory,
                        const Slab& slab) const override;

 protected:
  Result<Slab> slab(Address at) const override;

 private:
  enum Part { slab_cache, freelist, inuse, objects, next, list_next, parts };

  std::optional<Coding> coding_of(const SlabCache& cache, Address slab,
                                  Address object) const;
  std::optional<Coding> coding_of_cpus(const SlabCache& cache) const;
  std::optional<Coding> coding_of_nodes(const SlabCache& cache) const;
  // The objects on a list of free ones, as far as it makes sense.
  std::vector<Address> free_list(const SlabCache& cache, const Slab& slab,
                                 Address first, Problems& problems) const;

  Object in_cpu(const Object& cache, std::string_view member,
                unsigned cpu) const;
  void read_cpu(const Object& from, const SlabCache& cache, CpuSlabs& cpu,
                Problems& problems) const;
  void read_sheaf(const Object& pointer, ObjectStore::Kind kind,
                  const SlabCache& cache, std::vector<ObjectStore>& to,
                  Problems& problems) const;
  void read_sheaves(const Object& sheaves, const SlabCache& cache,
                    std::vector<ObjectStore>& to, Problems& problems) const;
  void read_node(const Object& node, const SlabCache& cache, NodeSlabs& to,
                 Problems& problems) const;
  void read_pair(const Object& pair, const SlabCache& cache, NodeSlabs& to,
                 Problems& problems) const;
  void read_barn(const Object& barn, const SlabCache& cache,
                 std::vector<ObjectStore>& to, Problems& problems) const;
  void read_cpus(const Object& from, SlabInventory& inventory) const;
  void read_nodes(const Object& from, SlabInventory& inventory) const;

  MemberReader slab_;
  Coding coding_ = Coding::plain;
  std::uint64_t store_user_ = 0x10000;  // SLAB_STORE_USER
};

// ---- How links are stored ----

std::optional<Coding> Slub::coding_of(const SlabCache& cache, Address slab_at,
                                      Address object) const {
  auto slab = this->slab(slab_at);
  if (!slab || !index_of(cache, *slab, object)) return std::nullopt;
  Address place = object + cache.link_offset;
  auto stored = kernel().memory().u64(place);
  if (!stored) return std::nullopt;
  std::optional<Coding> found;
  for (Coding coding : {Coding::swapped, Coding::mixed}) {
    Address to = untagged(decoded(coding, cache, *stored, place));
    if (to.value != 0 && !index_of(cache, *slab, to)) continue;
    if (found) return std::nullopt;
    found = coding;
  }
  return found;
}

// What the lists of one cache say.
std::optional<Coding> Slub::coding_of_cpus(const SlabCache& cache) const {
  Object from = kernel().object("kmem_cache", cache.at);
  for (unsigned cpu : kernel().possible_cpus()) {
    Object own = in_cpu(from, "cpu_slab", cpu);
    if (own.fault() != nullptr) break;
    auto slab = own[own.has_member("slab") ? "slab" : "page"].to_address();
    auto object = own["freelist"].to_unsigned();
    if (!slab) break;
    if (!object || *object == 0) continue;
    if (auto found = coding_of(cache, *slab, untagged(*object))) return found;
  }
  return std::nullopt;
}

std::optional<Coding> Slub::coding_of_nodes(const SlabCache& cache) const {
  SlabInventory all = inventory(cache);
  for (const NodeSlabs& node : all.nodes) {
    for (const Slab& slab : node.partial) {
      auto found = coding_of(cache, slab.at, slab.freelist);
      if (found) return found;
    }
  }
  return std::nullopt;
}

Result<void> Slub::prepare() {
  for (Part part : {slab_cache, freelist, inuse, Part::objects}) {
    if (!slab_.has(part)) {
      return Error(ErrorKind::unsupported,
                   fmt::format("struct {} has no list of free objects",
                               pages().structure()));
    }
  }
  auto bit = kernel().enumerator("_SLAB_STORE_USER");
  if (bit && *bit >= 0 && *bit < 64) store_user_ = std::uint64_t{1} << *bit;
  if (!kernel().has_member("kmem_cache", "random")) return {};
  coding_ = Coding::swapped;
  for (Address at : caches().all) {
    if (interrupted()) break;
    auto described = cache(at);
    if (!described) continue;
    auto found = coding_of_cpus(*described);
    if (!found) found = coding_of_nodes(*described);
    if (!found) continue;
    coding_ = *found;
    break;
  }
  return {};
}

// ---- Caches and slabs ----

Result<SlabCache> Slub::cache(Address at) const {
  constexpr unsigned order_shift = 16, largest_order = 20;
  Object from = kernel().object("kmem_cache", at);
  std::uint64_t oo = TRY(from["oo"]["x"].to_unsigned());
  std::uint64_t order = oo >> order_shift;
  SlabCache found{.at = at,
                  .name = from["name"].to_string(),
                  .object_size = TRY(from["object_size"].to_unsigned()),
                  .size = TRY(from["size"].to_unsigned()),
                  .slab_size = kernel().page_size() << (order % 32),
                  .per_slab = oo & ((1U << order_shift) - 1),
                  .flags = from["flags"].to_unsigned().value_or(0),
                  .link_offset = TRY(from["offset"].to_unsigned())};
  if (from.has_member("random")) {
    found.link_key = TRY(from["random"].to_unsigned());
  }
  if (from.has_member("red_left_pad")) {
    found.padding = TRY(from["red_left_pad"].to_unsigned());
  }
  std::uint64_t room = order > largest_order ? 0 : found.slab_size;
  if (found.size == 0 || found.per_slab == 0 ||
      found.per_slab > room / found.size || found.padding >= found.size ||
      found.link_offset >= found.size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{:x} is no slab cache", at.value), at.value);
  }
  return found;
}

Result<Slab> Slub::slab(Address at) const {
  std::array<std::uint64_t, parts> values;
  TRY(slab_.read(kernel().memory(), at, values));
  Slab found{.at = at,
             .memory = TRY(pages().memory(at)),
             .cache = untagged(values[slab_cache]),
             .first = {},
             .freelist = untagged(values[freelist]),
             .objects = values[Part::objects],
             .in_use = values[inuse]};
  found.first = found.memory;
  found.node = node_of(found.memory);
  return found;
}

// ---- Free objects ----

std::vector<Address> Slub::free_list(const SlabCache& cache, const Slab& slab,
                                     Address first, Problems& problems) const {
  std::vector<Address> found;
  std::vector<bool> is_met(slab.objects);
  Address at = first;
  Address from = slab.at;
  auto tell = [&](const std::string& text) {
    problems.push_back(slab_error(cache, slab, text));
  };
  while (at.value != 0) {
    auto index = index_of(cache, slab, at);
    if (!index) {
      bool is_inside =
          at >= slab.first && at - slab.first < slab.objects * cache.size;
      tell(fmt::format(
          "its list of free objects leads from {:x} {} {:x}", from.value,
          is_inside ? "into the middle of an object at" : "out of it, to",
          at.value));
      break;
    }
    if (is_met[*index]) {
      tell(fmt::format("object {:x} is free twice", at.value));
      break;
    }
    is_met[*index] = true;
    found.push_back(at);
    Address place = at + cache.link_offset;
    auto stored = kernel().memory().u64(place);
    if (!stored) {
      tell(fmt::format("its list of free objects ends at {:x}: {}", at.value,
                       stored.error().message()));
      break;
    }
    from = at;
    at = untagged(decoded(coding_, cache, *stored, place));
  }
  return found;
}

SlabContents Slub::contents(const SlabInventory& inventory,
                            const Slab& slab) const {
  const SlabCache& cache = inventory.cache;
  Problems problems;
  auto free = free_list(cache, slab, slab.freelist, problems);
  std::uint64_t counted = slab.objects - std::min(slab.objects, slab.in_use);
  if (problems.empty() && free.size() != counted) {
    problems.push_back(slab_error(
        cache, slab,
        fmt::format("{} objects on its list of free objects, {} by its "
                    "counters",
                    free.size(), counted)));
  }
  std::vector<bool> is_free(slab.objects);
  for (Address at : free)
    is_free[*index_of(cache, slab, at)] = true;
  SlabContents contents = slab_objects(inventory, slab, is_free);
  contents.problems.insert(contents.problems.begin(), problems.begin(),
                           problems.end());
  return contents;
}

// ---- What CPUs have ----

// A CPU's instance of what a member of the cache points to; a fault where the
// cache has none.
Object Slub::in_cpu(const Object& cache, std::string_view member,
                    unsigned cpu) const {
  if (!cache.has_member(member)) return Error(ErrorKind::not_found, "none");
  Object pointer = cache[member];
  auto at = pointer.to_address();
  if (!at) return at.error();
  const Type* type = pointer.type().stripped().target();
  if (at->value == 0 || type == nullptr) {
    return Error(ErrorKind::not_found, "none");
  }
  auto own = kernel().per_cpu_address(*at, cpu);
  if (!own) return own.error();
  return Object(kernel().memory(), *type, *own);
}

// A struct kmem_cache_cpu.
void Slub::read_cpu(const Object& from, const SlabCache& cache, CpuSlabs& cpu,
                    Problems& problems) const {
  std::string where = fmt::format("CPU {}", cpu.cpu);
  auto slab = from[from.has_member("slab") ? "slab" : "page"].to_address();
  auto list = from["freelist"].to_unsigned();
  if (!slab || !list) {
    problems.push_back(
        problem_of(cache, where, slab ? list.error() : slab.error()));
    return;
  }
  if (slab->value != 0) cpu.own = checked(cache, *slab, where, problems);
  if (cpu.own) {
    cpu.free = free_list(cache, *cpu.own, untagged(*list), problems);
  }
  if (!from.has_member("partial")) return;
  auto first = from["partial"].to_address();
  if (!first) {
    problems.push_back(problem_of(cache, where, first.error()));
    return;
  }
  cpu.partial = slabs_on(cache,
                         {.where = where + "'s partial list",
                          .first = *first,
                          .end = Address{0},
                          .distance = slab_.offset(next)},
                         problems);
}

void Slub::read_sheaf(const Object& pointer, ObjectStore::Kind kind,
                      const SlabCache& cache, std::vector<ObjectStore>& to,
                      Problems& problems) const {
  auto at = pointer.to_address();
  if (at && at->value == 0) return;
  Object sheaf = pointer.dereference();
  auto size = sheaf["size"].to_unsigned();
  Object first = sheaf["objects"];
  ObjectStore store{kind, at.value_or({})};
  auto capacity = kernel().object("kmem_cache", cache.at)["sheaf_capacity"];
  store.capacity = capacity.to_unsigned().value_or(0);
  auto tell = [&](const Error& why) {
    problems.push_back(
        problem_of(cache, fmt::format("sheaf {:x}", store.at.value), why));
  };
  if (!size) return tell(size.error());
  if (first.fault() != nullptr) return tell(*first.fault());
  if (*size > most_in_sheaf) {
    return tell(Error(ErrorKind::corrupt, fmt::format("{} objects", *size)));
  }
  store.objects = pointers(first.address(), *size, cache, problems);
  drop_strangers(cache, store, problems);
  to.push_back(std::move(store));
}

void Slub::read_sheaves(const Object& sheaves, const SlabCache& cache,
                        std::vector<ObjectStore>& to,
                        Problems& problems) const {
  using Kind = ObjectStore::Kind;
  auto read = [&](std::string_view member, Kind kind) {
    read_sheaf(sheaves[member], kind, cache, to, problems);
  };
  read("main", Kind::main);
  read("spare", Kind::spare);
  read("rcu_free", Kind::rcu);
}

void Slub::read_cpus(const Object& from, SlabInventory& inventory) const {
  const SlabCache& cache = inventory.cache;
  bool has_slabs = from.has_member("cpu_slab");
  bool has_sheaves = from.has_member("cpu_sheaves");
  bool has_partial =
      has_slabs && kernel().has_member("kmem_cache_cpu", "partial");
  std::string_view structure =
      has_slabs ? "kmem_cache_cpu" : "slub_percpu_sheaves";
  if (!has_slabs && !has_sheaves) return;
  for (unsigned number : kernel().possible_cpus()) {
    if (interrupted()) return;
    CpuSlabs cpu{.cpu = number,
                 .structure = structure,
                 .at = Address{0},
                 .has_slabs = has_slabs,
                 .has_partial = has_partial};
    Object slabs = in_cpu(from, "cpu_slab", number);
    Object sheaves = in_cpu(from, "cpu_sheaves", number);
    if (slabs.fault() == nullptr) {
      cpu.at = slabs.address();
      read_cpu(slabs, cache, cpu, inventory.problems);
    } else if (slabs.fault()->message() != "none") {
      inventory.problems.push_back(
          problem_of(cache, fmt::format("CPU {}", number), *slabs.fault()));
    }
    if (sheaves.fault() == nullptr) {
      if (slabs.fault() != nullptr) cpu.at = sheaves.address();
      read_sheaves(sheaves, cache, cpu.stores, inventory.problems);
    }
    inventory.cpus.push_back(std::move(cpu));
  }
}

// ---- What nodes have ----

void Slub::read_node(const Object& node, const SlabCache& cache, NodeSlabs& to,
                     Problems& problems) const {
  to.at = node.address();
  to.slabs = node["nr_slabs"]["counter"].to_unsigned();
  to.objects = node["total_objects"]["counter"].to_unsigned();
  auto read = [&](std::string_view member) {
    Object head = node[member];
    std::string where = fmt::format("node {}'s {} list", to.node, member);
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
  to.partial = read("partial");
  to.has_full = (cache.flags & store_user_) != 0 && node.has_member("full");
  if (to.has_full) to.full = read("full");
  auto counted = node["nr_partial"].to_unsigned();
  if (counted && *counted != to.partial.size() && problems.empty()) {
    problems.push_back(problem_of(
        cache, fmt::format("node {}'s partial list", to.node),
        Error(ErrorKind::corrupt, fmt::format("has {} slabs, {} by its counter",
                                              to.partial.size(), *counted))));
  }
}

void Slub::read_barn(const Object& barn, const SlabCache& cache,
                     std::vector<ObjectStore>& to, Problems& problems) const {
  using Kind = ObjectStore::Kind;
  auto at = barn.to_address();
  if (!at || at->value == 0) return;
  for (auto [member, kind] : {std::pair("sheaves_full", Kind::full),
                              std::pair("sheaves_empty", Kind::empty)}) {
    auto type = kernel().structure("slab_sheaf");
    for (const Object& sheaf : list_entries(barn[member], type, "barn_list")) {
      if (sheaf.fault() != nullptr) {
        problems.push_back(problem_of(cache, member, *sheaf.fault()));
        break;
      }
      Object pointer =
          Object::value(kernel().memory(), kernel().types().pointer_to(**type),
                        sheaf.address().value);
      read_sheaf(pointer, kind, cache, to, problems);
    }
  }
}

// 7.1 has a node's lists and its barn side by side.
void Slub::read_pair(const Object& pair, const SlabCache& cache, NodeSlabs& to,
                     Problems& problems) const {
  Object node = pair["node"];
  if (node.to_address().value_or({}).value != 0) {
    read_node(node.dereference(), cache, to, problems);
  }
  read_barn(pair["barn"], cache, to.stores, problems);
}

void Slub::read_nodes(const Object& from, SlabInventory& inventory) const {
  const SlabCache& cache = inventory.cache;
  bool is_pair = from.has_member("per_node");
  for (unsigned number : nodes()) {
    Object pointer =
        is_pair ? from["per_node"].at(number)["node"] : from["node"].at(number);
    auto at = pointer.to_address();
    NodeSlabs to{number, {}, std::uint64_t{0}, std::uint64_t{0}};
    if (!at) {
      inventory.problems.push_back(
          problem_of(cache, fmt::format("node {}", number), at.error()));
    } else if (is_pair) {
      read_pair(from["per_node"].at(number), cache, to, inventory.problems);
    } else if (at->value != 0) {
      Object node = pointer.dereference();
      read_node(node, cache, to, inventory.problems);
      if (node.has_member("barn")) {
        read_barn(node["barn"], cache, to.stores, inventory.problems);
      }
    }
    bool is_there = at && (at->value != 0 || !to.stores.empty());
    if (is_there) inventory.nodes.push_back(std::move(to));
  }
}

SlabInventory Slub::inventory(const SlabCache& cache) const {
  SlabInventory found{cache};
  Object from = kernel().object("kmem_cache", cache.at);
  read_cpus(from, found);
  read_nodes(from, found);
  collect_kept(found);
  return found;
}

}  // namespace

Result<std::unique_ptr<SlabAllocator>> open_slub(const Kernel& kernel) {
  SlabPages pages = TRY(SlabPages::open(kernel));
  const Type* type = TRY(kernel.structure(pages.structure()));
  auto slub = std::make_unique<Slub>(kernel, pages, *type);
  TRY(slub->prepare());
  return std::unique_ptr<SlabAllocator>(std::move(slub));
}

}  // namespace inquest
