// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of kmem -s and -S: caches, slabs with their objects, and what each
// CPU and each memory node has of a cache.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command/columns.h"
#include "kernel/slabs.h"

namespace inquest {

constexpr std::string_view slab_cache_heading =
    "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n";

// A line of kmem -s.
struct SlabCacheRow {
  Address at;
  Result<std::string> name;
  std::uint64_t object_size = 0;
  std::uint64_t slab_size = 0;
  Result<std::uint64_t> allocated;
  Result<std::uint64_t> objects;
  Result<std::uint64_t> slabs;
};
SlabCacheRow slab_cache_row(const SlabInventory& inventory);
report::Record to_record(const SlabCacheRow& row);
std::string to_text(const SlabCacheRow& row);

// One that -I leaves out, or that cannot be one.
struct NoSlabCacheRow {
  Address at;
  Result<std::string> name;
  std::string why;  // "IGNORED"
};
report::Record to_record(const NoSlabCacheRow& row);
std::string to_text(const NoSlabCacheRow& row);

struct SlabRow {
  Slab slab;
  std::uint64_t free = 0;
  std::optional<unsigned> owner = {};    // the CPU whose own it is
  std::vector<SlabObject> objects = {};  // those to show
  bool has_objects = true;               // they are to be shown
  bool has_heading = true;
};
SlabRow slab_row(const SlabInventory& inventory, const Slab& slab);
report::Record to_record(const SlabRow& row);
std::string to_text(const SlabRow& row);

struct CpuSlabsRow {
  unsigned cpu = 0;
  std::string structure;  // that is at |at|: "kmem_cache_cpu"
  Result<Address> at;
  bool has_slabs = true;  // CPUs have slabs of their own
  bool has_partial = true;
  std::optional<SlabRow> own = {};
  std::vector<SlabRow> partial = {};
  std::vector<ObjectStore> stores = {};
};
report::Record to_record(const CpuSlabsRow& row);
std::string to_text(const CpuSlabsRow& row);

struct NodeSlabsRow {
  unsigned node = 0;
  Address at;
  Result<std::uint64_t> slabs;
  std::uint64_t owned = 0;  // of these by CPUs
  std::vector<SlabRow> partial = {};
  std::optional<std::vector<SlabRow>> full = {};   // absent: not listed
  std::optional<std::vector<SlabRow>> empty = {};  // absent: no such list
  std::vector<ObjectStore> stores = {};
};
report::Record to_record(const NodeSlabsRow& row);
std::string to_text(const NodeSlabsRow& row);

}  // namespace inquest
