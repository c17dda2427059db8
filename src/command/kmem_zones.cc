// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -z: the zones, their watermarks and counters.

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "command/kmem.h"
#include "command/kmem_counters.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct Row {
  Zone zone;
  std::vector<VmCounter> counters;
  std::vector<std::int64_t> pending;  // see pending_counts()
};

report::Record pending_record(const Row& row) {
  report::Record record;
  for (std::size_t i = 0; i < row.pending.size(); ++i)
    if (row.pending[i] != 0) record.add(row.counters[i].name, row.pending[i]);
  return record;
}

report::Record to_record(const Row& row) {
  const Zone& zone = row.zone;
  report::Record record;
  record.add("node", zone.node);
  record.add("zone", zone.number);
  record.add("address", zone.at);
  record.add("name", zone.name);
  record.add("first_frame", zone.first_frame);
  record.add("spanned", zone.spanned);
  record.add("present", zone.present);
  record.add("managed", zone.managed);
  record.add("min", zone.min);
  record.add("low", zone.low);
  record.add("high", zone.high);
  if (zone.boost) record.add("boost", zone.boost);
  record.add("counters", to_record(row.counters));
  record.add("pending", pending_record(row));
  return record;
}

std::string to_text(const Row& row) {
  const Zone& zone = row.zone;
  std::string text =
      fmt::format("NODE: {}  ZONE: {}  ADDR: {:x}  NAME: \"{}\"\n", zone.node,
                  zone.number, zone.at.value, cell(zone.name));
  if (zone.spanned && *zone.spanned == 0) return text + "  [unpopulated]\n";
  text += fmt::format("  SIZE: {}", cell(zone.spanned));
  // Where some of it is not there.
  bool is_whole =
      zone.spanned && zone.present && *zone.spanned == *zone.present;
  if (!is_whole) text += fmt::format("  PRESENT: {}", cell(zone.present));
  text += fmt::format("  MIN/LOW/HIGH: {}/{}/{}\n", cell(zone.min),
                      cell(zone.low), cell(zone.high));
  return text + "  VM_STAT:\n" +
         counter_lines(row.counters, name_width(row.counters));
}

}  // namespace

// ---- How we find it ----

Result<void> show_zones(Session& session, const Options& options,
                        report::Sink& out) {
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  report::Paragraphs paragraphs(out);
  for (Zone& zone : TRY(memory_zones(kernel))) {
    paragraphs.next();
    auto counters = zone_counters(kernel, zone);
    auto pending = pending_counts(kernel, zone);
    pending.resize(std::min(pending.size(), counters.size()));
    emit(paragraphs,
         Row{std::move(zone), std::move(counters), std::move(pending)});
  }
  return {};
}

}  // namespace inquest
