// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/extents.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

// What is to be known at one address: how far the same goes on, and where that
// lies, if it is mapped.
struct Step {
  std::optional<PhysAddress> physical;
  Address last;
};

// The last address of the aligned block of |size| (a power of two, 0: of
// everything) around |at|.
Address block_last(Address at, std::uint64_t size) {
  return {at.value | (size - 1)};
}

// Between the two halves of the address space, where no table leads, the first
// address of the upper one.
std::optional<Address> upper_half(const Paging& paging, Address at) {
  if (paging.va_bits >= 64) return std::nullopt;
  std::uint64_t half = std::uint64_t{1} << paging.va_bits;
  Address upper{0 - half};
  bool is_between = at.value >= half && at < upper;
  return is_between ? std::optional(upper) : std::nullopt;
}

Step table_step(const MappedSpace& space, Address at) {
  if (!space.paging()) return {std::nullopt, Address{largest}};
  if (auto upper = upper_half(*space.paging(), at)) {
    return {std::nullopt, *upper - 1};
  }
  std::vector<WalkStep> steps;
  auto found = space.walk(at, &steps);
  if (found) {
    std::uint64_t size = std::max<std::uint64_t>(found->page_size, 1);
    return {found->physical, block_last(at, size)};
  }
  return {std::nullopt,
          block_last(at, entry_reach(*space.paging(), steps.size()))};
}

Step step_at(const MappedSpace& space, Address at) {
  Address last{largest};
  for (const LinearWindow& window : space.windows()) {
    if (window.size == 0) continue;
    if (at - window.start < window.size) {
      return {window.physical + (at - window.start),
              window.start + (window.size - 1)};
    }
    if (window.start > at) last = std::min(last, window.start - 1);
  }
  Step step = table_step(space, at);
  step.last = std::min(step.last, last);
  return step;
}

bool is_continued(const Extent& extent, Address at, PhysAddress physical) {
  return extent.end() == at && extent.physical + extent.size == physical;
}

}  // namespace

// A table that cannot be read counts as the missing entry that leads to it, and
// an address that no table is for as half of what they are for.
std::uint64_t entry_reach(const Paging& paging, std::size_t steps) {
  unsigned index_bits = paging.page_shift - 3;
  unsigned shift = paging.va_bits - 1;
  if (steps != 0 && steps <= paging.levels) {
    auto above = static_cast<unsigned>(paging.levels - steps);
    shift = paging.page_shift + above * index_bits;
  }
  return shift < 64 ? std::uint64_t{1} << shift : 0;
}

Generator<Extent> mapped_extents(const MappedSpace& space, AddressRange range) {
  Extent extent;
  Address at = range.start;
  while (at <= range.last && !interrupted()) {
    Step step = step_at(space, at);
    Address last = std::min(step.last, range.last);
    if (step.physical) {
      if (!is_continued(extent, at, *step.physical)) {
        if (extent.size != 0) co_yield extent;
        extent = {at, *step.physical, 0};
      }
      extent.size += last - at + 1;
    }
    if (last.value == largest) break;
    at = last + 1;
  }
  if (extent.size != 0) co_yield extent;
}

}  // namespace inquest
