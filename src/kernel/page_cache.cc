// SPDX-License-Identifier: GPL-3.0-or-later
//
// struct address_space holds a file's pages in an xarray, i_pages (page_tree
// before 4.17, b93b016313b3). A large folio stands there once for all its
// pages. A value entry is a shadow of a page that is gone, or, in the memory
// of shmem, the swap entry of one.

#include "kernel/page_cache.h"

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/page.h"

namespace inquest {
namespace {

// XA_BITS less the 5 of MAX_SWAPFILES_SHIFT: SWP_TYPE_SHIFT of 64-bit kernels.
constexpr unsigned type_shift = 58;
constexpr std::uint64_t offset_mask = (std::uint64_t{1} << type_shift) - 1;

// A shadow has other bits, but only shmem's files have swap entries.
bool is_shmem(const Kernel& kernel, const Object& mapping) {
  auto operations = mapping["a_ops"].to_address();
  auto shmem = kernel.symbol("shmem_aops");
  return operations && shmem && *operations == *shmem;
}

Object pages_of(const Object& mapping) {
  return mapping[mapping.has_member("i_pages") ? "i_pages" : "page_tree"];
}

// Whether the page of |frame| belongs to the folio at |head|, which it is not
// the first page of.
bool is_tail(const PageMap& map, std::uint64_t frame, Address head) {
  auto page = map.page(frame);
  if (!page) return false;
  auto link = (*page)["compound_head"].to_unsigned();
  return link && *link == (head.value | 1);
}

}  // namespace

SwapEntry swap_entry_of(std::uint64_t value) {
  return {static_cast<unsigned>(value >> type_shift), value & offset_mask};
}

std::uint64_t swap_entry_value(SwapEntry entry) {
  return std::uint64_t{entry.type} << type_shift | (entry.offset & offset_mask);
}

Result<PhysAddress> folio_page(const Kernel& kernel, Address folio,
                               std::uint64_t pages_in) {
  PageMap map = TRY(PageMap::open(kernel));
  std::uint64_t frame = TRY(map.frame(folio));
  return PhysAddress{(frame + pages_in) * kernel.page_size()};
}

Result<CachedPage> cached_page(const Kernel& kernel, const Object& mapping,
                               std::uint64_t index) {
  auto found = TRY(xarray_entry(kernel, pages_of(mapping), index));
  if (!found) return CachedPage{};
  std::uint64_t pages_in = index - found->index;
  if (!found->is_value()) {
    return CachedPage{
        .physical = TRY(folio_page(kernel, found->entry, pages_in)),
        .swap = {}};
  }
  if (!is_shmem(kernel, mapping)) return CachedPage{};
  SwapEntry entry = swap_entry_of(found->entry.value >> 1);
  entry.offset += pages_in;
  return CachedPage{.physical = {}, .swap = entry};
}

Generator<FilePage> cached_pages(const Kernel& kernel, Object mapping) {
  auto map = PageMap::open(kernel);
  if (!map) {
    FilePage last{.fault = map.error()};
    co_yield last;
    co_return;
  }
  for (const IndexedEntry& entry : xarray_entries(kernel, pages_of(mapping))) {
    if (entry.is_value()) continue;
    FilePage page{.index = entry.index, .fault = entry.fault};
    Result<std::uint64_t> frame = entry.fault
                                      ? Result<std::uint64_t>(*entry.fault)
                                      : map->frame(entry.entry);
    if (!frame) {
      page.fault = frame.error();
      co_yield page;
      continue;
    }
    std::uint64_t next = *frame;
    do {
      page.physical = PhysAddress{next * kernel.page_size()};
      co_yield page;
      ++page.index;
      ++next;
    } while (!interrupted() && is_tail(*map, next, entry.entry));
  }
}

}  // namespace inquest
