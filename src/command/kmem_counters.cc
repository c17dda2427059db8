// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -V: the counters of the memory management.

#include "command/kmem_counters.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "command/columns.h"
#include "command/kmem.h"
#include "report/paragraphs.h"

namespace inquest {

report::Record to_record(const std::vector<VmCounter>& counters) {
  report::Record record;
  for (const VmCounter& counter : counters)
    record.add(counter.name, counter.value);
  return record;
}

std::size_t name_width(const std::vector<VmCounter>& counters) {
  std::size_t width = 0;
  for (const VmCounter& counter : counters)
    width = std::max(width, counter.name.size());
  return width;
}

std::string counter_lines(const std::vector<VmCounter>& counters,
                          std::size_t width) {
  std::string text;
  for (const VmCounter& counter : counters)
    text +=
        fmt::format("{:>{}}: {}\n", counter.name, width, cell(counter.value));
  return text;
}

namespace {

// ---- What we answer ----

struct Row {
  VmCounterTable table;
  std::size_t width = 0;
};

report::Record to_record(const Row& row) {
  return report::Record()
      .with("table", row.table.name)
      .with("counters", to_record(row.table.counters));
}

std::string to_text(const Row& row) {
  std::string name(row.table.name);
  for (char& letter : name)
    letter = static_cast<char>(std::toupper(letter));
  return fmt::format("  {}:\n{}", name,
                     counter_lines(row.table.counters, row.width));
}

bool is_events(const VmCounterTable& table) {
  return table.name == "vm_event_states";
}

}  // namespace

// ---- How we find it ----

Result<void> show_counters(Session& session, const Options& options,
                           report::Sink& out) {
  TRY(options.no_words());
  auto tables = vm_counters(session.kernel);
  if (tables.empty()) {
    return Error(ErrorKind::not_found,
                 "vmlinux has neither vm_zone_stat nor vm_stat");
  }
  // Events have the longest names and a column of their own.
  std::size_t width = 0;
  for (const VmCounterTable& table : tables)
    if (!is_events(table)) width = std::max(width, name_width(table.counters));
  report::Paragraphs paragraphs(out);
  for (VmCounterTable& table : tables) {
    paragraphs.next();
    std::size_t own = is_events(table) ? name_width(table.counters) : width;
    emit(paragraphs, Row{std::move(table), own});
  }
  return {};
}

}  // namespace inquest
