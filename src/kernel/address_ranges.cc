// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/address_ranges.h"

#include <algorithm>

#include "kernel/linux_arch.h"

namespace inquest {
namespace {

std::vector<KernelRange> windows(const Kernel& kernel) {
  Result<Address> text = kernel.symbol("_stext");
  std::vector<KernelRange> ranges;
  for (const LinearWindow& window : kernel.memory().windows()) {
    if (window.size == 0) continue;
    bool is_image = text && *text - window.start < window.size;
    ranges.push_back({is_image ? RangeKind::image : RangeKind::direct_map,
                      {window.start, window.start + (window.size - 1)}});
  }
  return ranges;
}

// Adds |added| apart from what |ranges| have of it already.
void add(std::vector<KernelRange>& ranges, KernelRange added) {
  std::ranges::sort(ranges, {},
                    [](const KernelRange& one) { return one.range.start; });
  std::vector<KernelRange> free;
  AddressRange rest = added.range;
  bool is_used_up = rest.last < rest.start;
  for (const auto& [kind, taken] : ranges) {
    if (is_used_up || taken.start > rest.last) break;
    if (taken.last < rest.start) continue;
    if (taken.start > rest.start) {
      free.push_back({added.kind, {rest.start, taken.start - 1}});
    }
    is_used_up = taken.last >= rest.last;
    rest.start = taken.last + 1;
  }
  if (!is_used_up) free.push_back({added.kind, rest});
  ranges.insert(ranges.end(), free.begin(), free.end());
}

}  // namespace

std::vector<KernelRange> kernel_ranges(const Kernel& kernel) {
  std::vector<KernelRange> ranges = windows(kernel);
  for (const KernelRange& mapped : kernel.linux_arch().mapped_ranges(kernel))
    add(ranges, mapped);
  std::ranges::sort(ranges, {},
                    [](const KernelRange& one) { return one.range.start; });
  return ranges;
}

}  // namespace inquest
