// SPDX-License-Identifier: GPL-3.0-or-later
//
// A slab's first page says that it is one:
//   by the flag PG_slab, until 6.10 (46df8e73a4a3);
//   then by page_type, a word of bits that are clear where they apply (6.10
//   and 6.11: PAGE_TYPE_BASE and PG_slab, themselves turned round in 6.11);
//   since 6.12 (4ffca5a96678) by a number in the top byte of it, PGTY_slab.

#include "kernel/slab_pages.h"

namespace inquest {
namespace {

// Kernel code and data are mapped in a window too, but nobody takes a pointer
// to them for an object.
std::optional<std::uint64_t> direct_frame(const Kernel& kernel, Address at) {
  for (const LinearWindow& window : kernel.memory().windows()) {
    if (at.value - window.start.value >= window.size) continue;
    PhysAddress physical = window.physical + (at - window.start);
    return physical.value / kernel.page_size();
  }
  return std::nullopt;
}

}  // namespace

SlabPages::SlabPages(const Kernel& kernel, PageMap pages)
    : kernel_(kernel),
      pages_(std::move(pages)),
      has_slab_(kernel.structure("slab").has_value()) {
  constexpr unsigned type_shift = 24;
  auto number = kernel.enumerator("PGTY_slab");
  auto slab = kernel.enumerator("PG_slab");
  auto base = kernel.enumerator("PAGE_TYPE_BASE");
  if (number) {
    mask_ = std::uint64_t{0xff} << type_shift;
    wanted_ = static_cast<std::uint64_t>(*number) << type_shift;
  } else if (slab && *slab >= 0 && *slab < 64) {
    is_flag_ = true;
    mask_ = wanted_ = std::uint64_t{1} << *slab;
  } else if (slab && base) {
    constexpr std::uint64_t word = 0xffffffff;
    mask_ = static_cast<std::uint64_t>(*slab | *base) & word;
    wanted_ = static_cast<std::uint64_t>(*base) & word;
  }
}

Result<SlabPages> SlabPages::open(const Kernel& kernel) {
  SlabPages pages(kernel, TRY(PageMap::open(kernel)));
  if (pages.mask_ == 0) {
    return Error(ErrorKind::not_found, "this kernel has no PG_slab");
  }
  return pages;
}

Result<bool> SlabPages::is_slab(const Object& page) const {
  Object word = page[is_flag_ ? "flags" : "page_type"];
  return (TRY(word.to_unsigned()) & mask_) == wanted_;
}

Result<Address> SlabPages::slab_of(Address at) const {
  auto frame = direct_frame(kernel_, at);
  if (!frame) return Error(ErrorKind::not_found, "not in the direct map");
  Object own = TRY(pages_.page(*frame));
  Object page = TRY(head_page(kernel_, own));
  if (!TRY(is_slab(page))) {
    return Error(ErrorKind::not_found, "no slab page");
  }
  return page.address();
}

Result<Address> SlabPages::memory(Address slab) const {
  std::uint64_t frame = TRY(pages_.frame(slab));
  return direct_address(kernel_, PhysAddress{frame * kernel_.page_size()});
}

}  // namespace inquest
