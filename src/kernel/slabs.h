// SPDX-License-Identifier: GPL-3.0-or-later
// Slab caches: which object an address lies in, which objects are free, who
// keeps the free ones, and what about it cannot be.
//
// A slab is some pages cut into objects of one cache. It has a list of its own
// free objects; others that it takes to be in use are kept ready elsewhere:
//   SLUB      by the CPU that has taken the slab for its own, and since 6.18 in
//             sheaves, arrays of objects, by CPU and by memory node;
//   SLAB      in arrays of objects by CPU and by memory node (gone in 6.8).

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/slab_pages.h"

namespace inquest {

// A struct kmem_cache.
struct SlabCache {
  Address at;
  Result<std::string> name;
  std::uint64_t object_size = 0;  // what users have of each object
  std::uint64_t size = 0;         // from one object to the next
  std::uint64_t slab_size = 0;    // bytes of a slab; some may be smaller
  std::uint64_t per_slab = 0;     // objects in such a slab
  std::uint64_t flags = 0;
  // How SLUB links free objects, and where an object begins in its room.
  std::uint64_t link_offset = 0;
  std::uint64_t link_key = 0;
  std::uint64_t padding = 0;

  std::string label() const;  // its name, or where it is
};

// A slab as it says itself.
struct Slab {
  Address at;      // struct slab, struct page before 5.17
  Address memory;  // of its pages
  Address cache;   // struct kmem_cache
  Address first;   // object's room
  Address freelist;
  std::uint64_t objects = 0;
  std::uint64_t in_use = 0;  // with those that are kept ready elsewhere
  unsigned node = 0;
};

// Objects kept ready: a sheaf or an array of SLAB's.
struct ObjectStore {
  enum class Kind { array, main, spare, rcu, shared, alien, full, empty };

  Kind kind = Kind::array;
  Address at;
  std::uint64_t capacity = 0;  // 0: not known
  std::vector<Address> objects = {};
};
std::string_view store_name(ObjectStore::Kind kind);  // "main", ...

// What a CPU has of a cache.
struct CpuSlabs {
  unsigned cpu = 0;
  std::string_view structure;  // that is at |at|: "kmem_cache_cpu"
  Result<Address> at;
  bool has_slabs = false;          // CPUs of this kernel take whole slabs
  bool has_partial = false;        // and several of them
  std::optional<Slab> own = {};    // from which it takes objects
  std::vector<Address> free = {};  // objects of |own|, this CPU's alone
  std::vector<Slab> partial = {};
  std::vector<ObjectStore> stores = {};
};

// What a memory node has of a cache.
struct NodeSlabs {
  unsigned node = 0;
  Address at;                     // struct kmem_cache_node
  Result<std::uint64_t> slabs;    // all, as the node counts
  Result<std::uint64_t> objects;  // all of these
  std::vector<Slab> partial = {};
  std::vector<Slab> full = {};   // where they are listed
  std::vector<Slab> empty = {};  // SLAB's
  bool has_full = false;         // full slabs are listed
  bool is_sorted = false;        // every slab is on one of the lists
  std::vector<ObjectStore> stores = {};
};

// A free object that its slab takes to be in use.
struct KeptObject {
  Address at;
  std::optional<unsigned> cpu = {};  // that keeps it; absent: a node does
  ObjectStore::Kind kind = ObjectStore::Kind::array;
};

struct SlabInventory {
  SlabCache cache;
  std::vector<CpuSlabs> cpus = {};
  std::vector<NodeSlabs> nodes = {};
  std::vector<KeptObject> kept = {};  // ascending
  std::vector<Error> problems = {};   // each names cache and slab

  Result<std::uint64_t> slabs() const;    // all there are
  Result<std::uint64_t> objects() const;  // in them
  // Those that somebody uses. |corrupt| when more are free than there are.
  Result<std::uint64_t> allocated() const;
  // Of |slab|'s objects those that are free, wherever they are kept.
  std::uint64_t free_in(const Slab& slab) const;
  // The CPU whose own |slab| is.
  std::optional<unsigned> owner(const Slab& slab) const;
};

struct SlabObject {
  Address at;
  std::uint64_t index = 0;
  bool is_free = false;
  std::optional<KeptObject> kept = {};  // free, and not on its slab's list
};

struct SlabContents {
  std::vector<SlabObject> objects;
  std::vector<Error> problems;
};

// What kmem_cache_* and kmalloc take memory from. Safe from many threads.
class SlabAllocator {
 public:
  // |unsupported| names what cannot be (SLOB) or what this kernel lacks.
  static Result<std::unique_ptr<SlabAllocator>> open(const Kernel& kernel);
  virtual ~SlabAllocator() = default;

  const Kernel& kernel() const { return kernel_; }
  // In the kernel's order, which is the youngest first.
  struct Caches {
    std::vector<Address> all;
    std::optional<Error> fault;  // why some may be missing
  };
  Caches caches() const;
  Result<std::string> name(Address cache) const;
  // The caches of memory control groups that belong to a root cache; the root
  // caches themselves. Of kernels up to 5.8: |unsupported| otherwise.
  Result<std::vector<Address>> root_caches() const;
  std::vector<Address> child_caches(Address root) const;
  // |corrupt| when what is there cannot be one.
  virtual Result<SlabCache> cache(Address at) const = 0;
  // Walks the cache's lists, without a look at objects that are in use. What is
  // damaged is left out and told.
  virtual SlabInventory inventory(const SlabCache& cache) const = 0;
  // The objects of one slab. Reads the slab's list of free objects and tells
  // what is wrong with it.
  virtual SlabContents contents(const SlabInventory& inventory,
                                const Slab& slab) const = 0;
  // What is wrong with the lists of free objects of all slabs that have any.
  // Reads each such object, on all processors: half a second for a million.
  std::vector<Error> list_problems(const SlabInventory& inventory) const;
  // The slab that an address lies in; |not_found| when in none.
  Result<Slab> slab_of(Address at) const;

 protected:
  SlabAllocator(const Kernel& kernel, SlabPages pages)
      : kernel_(kernel), pages_(std::move(pages)) {}

  const SlabPages& pages() const { return pages_; }
  virtual Result<Slab> slab(Address at) const = 0;

 private:
  const Kernel& kernel_;
  SlabPages pages_;
};

// What an address is to the slab allocator.
struct SlabPlace {
  SlabInventory inventory;  // of the cache
  Slab slab;
  std::vector<SlabObject> objects;  // all of the slab
  std::size_t index = 0;            // the one it lies in; none: behind the last
  std::vector<Error> problems;      // of the slab
};
// |not_found|: it lies in no slab; |unsupported|: it is an object of KFENCE,
// of which the message tells.
Result<SlabPlace> slab_place(const SlabAllocator& slabs, Address at);

}  // namespace inquest
