// SPDX-License-Identifier: GPL-3.0-or-later
// The counters of the memory management, as /proc/vmstat and /proc/zoneinfo
// have them.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/zones.h"

namespace inquest {

struct VmCounter {
  std::string name;            // the enumerator: "NR_FREE_PAGES"
  Result<std::int64_t> value;  // as the kernel shows it
};

struct VmCounterTable {
  std::string_view name;  // of the kernel's variable: "vm_zone_stat"
  std::vector<VmCounter> counters;
};

// What this kernel has of: pages by zone (vm_zone_stat) and node
// (vm_node_stat), both without what CPUs have not handed in yet; where they
// came from (vm_numa_event, before 5.14 vm_numa_stat) and events
// (vm_event_states), both with all CPUs' parts.
std::vector<VmCounterTable> vm_counters(const Kernel& kernel);

// A zone's own vm_stat.
std::vector<VmCounter> zone_counters(const Kernel& kernel, const Zone& zone);
// What CPUs have counted and not handed in to the zone yet, in that order;
// empty where this kernel keeps it elsewhere.
std::vector<std::int64_t> pending_counts(const Kernel& kernel,
                                         const Zone& zone);

// One of the pages by zone or node: "NR_FREE_PAGES"; negative counts are 0, as
// the kernel takes them. |not_found| names what the kernel does not have.
Result<std::uint64_t> vm_counter(const Kernel& kernel, std::string_view name);

}  // namespace inquest
