// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -o: where each CPU has its instances of per-CPU variables.

#include <fmt/format.h>

#include "command/columns.h"
#include "command/kmem.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct Row {
  unsigned cpu = 0;
  Result<Address> offset;  // from a symbol's address
};

report::Record to_record(const Row& row) {
  return report::Record().with("cpu", row.cpu).with("offset", row.offset);
}

std::string to_text(const Row& row) {
  return fmt::format("  CPU {}: {}\n", row.cpu, cell(row.offset));
}

}  // namespace

// ---- How we find it ----

Result<void> show_cpu_offsets(Session& session, const Options& options,
                              report::Sink& out) {
  TRY(options.no_words());
  out.layout("PER-CPU OFFSET VALUES:\n");
  for (unsigned cpu : session.kernel.possible_cpus()) {
    Row row{cpu, session.kernel.per_cpu_address(Address{}, cpu)};
    if (!row.offset) out.problem(row.offset.error());
    emit(out, row);
  }
  return {};
}

}  // namespace inquest
