// SPDX-License-Identifier: GPL-3.0-or-later
// Pools of huge pages (hugetlb).

#pragma once

#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A struct hstate; counts are in huge pages.
struct HugePages {
  Address at;
  Result<std::uint64_t> order;  // log2 of the pages of a huge one
  Result<std::uint64_t> total, free, reserved, surplus;
  Result<std::string> name;
};

// By number. |not_found|: this kernel has no huge pages.
Result<std::vector<HugePages>> huge_page_pools(const Kernel& kernel);

}  // namespace inquest
