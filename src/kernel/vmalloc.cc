// SPDX-License-Identifier: GPL-3.0-or-later
//
// All areas are on one list, vmap_area_list. 6.9 (d093602919ad and others)
// spread them over vmap_nodes, nr_vmap_nodes of them, each with a list and a
// tree of those in use. Areas that are not to be used any more and wait for
// their mappings to go are elsewhere.

#include "kernel/vmalloc.h"

#include <algorithm>

#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_nodes = 4096;

// The lists of areas in use.
Result<std::vector<Object>> area_lists(const Kernel& kernel) {
  if (!kernel.has_symbol("vmap_nodes")) {
    TRY(kernel.symbol("vmap_area_list"));
    return std::vector{kernel.variable("vmap_area_list", "struct list_head")};
  }
  Object nodes = kernel.variable("vmap_nodes", "struct vmap_node *");
  std::uint64_t count =
      TRY(kernel.variable("nr_vmap_nodes", "unsigned int").to_unsigned());
  std::vector<Object> lists;
  for (std::uint64_t i = 0; i < std::min(count, most_nodes); ++i)
    lists.push_back(nodes.at(i)["busy"]["head"]);
  return lists;
}

// A flag said whether there is a vm_struct until 5.4, when the pointer began to
// share its place with what only free areas have (688fcbfc06e4). 6.3 has flags
// again, of another meaning.
Result<Address> details_of(const Object& area) {
  constexpr std::uint64_t has_details = 4;  // VM_VM_AREA
  if (!area.has_member("subtree_max_size") && area.has_member("flags") &&
      (TRY(area["flags"].to_unsigned()) & has_details) == 0) {
    return Address{};
  }
  return area["vm"].to_address();
}

Result<VmallocArea> area_record(const Kernel& kernel, const Object& area) {
  VmallocArea found{.at = area.address(),
                    .start = {TRY(area["va_start"].to_unsigned())},
                    .end = {TRY(area["va_end"].to_unsigned())},
                    .details = TRY(details_of(area))};
  if (found.end <= found.start) {
    return Error(ErrorKind::corrupt, "a vmap_area that ends before it starts",
                 found.at.value);
  }
  if (found.details.value == 0) return found;
  Object details = kernel.object("vm_struct", found.details);
  found.flags = details["flags"].to_unsigned();
  found.pages = details["nr_pages"].to_unsigned();
  auto physical = details["phys_addr"].to_unsigned();
  found.physical =
      physical ? Result(Address{*physical}) : Result<Address>(physical.error());
  found.caller = details["caller"].to_address();
  return found;
}

}  // namespace

Result<VmallocAreas> vmalloc_areas(const Kernel& kernel) {
  VmallocAreas areas;
  auto type = kernel.structure("vmap_area");
  for (const Object& list : TRY(area_lists(kernel))) {
    for (const Object& area : list_entries(list, type, "list")) {
      auto record = area.fault() != nullptr ? Result<VmallocArea>(*area.fault())
                                            : area_record(kernel, area);
      if (record) {
        areas.found.push_back(*record);
      } else {
        areas.faults.push_back(record.error());
      }
    }
  }
  std::ranges::sort(areas.found, {}, &VmallocArea::start);
  return areas;
}

std::optional<VmallocArea> vmalloc_area(const Kernel& kernel, Address at) {
  auto areas = vmalloc_areas(kernel);
  if (!areas) {
    kernel.note_loss(areas.error(), "vmalloc areas");
    return std::nullopt;
  }
  for (const Error& fault : areas->faults)
    kernel.note_loss(fault, "some vmalloc areas");
  auto found = std::ranges::find_if(
      areas->found,
      [at](const VmallocArea& area) { return area.contains(at); });
  return found != areas->found.end() ? std::optional(*found) : std::nullopt;
}

}  // namespace inquest
