// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/memory_usage.h"

#include <algorithm>

#include "base/arithmetic.h"
#include "kernel/counter.h"
#include "kernel/huge_pages.h"
#include "kernel/list.h"
#include "kernel/page_scan.h"
#include "kernel/swap.h"
#include "kernel/vm_counters.h"

namespace inquest {
namespace {

using Pages = Result<std::uint64_t>;

// Atomic since 5.0 (ca79b0c211af).
Pages total_pages(const Kernel& kernel) {
  if (kernel.has_symbol("_totalram_pages")) {
    return kernel.variable("_totalram_pages", "unsigned long").to_unsigned();
  }
  return kernel.variable("totalram_pages", "unsigned long").to_unsigned();
}

// Pages of the files that block devices are.
Pages buffer_pages(const Kernel& kernel) {
  Object super = kernel.variable("blockdev_superblock", "struct super_block *");
  auto inode = kernel.structure("inode");
  std::uint64_t sum = 0;
  for (const Object& one : list_entries(super["s_inodes"], inode, "i_sb_list"))
    sum += TRY(one["i_mapping"]["nrpages"].to_unsigned());
  return sum;
}

Pages sum_of(const Kernel& kernel, std::string_view a, std::string_view b) {
  return TRY(vm_counter(kernel, a)) + TRY(vm_counter(kernel, b));
}

// The names got an ending when the nodes' own counts became bytes (5.9,
// d42f3245c7e2); these sums are still pages.
Pages slab_pages(const Kernel& kernel) {
  auto sum = sum_of(kernel, "NR_SLAB_RECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE_B");
  if (sum) return sum;
  return sum_of(kernel, "NR_SLAB_RECLAIMABLE", "NR_SLAB_UNRECLAIMABLE");
}

// Counted since 5.12 (b6038942480e), before by each of swap's address spaces.
Pages swap_cache_pages(const Kernel& kernel) {
  auto counted = vm_counter(kernel, "NR_SWAPCACHE");
  if (counted || !kernel.has_symbol("swapper_spaces")) return counted;
  constexpr std::uint64_t most_spaces = 65536;
  const Type* type = TRY(kernel.structure("address_space"));
  Object spaces =
      kernel.variable("swapper_spaces", "struct address_space *[32]");
  Object counts = kernel.variable("nr_swapper_spaces", "unsigned int [32]");
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < TRY(most_swap_areas(kernel)); ++i) {
    std::uint64_t count = TRY(counts.at(i).to_unsigned());
    Address first = TRY(spaces.at(i).to_address());
    if (first.value == 0) continue;
    for (std::uint64_t j = 0; j < std::min(count, most_spaces); ++j) {
      Object space(kernel.memory(), *type, first + j * type->size());
      sum += TRY(space["nrpages"].to_unsigned());
    }
  }
  return sum;
}

Pages cached_pages(const Kernel& kernel, const Pages& buffers) {
  std::uint64_t others = TRY(swap_cache_pages(kernel)) + TRY(Pages(buffers));
  std::uint64_t files = TRY(vm_counter(kernel, "NR_FILE_PAGES"));
  return files - std::min(files, others);
}

struct Pools {
  Pages total = std::uint64_t{0};
  Pages part = std::uint64_t{0};  // free, or in use
};

void add(Pages& sum, const Pages& order, const Pages& count) {
  if (!sum) return;
  if (!order || !count) {
    sum = order ? count.error() : order.error();
    return;
  }
  sum = *sum + (*count << *order);
}

Pools huge_pools(const Kernel& kernel) {
  Pools pools;
  auto found = huge_page_pools(kernel);
  if (!found) return pools;  // a kernel without
  for (const HugePages& pool : *found) {
    add(pools.total, pool.order, pool.total);
    add(pools.part, pool.order, pool.free);
  }
  return pools;
}

Pools swap_pools(const Kernel& kernel) {
  constexpr std::uint64_t one_page = 0;  // as an order
  Pools pools;
  auto areas = swap_areas(kernel);
  if (!areas) {
    bool has_none = areas.error().kind() == ErrorKind::not_found;
    return has_none ? pools : Pools{areas.error(), areas.error()};
  }
  if (!areas->faults.empty()) {
    return {areas->faults.front(), areas->faults.front()};
  }
  for (const SwapArea& area : areas->found) {
    add(pools.total, one_page, area.pages);
    add(pools.part, one_page, area.pages_in_use);
  }
  return pools;
}

Pages commit_limit(const Kernel& kernel, const Pages& total, const Pages& huge,
                   const Pages& swap) {
  constexpr std::uint64_t kilo = 1024, all = 100;
  std::uint64_t kilobytes =
      TRY(kernel.variable("sysctl_overcommit_kbytes", "unsigned long")
              .to_unsigned());
  std::uint64_t swapped = TRY(Pages(swap));
  if (kilobytes != 0) return kilobytes / (kernel.page_size() / kilo) + swapped;
  std::uint64_t percent =
      TRY(kernel.variable("sysctl_overcommit_ratio", "int").to_unsigned());
  std::uint64_t pages = TRY(Pages(total));
  pages -= std::min(pages, TRY(Pages(huge)));
  return pages * percent / all + swapped;
}

// A percpu_counter: each CPU holds back a part.
Pages committed_pages(const Kernel& kernel) {
  Object counter = kernel.variable("vm_committed_as", "struct percpu_counter");
  std::int64_t sum = TRY(counter["count"].to_signed());
  Address parts = TRY(counter["counters"].to_address());
  for (unsigned cpu : kernel.possible_cpus()) {
    Address at = TRY(kernel.per_cpu_address(parts, cpu));
    auto part = static_cast<std::int32_t>(TRY(kernel.memory().u32(at)));
    sum = wrapping_sum(sum, part);
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

}  // namespace

MemoryUsage memory_usage(const Kernel& kernel) {
  Pages total = total_pages(kernel);
  Pages buffers = buffer_pages(kernel);
  Pools huge = huge_pools(kernel);
  Pools swap = swap_pools(kernel);
  return {.total = total,
          .free = vm_counter(kernel, "NR_FREE_PAGES"),
          .buffers = buffers,
          .cached = cached_pages(kernel, buffers),
          .slab = slab_pages(kernel),
          .huge_total = huge.total,
          .huge_free = huge.part,
          .swap_total = swap.total,
          .swap_used = swap.part,
          .commit_limit = commit_limit(kernel, total, huge.total, swap.total),
          .committed = committed_pages(kernel)};
}

Pages shared_pages(const Kernel& kernel) {
  PageMap pages = TRY(PageMap::open(kernel));
  PageDecoder decoder = TRY(PageDecoder::open(kernel));
  auto reserved = kernel.enumerator("PG_reserved");
  std::uint64_t ignored = reserved && *reserved >= 0 && *reserved < 64
                              ? std::uint64_t{1} << *reserved
                              : 0;
  std::uint64_t shared = 0;
  for (const PageRun& run : page_runs(kernel, pages)) {
    if (run.fault) kernel.note_loss(*run.fault, "some shared pages");
    for (std::uint64_t i = 0; i < run.count && !run.fault; ++i) {
      Bytes page = run.of(i);
      bool is_kept = (decoder.flags(page).value_or(0) & ignored) != 0;
      if (!is_kept && decoder.count(page).value_or(0) > 1) ++shared;
    }
  }
  return shared;
}

}  // namespace inquest
