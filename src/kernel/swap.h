// SPDX-License-Identifier: GPL-3.0-or-later
// Swap areas.

#pragma once

#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// How many areas a kernel can have; larger types of a SwapEntry are its marks.
Result<unsigned> most_swap_areas(const Kernel& kernel);

// The struct swap_info_struct of an area in use; |not_found| where there is
// none of this number.
Result<Object> swap_area(const Kernel& kernel, unsigned type);

// The name of the file or device of a struct swap_info_struct.
Result<std::string> swap_file_name(const Kernel& kernel, const Object& area);

struct SwapArea {
  Address address;
  unsigned type = 0;                          // its number
  Result<std::uint64_t> pages, pages_in_use;  // without the header
  Result<std::int64_t> priority;
  Result<bool> is_device;  // else a file
  Result<std::string> name;
};
struct SwapAreas {
  std::vector<SwapArea> found;  // those in use, by number
  std::vector<Error> faults;    // what hides others
};
Result<SwapAreas> swap_areas(const Kernel& kernel);

}  // namespace inquest
