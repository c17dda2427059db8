// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/zones.h"

#include <algorithm>

#include "kernel/counter.h"
#include "kernel/nodes.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_zones = 16;

// The array got an underscore when boosts came (1c30844d2dfe, 5.0).
Object watermarks(const Object& zone) {
  return zone[zone.has_member("_watermark") ? "_watermark" : "watermark"];
}

Zone zone_record(const Object& zone, unsigned node, unsigned number) {
  Object marks = watermarks(zone);
  return {.object = zone,
          .at = zone.address(),
          .node = node,
          .number = number,
          .name = zone["name"].to_string(),
          .first_frame = zone["zone_start_pfn"].to_unsigned(),
          .spanned = zone["spanned_pages"].to_unsigned(),
          .present = zone["present_pages"].to_unsigned(),
          .managed = plain_number(zone["managed_pages"]).to_unsigned(),
          .min = marks.at(0).to_unsigned(),
          .low = marks.at(1).to_unsigned(),
          .high = marks.at(2).to_unsigned(),
          .boost = zone["watermark_boost"].to_unsigned()};
}

}  // namespace

Result<std::vector<Zone>> memory_zones(const Kernel& kernel) {
  std::vector<Zone> found;
  for (const MemoryNode& node : TRY(memory_nodes(kernel))) {
    Object zones = kernel.object("pglist_data", node.at)["node_zones"];
    if (zones.fault() != nullptr) return *zones.fault();
    std::uint64_t count = std::min(zones.type().stripped().count, most_zones);
    for (unsigned i = 0; i < count; ++i)
      found.push_back(zone_record(zones.at(i), node.number, i));
  }
  return found;
}

}  // namespace inquest
