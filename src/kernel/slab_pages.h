// SPDX-License-Identifier: GPL-3.0-or-later
// Which pages are slabs, and where the objects of a slab lie.

#pragma once

#include <string_view>

#include "kernel/page.h"

namespace inquest {

class SlabPages {
 public:
  // |not_found| names what this kernel lacks.
  static Result<SlabPages> open(const Kernel& kernel);

  // "slab"; "page" until 5.17, when d122019bf061 moved the fields of slabs.
  std::string_view structure() const { return has_slab_ ? "slab" : "page"; }
  // The slab that an address in the direct map lies in: its struct slab or
  // page. |not_found| when the page is no slab's.
  Result<Address> slab_of(Address at) const;
  // Whether a struct page, the first of its compound page, is a slab's.
  Result<bool> is_slab(const Object& page) const;
  // Where the first page of a slab lies in the direct map.
  Result<Address> memory(Address slab) const;

 private:
  SlabPages(const Kernel& kernel, PageMap pages);

  const Kernel& kernel_;
  PageMap pages_;
  bool has_slab_ = false;
  bool is_flag_ = false;      // of page.flags; else of page.page_type
  std::uint64_t mask_ = 0;    // what of that word to look at
  std::uint64_t wanted_ = 0;  // and what it is then
};

}  // namespace inquest
