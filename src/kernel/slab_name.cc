// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/slab_name.h"

#include "kernel/faults.h"
#include "kernel/slab_pages.h"

namespace inquest {
namespace {

Result<std::string> cache_name(const Kernel& kernel, Address at) {
  SlabPages pages = TRY(SlabPages::open(kernel));
  Object slab = kernel.object(pages.structure(), TRY(pages.slab_of(at)));
  return slab["slab_cache"]["name"].to_string();
}

}  // namespace

std::optional<std::string> slab_cache_name(const Kernel& kernel, Address at) {
  auto name = cache_name(kernel, at);
  if (!name && is_lost(name.error())) {
    kernel.note_loss(Error(ErrorKind::fault,
                           "the slab caches of some addresses are lost",
                           name.error().address()));
  }
  if (!name || name->empty()) return std::nullopt;
  return std::move(name).value();
}

}  // namespace inquest
