// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/slab_name.h"

#include <algorithm>

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

// x86_64: struct page of frame 0; moved by KASLR since 4.8.
Result<Address> page_map(const Kernel& kernel) {
  constexpr std::uint64_t without_kaslr = 0xffffea0000000000;
  if (kernel.arch().name() != "x86_64") {
    return Error(ErrorKind::unsupported, "page map of this architecture");
  }
  if (!kernel.has_symbol("vmemmap_base")) return Address{without_kaslr};
  Address at = TRY(kernel.symbol("vmemmap_base"));
  std::uint64_t base = TRY(kernel.memory().u64(at));
  return Address{base};
}

// The page, or the first page of the compound page it belongs to.
Result<Object> head_page(const Kernel& kernel, std::uint64_t frame) {
  const Type* type = TRY(kernel.structure("page"));
  Address map = TRY(page_map(kernel));
  Address at = map + frame * type->size();
  Object page = kernel.object("page", at);
  std::uint64_t head = TRY(page["compound_head"].to_unsigned());
  if ((head & 1) == 0) return page;
  return kernel.object("page", Address{head - 1});
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
  Object page = TRY(head_page(kernel, *frame));
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
