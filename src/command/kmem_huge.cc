// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -h: the pools of huge pages.

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "command/kmem.h"
#include "kernel/huge_pages.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct Row {
  HugePages pool;
  Result<std::uint64_t> bytes;  // of a huge page
};

report::Record to_record(const Row& row) {
  return report::Record()
      .with("hstate", row.pool.at)
      .with("page_bytes", row.bytes)
      .with("free", row.pool.free)
      .with("total", row.pool.total)
      .with("reserved", row.pool.reserved)
      .with("surplus", row.pool.surplus)
      .with("name", row.pool.name);
}

std::string size_text(std::uint64_t bytes) {
  constexpr unsigned kilo = 10, mega = 20, giga = 30;
  if (bytes >> giga != 0) return fmt::format("{}GB", bytes >> giga);
  if (bytes >> mega != 0) return fmt::format("{}MB", bytes >> mega);
  return fmt::format("{}KB", bytes >> kilo);
}

std::string to_text(const Row& row) {
  return fmt::format("{:016x}  {:>5}  {:>6}  {:>6}  {}\n", row.pool.at.value,
                     report::cell_text(row.bytes, size_text),
                     cell(row.pool.free), cell(row.pool.total),
                     cell(row.pool.name));
}

}  // namespace

// ---- How we find it ----

Result<void> show_huge_pages(Session& session, const Options& options,
                             report::Sink& out) {
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  auto pools = huge_page_pools(kernel);
  if (!pools && pools.error().kind() == ErrorKind::not_found) {
    return Error(ErrorKind::unsupported,
                 "this kernel has no huge pages: " + pools.error().message());
  }
  if (!pools) return pools.error();
  out.layout("     HSTATE        SIZE    FREE   TOTAL  NAME\n");
  for (const HugePages& pool : *pools) {
    auto bytes = pool.order;
    if (bytes) bytes = kernel.page_size() << *bytes;
    emit(out, Row{pool, bytes});
  }
  return {};
}

}  // namespace inquest
