// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/huge_pages.h"

#include <algorithm>

namespace inquest {
namespace {

constexpr std::uint64_t most_pools = 64;

// 63 would be more memory than there are addresses.
Result<std::uint64_t> order_of(const Object& pool) {
  std::uint64_t order = TRY(pool["order"].to_unsigned());
  if (order < 52) return order;
  return Error(ErrorKind::corrupt, "the order of huge pages");
}

}  // namespace

Result<std::vector<HugePages>> huge_page_pools(const Kernel& kernel) {
  Address first = TRY(kernel.symbol("hstates"));
  const Type* type = TRY(kernel.structure("hstate"));
  std::uint64_t count =
      TRY(kernel.variable("hugetlb_max_hstate", "int").to_unsigned());
  std::vector<HugePages> found;
  for (std::uint64_t i = 0; i < std::min(count, most_pools); ++i) {
    Object pool(kernel.memory(), *type, first + i * type->size());
    found.push_back({.at = pool.address(),
                     .order = order_of(pool),
                     .total = pool["nr_huge_pages"].to_unsigned(),
                     .free = pool["free_huge_pages"].to_unsigned(),
                     .reserved = pool["resv_huge_pages"].to_unsigned(),
                     .surplus = pool["surplus_huge_pages"].to_unsigned(),
                     .name = pool["name"].to_string()});
  }
  return found;
}

}  // namespace inquest
