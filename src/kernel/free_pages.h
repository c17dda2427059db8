// SPDX-License-Identifier: GPL-3.0-or-later
// Free memory: the blocks of the buddy allocator, and the pages that CPUs keep
// for themselves.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/generator.h"
#include "kernel/page.h"
#include "kernel/page_type.h"
#include "kernel/zones.h"

namespace inquest {

// The free blocks of 2^order pages of one kind of use.
struct FreeList {
  Object head;  // struct list_head
  unsigned order = 0, type = 0;
};

// All those of 2^order pages.
struct FreeArea {
  unsigned order = 0;
  Result<std::uint64_t>
      blocks;  // nr_free: what the kernel believes to be there
  std::vector<FreeList> lists;
};

// Ascending by order.
std::vector<FreeArea> free_areas(const Zone& zone);

// "Unmovable", "Movable", ... as /proc/pagetypeinfo names them; a number where
// that has no name.
std::string migrate_type_name(const Kernel& kernel, unsigned type);
// The pages of this type are not counted as free.
bool is_isolated_type(const Kernel& kernel, unsigned type);

struct FreeBlock {
  Address page;  // the first struct page; 0: |fault| ended the walk
  std::uint64_t frame = 0;
  // Why it should not be where it is.
  std::optional<Error> fault = {};
};

// Where a page is among the free ones.
struct FreePlace {
  std::size_t zone = 0;  // index of FreePages::zones()
  FreeList list;
  FreeBlock block;
  std::optional<unsigned> cpu = {};  // which keeps it; else the buddy allocator
};

class FreePages {
 public:
  static Result<FreePages> open(const Kernel& kernel);

  const Kernel& kernel() const { return kernel_; }
  const std::vector<Zone>& zones() const { return zones_; }
  const PageMap& pages() const { return pages_; }

  // What is linked there, with what is wrong about it. A cycle, an unreadable
  // link and an entry that is no struct page end the walk.
  Generator<FreeBlock> blocks(const Zone& zone, FreeList list) const;

  // The free block around |frame|. Looks at the struct pages where it might
  // start, then at the lists of its size.
  std::optional<FreePlace> buddy_place(std::uint64_t frame) const;
  // The same among the pages that CPUs keep.
  std::optional<FreePlace> cpu_place(std::uint64_t frame) const;

 private:
  FreePages(const Kernel& kernel, PageMap pages, std::vector<Zone> zones,
            PageTypes types)
      : kernel_(kernel),
        pages_(std::move(pages)),
        zones_(std::move(zones)),
        types_(std::move(types)) {}

  FreeBlock block_of(const Zone& zone, const FreeList& list,
                     const Object& node) const;
  std::optional<unsigned> buddy_order(const Object& page) const;
  std::optional<FreePlace> listed(std::size_t zone, std::uint64_t frame,
                                  unsigned order) const;
  std::optional<FreePlace> kept(std::size_t zone, unsigned cpu,
                                std::uint64_t frame) const;

  const Kernel& kernel_;
  PageMap pages_;
  std::vector<Zone> zones_;
  PageTypes types_;
  std::uint64_t link_offset_ = 0;  // of the list_head in struct page
};

}  // namespace inquest
