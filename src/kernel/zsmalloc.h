// SPDX-License-Identifier: GPL-3.0-or-later
// zsmalloc: the memory in which zram and zswap keep compressed pages.

#pragma once

#include <vector>

#include "kernel/driver_types.h"
#include "kernel/page.h"

namespace inquest {

class ZsPool {
 public:
  // The struct zs_pool at |at|.
  static Result<ZsPool> open(const Kernel& kernel, Address at);

  // The first |size| bytes of an object. A handle that is none, or of an object
  // that was freed, is |corrupt|.
  Result<std::vector<std::byte>> object(std::uint64_t handle,
                                        std::uint64_t size) const;

 private:
  // How a handle's word is made up.
  struct Coding {
    unsigned frame_bits = 0;
    unsigned tag_bits = 0;
  };
  // Where an object lies: behind the header, which holds the handle, unless
  // the object has its page for itself.
  struct Place {
    Object page;
    PhysAddress at;
    std::uint64_t room = 0;  // of the object
    bool is_alone = false;
  };

  ZsPool(DriverTypes types, PageMap pages, Object pool);
  std::vector<Coding> codings() const;
  Result<Place> place(std::uint64_t word, Coding coding) const;
  Result<bool> is_of(const Place& place, std::uint64_t handle) const;
  Result<Place> find(std::uint64_t handle) const;
  Result<Object> size_class(const Object& page) const;
  Object descriptor(const Object& page) const;
  Result<PhysAddress> next_page(const Object& page) const;

  DriverTypes types_;
  PageMap pages_;
  Object pool_;
  bool has_descriptors_ = false;
};

}  // namespace inquest
