// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/slab_name.h"

#include "kernel/page.h"

namespace inquest {
namespace {

// The frame number of an address in the direct map. Kernel code and data are
// mapped there too, but nobody takes a pointer to them that way.
std::optional<std::uint64_t> direct_frame(const Kernel& kernel, Address at) {
  for (const LinearWindow& window : kernel.memory().windows()) {
    if (at.value - window.start.value >= window.size) continue;
    PhysAddress physical = window.physical + (at - window.start);
    return physical.value / kernel.page_size();
  }
  return std::nullopt;
}

// A flag until 6.9, then a type in the top byte of page_type (46df8e73a4a3
// and the change to values, 6.11).
Result<bool> is_slab(const Kernel& kernel, const Object& page) {
  if (auto type = kernel.enumerator("PGTY_slab")) {
    std::uint64_t word = TRY(page["page_type"].to_unsigned());
    return (word >> 24 & 0xff) == static_cast<std::uint64_t>(*type);
  }
  if (auto bit = kernel.enumerator("PG_slab"); bit && *bit >= 0 && *bit < 64) {
    std::uint64_t flags = TRY(page["flags"].to_unsigned());
    return (flags >> *bit & 1) != 0;
  }
  return false;
}

Result<std::string> cache_name(const Kernel& kernel, Address at) {
  auto frame = direct_frame(kernel, at);
  if (!frame) return Error(ErrorKind::not_found, "not in the direct map");
  PageMap pages = TRY(PageMap::open(kernel));
  Object own = TRY(pages.page(*frame));
  Object page = TRY(head_page(kernel, own));
  if (!TRY(is_slab(kernel, page))) {
    return Error(ErrorKind::not_found, "no slab page");
  }
  // 5.17 (d122019bf061) moved slabs' fields to a structure of their own.
  bool has_slab = kernel.structure("slab").has_value();
  Object cache = has_slab ? kernel.object("slab", page.address())["slab_cache"]
                          : page["slab_cache"];
  return cache["name"].to_string();
}

}  // namespace

std::optional<std::string> slab_cache_name(const Kernel& kernel, Address at) {
  auto name = cache_name(kernel, at);
  if (!name || name->empty()) return std::nullopt;
  return std::move(name).value();
}

}  // namespace inquest
