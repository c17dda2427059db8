// SPDX-License-Identifier: GPL-3.0-or-later
// What the slab allocators share: lists of slabs and who keeps free objects.

#pragma once

#include "kernel/nodes.h"
#include "kernel/slabs.h"

namespace inquest {

using Problems = std::vector<Error>;

// Slabs by what leads from one to the next.
struct Chain {
  std::string where;  // "CPU 1's partial list"
  Address first;
  Address end;                 // 0, or the list's head
  std::uint64_t distance = 0;  // from a slab to its link
  bool is_embedded = false;    // links lead to links
};

// Without the tag that KASAN has in the top byte of kernel pointers (arm64).
Address untagged(std::uint64_t pointer);

// The number of the object of |slab| that begins at |at|.
std::optional<std::uint64_t> index_of(const SlabCache& cache, const Slab& slab,
                                      Address at);

// "kmalloc-64: where: why"
Error problem_of(const SlabCache& cache, std::string_view where,
                 const Error& why);
// "kmalloc-64: slab ffff...: text"
Error slab_error(const SlabCache& cache, const Slab& slab,
                 std::string_view text);
// Fills |kept| and tells of objects kept twice.
void collect_kept(SlabInventory& inventory);
// What |is_free| says by index, with who keeps the others.
SlabContents slab_objects(const SlabInventory& inventory, const Slab& slab,
                          const std::vector<bool>& is_free);

class SlabWalker : public SlabAllocator {
 protected:
  SlabWalker(const Kernel& kernel, SlabPages pages);

  std::vector<unsigned> nodes() const;
  unsigned node_of(Address memory) const;
  // The slab at |at| if |cache| owns it and it can be.
  std::optional<Slab> checked(const SlabCache& cache, Address at,
                              std::string_view where, Problems& problems) const;
  std::vector<Slab> slabs_on(const SlabCache& cache, const Chain& chain,
                             Problems& problems) const;
  // The pointers at |first|, up to one that cannot be read.
  std::vector<Address> pointers(Address first, std::uint64_t count,
                                const SlabCache& cache,
                                Problems& problems) const;
  // Takes out what is no object of the cache.
  void drop_strangers(const SlabCache& cache, ObjectStore& store,
                      Problems& problems) const;

 private:
  std::vector<MemoryNode> nodes_;
};

}  // namespace inquest
