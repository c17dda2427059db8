// SPDX-License-Identifier: GPL-3.0-or-later
//
// Disks are the devices of class "block" that are no partitions. A class keeps
// its devices in a struct subsys_private:
//   class.p leads there until 6.3;
//   later it is looked for among the members of class_kset (6.4, commit
//   2df418cf4b72).
// A device is on that list with its struct device_private (5.1, commit
// 570d020012e6), with itself before. It is part of the disk's struct
// block_device (5.11, commit 0d02129e76ed), of its hd_struct before.
//
// Requests of blk-mq are found by their tags: a bit for each in the hardware
// queue's tags, which queues may share, and a table of requests. Where the
// hardware queues are: queue_hw_ctx, an array, and from 5.18 (commit
// 4e5cc99e1e48) to 6.18 the xarray hctx_table.

#include "kernel/disks.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/sbitmap.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_queues = 1 << 16;

Error lacks(std::string_view what) {
  return {ErrorKind::unsupported, fmt::format("this kernel has no {}", what)};
}

// The struct subsys_private of the class that the variable |name| is.
Result<Object> class_private(const Kernel& kernel, std::string_view name) {
  Object own = kernel.variable(name, "struct class");
  if (own.has_member("p")) return own["p"].dereference();
  if (own.fault() != nullptr) return *own.fault();
  Object all = kernel.variable("class_kset", "struct kset *");
  for (const Object& entry :
       list_entries(all["list"], kernel.structure("subsys_private"),
                    "subsys.kobj.entry")) {
    if (entry.fault() != nullptr) return *entry.fault();
    if (TRY(entry["class"].to_address()) == own.address()) return entry;
  }
  return lacks(fmt::format("{} in class_kset", name));
}

// The struct device of each member of a class.
Generator<Object> class_devices(const Kernel& kernel, std::string name) {
  auto own = class_private(kernel, name);
  if (!own) {
    co_yield own.error();
    co_return;
  }
  bool is_private = kernel.has_member("device_private", "knode_class");
  auto type = kernel.structure(is_private ? "device_private" : "device");
  for (const Object& entry : list_entries((*own)["klist_devices"]["k_list"],
                                          type, "knode_class.n_node")) {
    Object device = is_private && entry.fault() == nullptr
                        ? entry["device"].dereference()
                        : entry;
    co_yield device;
  }
}

// The disk behind a device of class "block".
Object disk_of(const Kernel& kernel, const Object& device) {
  if (kernel.has_member("block_device", "bd_device")) {
    auto type = kernel.structure("block_device");
    if (!type) return type.error();
    return device.container_of(**type, "bd_device")["bd_disk"].dereference();
  }
  auto type = kernel.structure("gendisk");
  if (!type) return type.error();
  return device.container_of(**type, "part0.__dev");
}

Result<bool> is_disk(const Object& device) {
  return TRY(device["type"]["name"].to_string()) == "disk";
}

// ---- Requests ----

// Counts the requests of |queue| that are with the driver.
class TagWalk {
 public:
  TagWalk(const Kernel& kernel, Object queue)
      : kernel_(kernel), queue_(std::move(queue)) {}

  Result<RequestCounts> count() {
    own_ = TRY(queue_.to_address());
    in_flight_ = TRY(kernel_.enumerator("MQ_RQ_IN_FLIGHT"));
    if (queue_.has_member("hctx_table")) {
      for (const IndexedEntry& entry :
           xarray_entries(kernel_, queue_["hctx_table"])) {
        if (entry.fault) return *entry.fault;
        TRY(take(kernel_.object("blk_mq_hw_ctx", entry.entry)));
      }
      return counts_;
    }
    std::uint64_t queues = TRY(queue_["nr_hw_queues"].to_unsigned());
    for (std::uint64_t i = 0; i < std::min(queues, most_queues); ++i) {
      if (interrupted()) break;
      TRY(take(queue_["queue_hw_ctx"].at(i).dereference()));
    }
    return counts_;
  }

 private:
  Result<void> take(const Object& hardware) {
    Object tags = hardware["tags"];
    Address at = TRY(tags.to_address());
    if (at.value == 0 || !seen_.insert(at.value).second) return {};
    std::uint64_t reserved = TRY(tags["nr_reserved_tags"].to_unsigned());
    TRY(take_bits(tags, "breserved_tags", 0));
    return take_bits(tags, "bitmap_tags", reserved);
  }

