// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much memory a process has. The resident pages are counted by kind: in
// an array of the mm (mm_rss_stat) to 6.1, of which each thread may hold back
// a part of its own (task_struct.rss_stat); from 6.2 on (commit f1a7941243c1)
// in an array of per-CPU counters.

#include <algorithm>

#include "base/arithmetic.h"
#include "kernel/nodes.h"
#include "kernel/task.h"

namespace inquest {
namespace {

// The kinds that are memory: not MM_SWAPENTS.
std::vector<std::uint64_t> resident_kinds(const Kernel& kernel) {
  std::vector<std::uint64_t> kinds;
  for (std::string_view name :
       {"MM_FILEPAGES", "MM_ANONPAGES", "MM_SHMEMPAGES"}) {
    auto kind = kernel.enumerator(name);
    if (kind && *kind >= 0) kinds.push_back(static_cast<std::uint64_t>(*kind));
  }
  if (kinds.empty()) kinds = {0, 1};
  return kinds;
}

// The pages that the nodes' zones span, holes included: crash's measure.
std::uint64_t total_pages(const Kernel& kernel) {
  auto nodes = memory_nodes(kernel);
  std::uint64_t sum = 0;
  if (!nodes) return sum;
  for (const MemoryNode& node : *nodes)
    sum += node.spanned;
  return sum;
}

}  // namespace

MemoryMeter::MemoryMeter(const Kernel& kernel)
    : kernel_(kernel),
      kinds_(resident_kinds(kernel)),
      cpus_(kernel.possible_cpus()),
      all_pages_(total_pages(kernel)),
      threads_hold_back_(kernel.has_member("task_struct", "rss_stat.count")) {}

// Each CPU's part lies at the same distance for all counters.
Result<std::int64_t> MemoryMeter::per_cpu_sum(const Object& counter) {
  std::int64_t sum = TRY(counter["count"].to_signed());
  Address parts = TRY(counter["counters"].to_address());
  if (parts.value == 0) return sum;
  if (per_cpu_offsets_.empty()) {
    std::vector<std::uint64_t> offsets;
    for (unsigned cpu : cpus_) {
      Address at = TRY(kernel_.per_cpu_address(parts, cpu));
      offsets.push_back(at.value - parts.value);
    }
    per_cpu_offsets_ = std::move(offsets);
  }
  for (std::uint64_t offset : per_cpu_offsets_) {
    std::uint32_t part = TRY(kernel_.memory().u32(parts + offset));
    sum = wrapping_sum(sum, sign_extend(part, 32));
  }
  return sum;
}

// What the threads have counted and not yet given to the mm.
std::int64_t MemoryMeter::held_back(const Object& task) const {
  std::int64_t sum = 0;
  if (!threads_hold_back_) return sum;
  for (const Object& thread : threads(kernel_, task)) {
    for (std::uint64_t kind : kinds_) {
      auto count = thread["rss_stat"]["count"].at(kind).to_signed();
      if (!count) {
        kernel_.note_loss(count.error(), "pages that a thread has counted");
        break;
      }
      sum = wrapping_sum(sum, *count);
    }
  }
  return sum;
}

Result<std::uint64_t> MemoryMeter::resident_pages(const Object& task,
                                                  const Object& mm) {
  Object counts = mm["rss_stat"];
  std::int64_t pages = 0;
  if (counts.fault() != nullptr) return *counts.fault();
  bool is_per_cpu = counts.type().is_array();
  for (std::uint64_t kind : kinds_) {
    if (is_per_cpu) {
      pages = wrapping_sum(pages, TRY(per_cpu_sum(counts.at(kind))));
    } else {
      Object count = counts["count"].at(kind);
      if (count.has_member("counter")) count = count["counter"];
      pages = wrapping_sum(pages, TRY(count.to_signed()));
    }
  }
  if (!is_per_cpu) pages = wrapping_sum(pages, held_back(task));
  return pages > 0 ? static_cast<std::uint64_t>(pages) : 0;
}

Result<TaskMemory> MemoryMeter::measure(const Object& task, const Object& mm) {
  TaskMemory memory;
  std::uint64_t page = kernel_.page_size();
  memory.virtual_bytes = TRY(mm["total_vm"].to_unsigned()) * page;
  std::uint64_t resident = TRY(resident_pages(task, mm));
  memory.resident_bytes = resident * page;
  if (all_pages_ != 0) {
    memory.percent =
        100.0 * static_cast<double>(resident) / static_cast<double>(all_pages_);
  }
  return memory;
}

Result<TaskMemory> MemoryMeter::measure(const Object& task) {
  Address at = TRY(task_mm(task));
  if (at.value == 0) return TaskMemory{};
  TaskState state = TRY(task_state(kernel_, task));
  if (state.zombie || state.dead || state.exit_dead) return TaskMemory{};
  if (last_mm_ != at) {
    last_mm_.reset();
    last_ = TRY(measure(task, task["mm"].dereference()));
    last_mm_ = at;
  }
  return last_;
}

}  // namespace inquest
