// SPDX-License-Identifier: GPL-3.0-or-later
//
// The first chunk of the per-CPU allocator has a unit for each CPU: the
// kernel's own variables, then room for modules' and for what is given out at
// run time.

#include "kernel/per_cpu_areas.h"

#include <algorithm>

namespace inquest {

std::optional<PerCpuPlace> per_cpu_place(const Kernel& kernel, Address at) {
  auto first = kernel.symbol("__per_cpu_start");
  auto last = kernel.symbol("__per_cpu_end");
  if (!first || !last || *last <= *first) return std::nullopt;
  std::uint64_t own = *last - *first;
  Object unit = kernel.variable("pcpu_unit_size", "int");
  std::uint64_t size = std::max(own, unit.to_unsigned().value_or(0));
  for (unsigned cpu : kernel.possible_cpus()) {
    auto start = kernel.per_cpu_address(*first, cpu);
    if (!start || at - *start >= size) continue;
    PerCpuPlace place{cpu, *start, at - *start};
    if (place.offset >= own) return place;
    auto symbol = kernel.symbols().at(*first + place.offset);
    if (!symbol) return place;
    place.symbol = symbol->symbol->name;
    place.symbol_offset = symbol->offset;
    return place;
  }
  return std::nullopt;
}

}  // namespace inquest
