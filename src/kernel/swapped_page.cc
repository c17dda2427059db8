// SPDX-License-Identifier: GPL-3.0-or-later
//
// A page that was swapped out may still be in memory as it was: the swap cache
// has it until its frame is needed. Its xarrays are those of swapper_spaces,
// one for each 64 MiB of an area; the index in them was the offset in the area
// and became that within the 64 MiB (7aad25b4b44d). Since 6.18 each cluster of
// an area has a table with a word for each slot instead
// (swap_cluster_info.table), which is the folio's address.
//
// Pages of zeroes are not written since 6.12 (0ca0c24e3211): a bit in zeromap
// stands for each.

#include "kernel/swapped_page.h"

#include <optional>

#include <fmt/format.h>

#include "kernel/list.h"
#include "kernel/packed_page.h"
#include "kernel/page.h"
#include "kernel/page_cache.h"
#include "kernel/swap.h"
#include "kernel/zram.h"
#include "kernel/zswap.h"

namespace inquest {
namespace {

using Content = std::optional<std::vector<std::byte>>;

constexpr unsigned space_shift = 14;  // SWAP_ADDRESS_SPACE_SHIFT
constexpr std::uint64_t most_in_folio = 1024;

// The pages that |folio| has before the one of |entry|; nothing when it is
// another's, or is not read yet.
Result<std::optional<std::uint64_t>> pages_before(const Kernel& kernel,
                                                  Address folio,
                                                  SwapEntry entry) {
  using Count = std::optional<std::uint64_t>;
  Object page = kernel.object("page", folio);
  std::uint64_t first = TRY(page["private"].to_unsigned());
  std::uint64_t before = swap_entry_value(entry) - first;
  if (before >= most_in_folio) return Count();
  PhysAddress at = TRY(folio_page(kernel, folio, 0));
  PageState state = TRY(page_state(kernel, at));
  for (const std::string& name : state.flag_names) {
    if (name == "uptodate") return Count(before);
  }
  return Count();
}

Result<Content> content_of(const Kernel& kernel, Address folio,
                           SwapEntry entry) {
  auto before = TRY(pages_before(kernel, folio, entry));
  if (!before) return Content();
  PhysAddress at = TRY(folio_page(kernel, folio, *before));
  std::vector<std::byte> page(kernel.page_size());
  TRY(kernel.physical().read(at, page));
  return Content(std::move(page));
}

Result<Content> in_swap_spaces(const Kernel& kernel, SwapEntry entry) {
  if (!kernel.has_symbol("swapper_spaces")) return Content();
  Object spaces =
      kernel.variable("swapper_spaces", "struct address_space *[32]");
  Object first = spaces.at(entry.type);
  if (TRY(first.to_address()).value == 0) return Content();
  Object space = first.dereference();
  const Type* type = TRY(kernel.structure("address_space"));
  Object of(kernel.memory(), *type,
            space.address() + (entry.offset >> space_shift) * type->size());
  Object root = of[of.has_member("i_pages") ? "i_pages" : "page_tree"];
  constexpr std::uint64_t within = (std::uint64_t{1} << space_shift) - 1;
  for (std::uint64_t index : {entry.offset, entry.offset & within}) {
    auto found = TRY(xarray_entry(kernel, root, index));
    if (!found || found->is_value()) continue;
    auto content = TRY(content_of(kernel, found->entry, entry));
    if (content) return content;
  }
  return Content();
}

// SWAPFILE_CLUSTER is the number of words in a table.
Result<Content> in_swap_table(const Kernel& kernel, const Object& area,
                              SwapEntry entry) {
  if (!kernel.has_member("swap_cluster_info", "table")) return Content();
  const Type* table = TRY(kernel.structure("swap_table"));
  constexpr std::uint64_t word = 8;
  std::uint64_t slots = table->size() / word;
  if (slots == 0) return Content();
  Object cluster = area["cluster_info"].at(entry.offset / slots);
  Address at = TRY(cluster["table"].to_address());
  if (at.value == 0) return Content();
  Address slot = at + (entry.offset % slots) * word;
  std::uint64_t value = TRY(kernel.memory().u64(slot));
  // Shadows and marks have low bits set.
  if (value == 0 || (value & 7) != 0) return Content();
  return content_of(kernel, Address{value}, entry);
}

Result<Content> in_swap_cache(const Kernel& kernel, const Object& area,
                              SwapEntry entry) {
  auto found = TRY(in_swap_table(kernel, area, entry));
  if (found) return found;
  return in_swap_spaces(kernel, entry);
}

Result<Content> in_zero_map(const Kernel& kernel, const Object& area,
                            SwapEntry entry) {
  if (!area.has_member("zeromap")) return Content();
  constexpr unsigned bits = 64;
  Object map = area["zeromap"];
  if (TRY(map.to_address()).value == 0) return Content();
  std::uint64_t word = TRY(map.at(entry.offset / bits).to_unsigned());
  if (((word >> entry.offset % bits) & 1) == 0) return Content();
  return Content(repeated_word(kernel, 0));
}

// An area that is a zram disk or a partition of one.
Result<Content> in_zram(const Kernel& kernel, const Object& area,
                        SwapEntry entry) {
  constexpr unsigned sector = 512;
  Object device = area["bdev"];
  if (TRY(device.to_address()).value == 0) return Content();
  Object disk = device["bd_disk"].dereference();
  if (!is_zram(disk)) return Content();
  std::uint64_t start = 0;
  if (device.has_member("bd_start_sect")) {
    start = TRY(device["bd_start_sect"].to_unsigned());
  }
  std::uint64_t first = start / (kernel.page_size() / sector);
  return Content(TRY(zram_page(kernel, disk, first + entry.offset)));
}

Result<Content> in_memory(const Kernel& kernel, const Object& area,
                          SwapEntry entry) {
  std::uint64_t slots = TRY(area["max"].to_unsigned());
  if (entry.offset >= slots) {
    return Error(ErrorKind::corrupt,
                 fmt::format("the swap area has only {} slots", slots));
  }
  if (auto found = TRY(in_swap_cache(kernel, area, entry))) return found;
  if (auto found = TRY(in_zero_map(kernel, area, entry))) return found;
  if (auto found = TRY(zswap_page(kernel, entry))) return found;
  return in_zram(kernel, area, entry);
}

}  // namespace

Result<std::vector<std::byte>> swapped_page(const Kernel& kernel,
                                            SwapEntry entry) {
  auto area = swap_area(kernel, entry.type);
  if (!area) {
    return Error(ErrorKind::fault,
                 fmt::format("page is neither in memory nor swapped (mark {})",
                             entry.type));
  }
  auto found = in_memory(kernel, *area, entry);
  if (found && *found) return std::move(*std::move(found).value());
  auto name = swap_file_name(kernel, *area);
  return Error(ErrorKind::fault,
               fmt::format("page swapped to {}, slot {}: {}",
                           name.value_or(fmt::format("area {}", entry.type)),
                           entry.offset,
                           found ? "not in dump" : found.error().message()));
}

}  // namespace inquest
