// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -i: what memory is used for.

#include <algorithm>

#include <fmt/format.h>

#include "command/columns.h"
#include "command/kmem.h"
#include "kernel/memory_usage.h"

namespace inquest {
namespace {

// ---- What we answer ----

using Pages = Result<std::uint64_t>;

struct Row {
  std::string_view name;
  Pages pages;
  std::uint64_t page_bytes = 0;
  std::string_view of = {};  // what |all| is; "": this is a whole itself
  Pages all = std::uint64_t{0};
};

Pages bytes_of(const Row& row) {
  if (!row.pages) return row.pages;
  return *row.pages * row.page_bytes;
}

Pages percentage(const Row& row) {
  constexpr std::uint64_t hundred = 100;
  if (!row.pages) return row.pages;
  if (!row.all) return row.all;
  if (*row.all == 0) return std::uint64_t{0};
  return *row.pages * hundred / *row.all;
}

report::Record to_record(const Row& row) {
  report::Record record;
  record.add("name", row.name);
  record.add("pages", row.pages);
  record.add("bytes", bytes_of(row));
  if (row.of.empty()) return record;
  record.add("percent", percentage(row));
  record.add("of", row.of);
  return record;
}

// "715.5 MB", "24 MB", "28 KB", "0".
std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kilo = 1024, mega = kilo * kilo, giga = mega * kilo;
  if (bytes == 0) return "0";
  if (bytes < mega) return fmt::format("{} KB", bytes / kilo);
  std::uint64_t unit = bytes >= giga ? giga : mega;
  std::string text = fmt::format(
      "{:.1f}", static_cast<double>(bytes) / static_cast<double>(unit));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + (unit == giga ? " GB" : " MB");
}

std::string to_text(const Row& row) {
  std::string text =
      fmt::format("{:>13}  {:>7}  {:>11}  ", row.name, cell(row.pages),
                  report::cell_text(bytes_of(row), size_text));
  if (row.of.empty()) return text + "       ----\n";
  return text + fmt::format("{:>3}% of {}\n", cell(percentage(row)), row.of);
}

// ---- How we find it ----

Pages difference(const Pages& all, const Pages& part) {
  if (!all) return all;
  if (!part) return part;
  return *all - std::min(*all, *part);
}

}  // namespace

Result<void> show_usage(Session& session, const Options& options,
                        report::Sink& out) {
  TRY(options.no_words());
  auto extra = options.argument('i').value_or("");
  if (!extra.empty() && extra != "shared") {
    return Error(ErrorKind::usage,
                 fmt::format("invalid argument -- '{}'", extra));
  }
  const Kernel& kernel = session.kernel;
  MemoryUsage usage = memory_usage(kernel);
  std::uint64_t page = kernel.page_size();
  auto whole = [&](std::string_view name, const Pages& pages) {
    emit(out, Row{name, pages, page});
    if (!pages) out.problem(pages.error());
  };
  auto part = [&](std::string_view name, const Pages& pages,
                  std::string_view of, const Pages& all) {
    emit(out, Row{name, pages, page, of, all});
    if (!pages) out.problem(pages.error());
  };
  constexpr std::string_view memory = "TOTAL MEM";
  out.layout("                 PAGES        TOTAL      PERCENTAGE\n");
  whole(memory, usage.total);
  part("FREE", usage.free, memory, usage.total);
  part("USED", difference(usage.total, usage.free), memory, usage.total);
  if (!extra.empty()) {
    part("SHARED", shared_pages(kernel), memory, usage.total);
  }
  part("BUFFERS", usage.buffers, memory, usage.total);
  part("CACHED", usage.cached, memory, usage.total);
  part("SLAB", usage.slab, memory, usage.total);
  out.layout("\n");
  whole("TOTAL HUGE", usage.huge_total);
  part("HUGE FREE", usage.huge_free, "TOTAL HUGE", usage.huge_total);
  out.layout("\n");
  whole("TOTAL SWAP", usage.swap_total);
  part("SWAP USED", usage.swap_used, "TOTAL SWAP", usage.swap_total);
  part("SWAP FREE", difference(usage.swap_total, usage.swap_used), "TOTAL SWAP",
       usage.swap_total);
  out.layout("\n");
  whole("COMMIT LIMIT", usage.commit_limit);
  part("COMMITTED", usage.committed, "TOTAL LIMIT", usage.commit_limit);
  return {};
}

}  // namespace inquest
