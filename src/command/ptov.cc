// SPDX-License-Identifier: GPL-3.0-or-later
// ptov: where the kernel has physical memory, or what is of each CPU.

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/columns.h"
#include "command/values.h"
#include "kernel/page.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "physical to virtual",
    .synopsis = "[address | offset:cpuspec] ...",
    .description =
        "Shows where the kernel's direct map has a hexadecimal physical\n"
        "address. With |offset:cpuspec| shows where the variable at this\n"
        "offset among the per-CPU variables is for some CPUs: a number, a\n"
        "list such as 1,3-5, a for all; nothing for the context's CPU.",
    .options = {},
    .examples =
        {
            {"Where a page of physical memory is mapped", "ptov 56e000"},
            {"A per-CPU variable on all CPUs", "ptov 100:a"},
        },
};

// ---- What we answer ----

struct Row {
  PhysAddress physical;
  Address virtual_at;
};

report::Record to_record(const Row& row) {
  return report::Record()
      .with("virtual", row.virtual_at)
      .with("physical", row.physical);
}

std::string to_text(const Row& row) {
  return fmt::format("{:<16}  {:<16}\n{:<16x}  {:<16x}\n", "VIRTUAL",
                     "PHYSICAL", row.virtual_at.value, row.physical.value);
}

struct CpuRow {
  unsigned cpu = 0;
  Address offset;
  Result<Address> virtual_at;
  std::size_t width = 5;  // of the column of CPUs
};

report::Record to_record(const CpuRow& row) {
  return report::Record()
      .with("cpu", row.cpu)
      .with("offset", row.offset)
      .with("virtual", row.virtual_at);
}

std::string to_text(const CpuRow& row) {
  std::string at = cell(row.virtual_at);
  return fmt::format("  {:<{}}{}\n", fmt::format("[{}]", row.cpu), row.width,
                     at);
}

// ---- How we find it ----

Result<std::uint64_t> number(std::string_view word) {
  if (auto value = parse_hex(word)) return *value;
  return Error(ErrorKind::not_found,
               fmt::format("invalid input: \"{}\"", word));
}

Result<void> show_cpus(const Session& session, std::string_view offset_text,
                       std::string_view cpus_text, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  auto cpus = TRY(
      cpu_spec(kernel, cpus_text, cpus_text.empty() ? own_cpu(session) : 0));
  Address offset{TRY(number(offset_text))};
  auto known = kernel.possible_cpus();
  unsigned last = known.empty() ? 0 : known.back();
  std::size_t width = fmt::format("[{}]", last).size() + 2;
  out.layout(fmt::format("PER-CPU OFFSET: {:x}\n  {:<{}}  {:<16}\n",
                         offset.value, "CPU", width, "VIRTUAL"));
  for (unsigned cpu : cpus) {
    CpuRow row{cpu, offset, kernel.per_cpu_address(offset, cpu), width};
    if (!row.virtual_at) out.problem(row.virtual_at.error());
    emit(out, row);
  }
  return {};
}

Result<void> show(const Session& session, std::string_view word,
                  report::Sink& out) {
  std::size_t colon = word.find(':');
  if (colon != std::string_view::npos) {
    return show_cpus(session, word.substr(0, colon), word.substr(colon + 1),
                     out);
  }
  PhysAddress physical{TRY(number(word))};
  Address at = TRY(direct_address(session.kernel, physical));
  emit(out, Row{physical, at});
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  if (words.empty()) return Error(ErrorKind::usage, "");
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out.layout("\n");
    auto done = show(session, words[i], out);
    if (!done) out.problem(std::move(done).error().while_doing("ptov"));
  }
  return {};
}

}  // namespace

extern const Command ptov_command;
const Command ptov_command = {"ptov", &help, run};

}  // namespace inquest
