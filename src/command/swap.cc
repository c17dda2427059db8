// SPDX-License-Identifier: GPL-3.0-or-later
// swap: the swap areas in use.

#include "kernel/swap.h"

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "command/options.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "swap areas",
    .synopsis = "",
    .description =
        "Lists the files and devices that the kernel swaps to: the\n"
        "swap_info_struct, what kind it is, its size and how much of that is\n"
        "in use, its priority, and its name.",
    .examples =
        {
            {"How much is swapped out?", "swap"},
        },
};

// ---- What we answer ----

struct Row {
  SwapArea area;
  Result<std::uint64_t> kilobytes, used_kilobytes;
};

Result<std::uint64_t> percentage(const Row& row) {
  constexpr std::uint64_t all = 100;
  if (!row.kilobytes) return row.kilobytes.error();
  if (!row.used_kilobytes) return row.used_kilobytes.error();
  if (*row.kilobytes == 0) return std::uint64_t{0};
  return *row.used_kilobytes * all / *row.kilobytes;
}

report::Record to_record(const Row& row) {
  report::Record record;
  record.add("area", row.area.address);
  record.add("number", row.area.type);
  record.add("device", row.area.is_device);
  record.add("size_kb", row.kilobytes);
  record.add("used_kb", row.used_kilobytes);
  record.add("percent", percentage(row));
  record.add("priority", row.area.priority);
  record.add("file", row.area.name);
  return record;
}

std::string to_text(const Row& row) {
  auto unit = [](const Result<std::uint64_t>& value, std::string_view of) {
    return report::cell_text(value, [of](std::uint64_t number) {
      return fmt::format("{}{}", number, of);
    });
  };
  return fmt::format(
      "{:016x}  {}{:>9} {:>8}   {:>6} {:>4}  {}\n", row.area.address.value,
      centred(
          report::cell_text(row.area.is_device,
                            [](bool is) { return is ? "PARTITION" : "FILE"; }),
          9),
      unit(row.kilobytes, "k"), unit(row.used_kilobytes, "k"),
      unit(percentage(row), "%"), cell(row.area.priority), cell(row.area.name));
}

// ---- How we find it ----

Result<std::uint64_t> kilobytes(const Kernel& kernel,
                                const Result<std::uint64_t>& pages) {
  constexpr std::uint64_t kilo = 1024;
  if (!pages) return pages;
  return *pages * (kernel.page_size() / kilo);
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, ""));
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  auto areas = TRY(swap_areas(kernel));
  out.layout(
      "SWAP_INFO_STRUCT    TYPE       SIZE       USED     PCT  PRI  "
      "FILENAME\n");
  for (const Error& fault : areas.faults)
    out.problem(Error(fault).while_doing("swap"));
  for (SwapArea& area : areas.found) {
    auto size = kilobytes(kernel, area.pages);
    auto used = kilobytes(kernel, area.pages_in_use);
    emit(out, Row{std::move(area), size, used});
  }
  return {};
}

}  // namespace

extern const Command swap_command;
const Command swap_command = {"swap", &help, run};

}  // namespace inquest
