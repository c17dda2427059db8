// SPDX-License-Identifier: GPL-3.0-or-later
//
// swap_info is an array of pointers to the areas, filled from the front (since
// 2.6.33).

#include "kernel/swap.h"

#include <algorithm>

#include <fmt/format.h>

#include "kernel/path.h"

namespace inquest {
namespace {

constexpr std::uint64_t used = 1;  // SWP_USED

Error no_area(unsigned type) {
  return {ErrorKind::not_found, fmt::format("no swap area {}", type)};
}

// An atomic_long_t since 6.14 (b228386cf37c), with a flag of an area that is
// not on the list of those to allocate from.
Result<std::uint64_t> pages_in_use(const Object& area) {
  constexpr std::uint64_t off_list = std::uint64_t{1} << 30;
  Object pages = area["inuse_pages"];
  if (!pages.has_member("counter")) return pages.to_unsigned();
  return TRY(pages["counter"].to_unsigned()) & ~off_list;
}

// As /proc/swaps tells them apart.
Result<bool> is_device(const Object& area) {
  constexpr std::uint64_t format_mask = 0170000;
  constexpr std::uint64_t block_device = 0060000;
  std::uint64_t mode =
      TRY(area["swap_file"]["f_inode"]["i_mode"].to_unsigned());
  return (mode & format_mask) == block_device;
}

}  // namespace

Result<unsigned> most_swap_areas(const Kernel& kernel) {
  constexpr std::uint64_t type_space = 32;
  Address at = TRY(kernel.symbol("swap_info"));
  const Symbol* symbol = kernel.symbols().find("swap_info");
  bool is_sized = symbol != nullptr && symbol->address == at && symbol->size;
  std::uint64_t count =
      is_sized ? symbol->size / kernel.arch().pointer_size() : type_space;
  return static_cast<unsigned>(std::min(count, type_space));
}

Result<Object> swap_area(const Kernel& kernel, unsigned type) {
  if (type >= TRY(most_swap_areas(kernel))) return no_area(type);
  Object pointers =
      kernel.variable("swap_info", "struct swap_info_struct *[32]");
  Object pointer = pointers.at(type);
  if (TRY(pointer.to_address()).value == 0) return no_area(type);
  Object area = pointer.dereference();
  if ((TRY(area["flags"].to_unsigned()) & used) == 0) return no_area(type);
  return area;
}

Result<std::string> swap_file_name(const Kernel& kernel, const Object& area) {
  Object file = area["swap_file"];
  if (TRY(file.to_address()).value == 0) {
    return Error(ErrorKind::not_found, "the swap area has no file");
  }
  return file_name(kernel, file.dereference());
}

Result<SwapAreas> swap_areas(const Kernel& kernel) {
  unsigned most = TRY(most_swap_areas(kernel));
  SwapAreas areas;
  for (unsigned type = 0; type < most; ++type) {
    auto area = swap_area(kernel, type);
    if (!area && area.error().kind() == ErrorKind::not_found) continue;
    if (!area) {
      areas.faults.push_back(area.error());
      continue;
    }
    areas.found.push_back({.address = area->address(),
                           .type = type,
                           .pages = (*area)["pages"].to_unsigned(),
                           .pages_in_use = pages_in_use(*area),
                           .priority = (*area)["prio"].to_signed(),
                           .is_device = is_device(*area),
                           .name = swap_file_name(kernel, *area)});
  }
  return areas;
}

}  // namespace inquest