  // A pointer from 5.10 to 5.15.
  Result<void> take_bits(const Object& tags, std::string_view which,
                         std::uint64_t first) {
    Sbitmap bits = TRY(read_sbitmap(tags[which]["sb"]));
    for (std::size_t i = 0; i < bits.set.size() && !interrupted(); ++i) {
      if (bits.set[i]) TRY(take_request(tags["rqs"].at(first + i)));
    }
    return {};
  }

  Result<void> take_request(const Object& request) {
    if (TRY(request.to_address()).value == 0) return {};
    if (TRY(request["q"].to_address()) != own_) return {};
    if (TRY(request["state"].to_signed()) != in_flight_) return {};
    bool is_write = (TRY(request["cmd_flags"].to_unsigned()) & 1) != 0;
    ++(is_write ? counts_.writes : counts_.reads);
    return {};
  }

  const Kernel& kernel_;
  Object queue_;
  Address own_;
  std::int64_t in_flight_ = 0;
  std::set<std::uint64_t> seen_;  // tags that queues share
  RequestCounts counts_;
};

// ---- Statistics ----

// The template of a disk's struct disk_stats for each CPU.
Result<Object> statistics(const Object& disk) {
  Object whole = disk["part0"];
  for (std::string_view member : {"bd_stats", "dkstats"}) {
    if (whole.has_member(member)) return whole[member];
  }
  return lacks("block_device.bd_stats or hd_struct.dkstats");
}

// The sum over all CPUs of what |read| finds in a struct disk_stats.
template <typename Read>
Result<std::uint64_t> sum(const Kernel& kernel, const Object& disk,
                          const Read& read) {
  Object all = TRY(statistics(disk));
  Address at = TRY(all.to_address());
  std::uint64_t total = 0;
  for (unsigned cpu : kernel.possible_cpus()) {
    Address own = TRY(kernel.per_cpu_address(at, cpu));
    total += TRY(read(kernel.object("disk_stats", own)));
  }
  // CPUs count what others began: each alone may be negative, not all together.
  return static_cast<std::int64_t>(total) < 0 ? 0 : total;
}

// What groups of requests hold: reads, writes.
Result<RequestCounts> completed_of(const Kernel& kernel, const Object& disk) {
  auto group = [&](std::uint64_t which) {
    return sum(kernel, disk, [which](const Object& stats) {
      return stats["ios"].at(which).to_unsigned();
    });
  };
  return RequestCounts{.reads = TRY(group(0)), .writes = TRY(group(1))};
}

// disk_stats.in_flight since 5.0 (commit 1226b8dd0e91): a local_t each.
Result<RequestCounts> begun_of(const Kernel& kernel, const Object& disk) {
  if (!kernel.has_member("disk_stats", "in_flight")) {
    return lacks("disk_stats.in_flight");
  }
  auto group = [&](std::uint64_t which) {
    return sum(kernel, disk, [which](const Object& stats) {
      return stats["in_flight"].at(which)["a"]["counter"].to_unsigned();
    });
  };
  return RequestCounts{.reads = TRY(group(0)), .writes = TRY(group(1))};
}

Result<RequestCounts> in_progress_of(const Kernel& kernel, const Object& disk) {
  Object queue = disk["queue"];
  if (TRY(queue.to_address()).value == 0) return RequestCounts{};
  bool is_mq = TRY(queue["mq_ops"].to_address()).value != 0;
  return is_mq ? TagWalk(kernel, queue).count() : begun_of(kernel, disk);
}

}  // namespace

Generator<Object> disks(const Kernel& kernel) {
  for (const Object& device : class_devices(kernel, "block_class")) {
    if (device.fault() != nullptr) {
      co_yield device;
      continue;
    }
    auto is_one = is_disk(device);
    if (is_one && !*is_one) continue;
    Object disk = is_one ? disk_of(kernel, device) : Object(is_one.error());
    co_yield disk;
  }
}

DiskState disk_state(const Kernel& kernel, const Object& disk) {
  return {.gendisk = disk.address(),
          .major = disk["major"].to_unsigned(),
          .name = disk["disk_name"].to_string(),
          .queue = disk["queue"].to_address(),
          .in_progress = in_progress_of(kernel, disk),
          .completed = completed_of(kernel, disk)};
}

}  // namespace inquest
