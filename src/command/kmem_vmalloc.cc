// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -v: what vmalloc() and the like have mapped.

#include "command/kmem_vmalloc.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "command/code.h"
#include "command/kmem.h"
#include "memory/extents.h"

namespace inquest {

// ---- What we answer ----

VmallocRow vmalloc_row(const Kernel& kernel, const VmallocArea& area) {
  if (!area.caller) return {area, area.caller.error()};
  return {area, place_text(kernel, *area.caller)};
}

std::string_view vmalloc_heading() {
  return "   VMAP_AREA         VM_STRUCT                 ADDRESS RANGE         "
         "       SIZE\n";
}

report::Record to_record(const VmallocRow& row) {
  const VmallocArea& area = row.area;
  report::Record record;
  record.add("vmap_area", area.at);
  if (area.details.value != 0) record.add("vm_struct", area.details);
  record.add("start", area.start);
  record.add("end", area.end);
  record.add("size", area.end - area.start);
  if (area.details.value == 0) return record;
  record.add("flags", area.flags);
  record.add("pages", area.pages);
  record.add("physical", area.physical);
  record.add("caller", row.caller);
  return record;
}

std::string to_text(const VmallocRow& row) {
  const VmallocArea& area = row.area;
  return fmt::format("{:016x}  {:016x}  {:x} - {:x}  {:>7}\n", area.at.value,
                     area.details.value, area.start.value, area.end.value,
                     area.end - area.start);
}

namespace {

// ---- How we find it ----

// Whether something of |area| lies at |physical|.
bool maps(const Kernel& kernel, const VmallocArea& area, Address physical) {
  AddressRange range{area.start, area.end - 1};
  for (const Extent& extent : mapped_extents(kernel.memory(), range))
    if (physical.value - extent.physical.value < extent.size) return true;
  return false;
}

bool is_wanted(const Kernel& kernel, const VmallocArea& area,
               const std::vector<Address>& wanted) {
  if (wanted.empty()) return true;
  return std::ranges::any_of(wanted, [&](Address at) {
    return is_kernel_address(at) ? area.contains(at) : maps(kernel, area, at);
  });
}

}  // namespace

Result<void> show_vmalloc(Session& session, const Options& options,
                          report::Sink& out) {
  const Kernel& kernel = session.kernel;
  auto wanted = TRY(kmem_addresses(session, options));
  auto areas = TRY(vmalloc_areas(kernel));
  out.layout(vmalloc_heading());
  for (const VmallocArea& area : areas.found) {
    if (interrupted()) break;
    if (is_wanted(kernel, area, wanted)) emit(out, vmalloc_row(kernel, area));
  }
  for (const Error& fault : areas.faults)
    out.problem(Error(fault).while_doing("vmalloc areas"));
  return {};
}

}  // namespace inquest
