// SPDX-License-Identifier: GPL-3.0-or-later
// The page cache: pages of files that are in memory.

#pragma once

#include <optional>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"
#include "kernel/page_entry.h"

namespace inquest {

// Where a page of a file is; neither where it is not in memory.
struct CachedPage {
  std::optional<PhysAddress> physical;
  std::optional<SwapEntry> swap;  // of shared memory
};

// Page |index| of a struct address_space.
Result<CachedPage> cached_page(const Kernel& kernel, const Object& mapping,
                               std::uint64_t index);

// A page of a file that is in memory.
struct FilePage {
  std::uint64_t index = 0;
  PhysAddress physical = {};
  std::optional<Error> fault = {};  // in the last item: what hides the rest
};
// All of a struct address_space, by index.
Generator<FilePage> cached_pages(const Kernel& kernel, Object mapping);

// The page that comes |pages_in| pages after the first of a folio.
Result<PhysAddress> folio_page(const Kernel& kernel, Address folio,
                               std::uint64_t pages_in);

// Of a swap entry as the kernel keeps it in memory, whatever the architecture.
SwapEntry swap_entry_of(std::uint64_t value);
std::uint64_t swap_entry_value(SwapEntry entry);

}  // namespace inquest
