// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/process_pages.h"

#include "base/interrupt.h"
#include "kernel/linux_arch.h"
#include "memory/extents.h"

namespace inquest {
namespace {

// What one entry of the tables says of the addresses up to |last|.
struct Stretch {
  ProcessPage first;
  Address last;
};

Stretch stretch_at(const Kernel& kernel, const MappedSpace& memory,
                   Address at) {
  std::vector<WalkStep> steps;
  ProcessPage page{.at = at, .physical = {}, .swap = {}, .fault = {}};
  auto found = memory.walk(at, &steps);
  std::uint64_t size =
      found ? found->page_size : entry_reach(*memory.paging(), steps.size());
  Stretch stretch{page, Address{at.value | (size - 1)}};
  if (found) {
    stretch.first.physical = found->physical;
    return stretch;
  }
  PageEntry entry;
  if (!steps.empty()) {
    entry = kernel.linux_arch().page_entry(kernel, steps.back().entry);
  }
  if (entry.kind == PageEntry::Kind::hidden) {
    stretch.first.physical = entry.physical_of(at, size);
  } else if (entry.kind == PageEntry::Kind::swapped) {
    stretch.first.swap = entry.swap;
  } else if (!is_unmapped(found.error())) {
    stretch.first.fault = found.error();
  }
  return stretch;
}

}  // namespace

Generator<ProcessPage> process_pages(const Kernel& kernel,
                                     const MappedSpace& memory, Address start,
                                     Address end) {
  std::uint64_t size = kernel.page_size();
  std::optional<Stretch> stretch;
  for (Address at = start; at < end && !interrupted(); at = at + size) {
    if (!stretch || at > stretch->last) {
      stretch = stretch_at(kernel, memory, at);
    }
    ProcessPage page = stretch->first;
    std::uint64_t behind = at - page.at;
    page.at = at;
    if (page.physical) page.physical = *page.physical + behind;
    if (page.swap) page.swap->offset += behind / size;
    co_yield page;
    if (at.value > ~std::uint64_t{0} - size) co_return;
  }
}

}  // namespace inquest
