// SPDX-License-Identifier: GPL-3.0-or-later
//
// Counters are arrays, indexed by enumerations which give them their names.
// CPUs collect differences of their own and hand them in when they are large
// or some time has passed; what the kernel shows of pages leaves them out.
//
// One array, vm_stat, became two in 4.8 (75ef71840539). Where pages came from
// got an array of its own in 4.14 (3a321d2a3dde), vm_numa_stat; since 5.14
// (f19298b9516c) vm_numa_event, of which the CPUs' parts are in the zones'
// per_cpu_zonestats (28f836b6777b).

#include "kernel/vm_counters.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/arithmetic.h"
#include "kernel/counter.h"

namespace inquest {
namespace {

constexpr std::int64_t most_counters = 1024;

// By index. Some indexes have two names: that of the first of a group
// (NR_LRU_BASE), which comes first, and its own.
std::vector<std::string> counter_names(const Kernel& kernel,
                                       std::string_view enumeration) {
  std::vector<std::string> names;
  auto type = kernel.types().type(enumeration, TypeTag::enumeration);
  if (!type) return names;
  for (const Enumerator& one : (*type)->enumerators()) {
    bool is_count = one.name.ends_with("_ITEMS");
    if (is_count || one.value < 0 || one.value >= most_counters) continue;
    auto index = static_cast<std::size_t>(one.value);
    if (names.size() <= index) names.resize(index + 1);
    names[index] = one.name;
  }
  return names;
}

// The long that is the |index|-th behind |at|.
Result<std::int64_t> number_at(const Kernel& kernel, const Result<Address>& at,
                               std::size_t index) {
  if (!at) return at.error();
  unsigned word = kernel.arch().pointer_size();
  return static_cast<std::int64_t>(
      TRY(kernel.memory().load(*at + index * word, word)));
}

// An array of atomic_long_t.
std::vector<VmCounter> counters_at(const Kernel& kernel,
                                   const Result<Address>& at,
                                   std::string_view enumeration) {
  std::vector<VmCounter> counters;
  for (std::string& name : counter_names(kernel, enumeration)) {
    auto value = number_at(kernel, at, counters.size());
    counters.push_back({std::move(name), std::move(value)});
  }
  return counters;
}

void add(Result<std::int64_t>& sum, const Result<std::int64_t>& part) {
  if (!sum) return;
  if (part) {
    sum = wrapping_sum(*sum, *part);
  } else {
    sum = part.error();
  }
}

// A CPU's instance of what a zone has a per-CPU pointer to.
Object cpu_part(const Kernel& kernel, const Object& zone,
                std::string_view member, unsigned cpu) {
  Object pointer = zone[member];
  auto at = pointer.to_address();
  auto own = at ? kernel.per_cpu_address(*at, cpu) : at;
  if (!own) return own.error();
  const Type* target = pointer.type().stripped().target();
  if (target == nullptr) {
    return Error(ErrorKind::unsupported, std::string(member) + " of no type");
  }
  return {kernel.memory(), *target, *own};
}

// Where pages came from, by zone and CPU.
struct NumaLayout {
  std::string_view variable, enumeration, zone_member, member;
};
constexpr std::array<NumaLayout, 2> numa_layouts = {
    {{"vm_numa_event", "numa_stat_item", "per_cpu_zonestats", "vm_numa_event"},
     {"vm_numa_stat", "numa_stat_item", "pageset", "vm_numa_stat_diff"}}};

void add_cpus(const Kernel& kernel, const NumaLayout& layout,
              std::vector<VmCounter>& counters) {
  auto zones = memory_zones(kernel);
  auto lose = [&counters](const Error& error) {
    for (VmCounter& counter : counters)
      add(counter.value, error);
  };
  if (!zones) return lose(zones.error());
  for (const Zone& zone : *zones) {
    if (!zone.present) lose(zone.present.error());
    // Zones without memory share what they have.
    if (!zone.is_populated()) continue;
    for (unsigned cpu : kernel.possible_cpus()) {
      Object counts =
          cpu_part(kernel, zone.object, layout.zone_member, cpu)[layout.member];
      for (std::size_t i = 0; i < counters.size(); ++i)
        add(counters[i].value, counts.at(i).to_signed());
    }
  }
}

std::vector<VmCounter> numa_counters(const Kernel& kernel,
                                     const NumaLayout& layout) {
  auto counters =
      counters_at(kernel, kernel.symbol(layout.variable), layout.enumeration);
  add_cpus(kernel, layout, counters);
  return counters;
}

std::vector<VmCounter> event_counters(const Kernel& kernel) {
  std::vector<VmCounter> counters;
  for (std::string& name : counter_names(kernel, "vm_event_item"))
    counters.push_back({std::move(name), std::int64_t{0}});
  for (unsigned cpu : kernel.possible_cpus()) {
    auto at = kernel.symbol("vm_event_states");
    if (at) at = kernel.per_cpu_address(*at, cpu);
    for (std::size_t i = 0; i < counters.size(); ++i)
      add(counters[i].value, number_at(kernel, at, i));
  }
  return counters;
}

struct PageCounters {
  std::string_view variable, enumeration;
};
constexpr std::array<PageCounters, 3> page_counters = {
    {{"vm_zone_stat", "zone_stat_item"},
     {"vm_node_stat", "node_stat_item"},
     {"vm_stat", "zone_stat_item"}}};

}  // namespace

std::vector<VmCounterTable> vm_counters(const Kernel& kernel) {
  std::vector<VmCounterTable> tables;
  for (const auto& [variable, enumeration] : page_counters) {
    if (!kernel.has_symbol(variable)) continue;
    tables.push_back(
        {variable, counters_at(kernel, kernel.symbol(variable), enumeration)});
  }
  for (const NumaLayout& layout : numa_layouts) {
    if (!kernel.has_symbol(layout.variable)) continue;
    tables.push_back({layout.variable, numa_counters(kernel, layout)});
  }
  if (kernel.has_symbol("vm_event_states")) {
    tables.push_back({"vm_event_states", event_counters(kernel)});
  }
  return tables;
}

std::vector<VmCounter> zone_counters(const Kernel& kernel, const Zone& zone) {
  Object counts = zone.object["vm_stat"];
  Result<Address> at = counts.fault() == nullptr
                           ? Result(counts.address())
                           : Result<Address>(*counts.fault());
  return counters_at(kernel, at, "zone_stat_item");
}

std::vector<std::int64_t> pending_counts(const Kernel& kernel,
                                         const Zone& zone) {
  std::vector<std::int64_t> sums;
  bool has_parts = zone.object.has_member("per_cpu_zonestats");
  if (!has_parts || !zone.is_populated()) return sums;
  sums.resize(counter_names(kernel, "zone_stat_item").size());
  for (unsigned cpu : kernel.possible_cpus()) {
    Object counts =
        cpu_part(kernel, zone.object, "per_cpu_zonestats", cpu)["vm_stat_diff"];
    for (std::size_t i = 0; i < sums.size(); ++i) {
      auto part = counts.at(i).to_signed();
      if (!part) {
        kernel.note_loss(part.error(),
                         fmt::format("what CPU {} has counted", cpu));
        break;
      }
      sums[i] = wrapping_sum(sums[i], *part);
    }
  }
  return sums;
}

Result<std::uint64_t> vm_counter(const Kernel& kernel, std::string_view name) {
  for (const auto& [variable, enumeration] : page_counters) {
    if (!kernel.has_symbol(variable)) continue;
    auto names = counter_names(kernel, enumeration);
    auto found = std::ranges::find(names, name);
    if (found == names.end()) continue;
    auto index = static_cast<std::size_t>(found - names.begin());
    std::int64_t value = TRY(number_at(kernel, kernel.symbol(variable), index));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
  }
  return Error(ErrorKind::not_found,
               "this kernel does not count " + std::string(name));
}

}  // namespace inquest
