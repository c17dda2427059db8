// SPDX-License-Identifier: GPL-3.0-or-later
// dev: devices and their drivers.

#include <fmt/format.h>

#include "base/text.h"
#include "command/code.h"
#include "command/columns.h"
#include "command/options.h"
#include "kernel/devices.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "devices and their drivers",
    .synopsis = "",
    .description =
        "Lists the major numbers of character and block devices with their\n"
        "names, the struct cdev or gendisk behind each, and the table of its\n"
        "functions.",
    .options = {},
    .examples =
        {
            {"Which drivers have device numbers?", "dev"},
        },
};

// ---- What we answer ----

constexpr std::size_t address_width = 16;

struct MajorRow {
  DeviceMajor major;
  std::string operations;  // the table's symbol
  bool is_block = false;
};

report::Record to_record(const MajorRow& row) {
  return report::Record()
      .with("kind", row.is_block ? "block" : "character")
      .with("major", row.major.major)
      .with("name", row.major.name)
      .with(row.is_block ? "gendisk" : "cdev", row.major.device)
      .with("operations", row.major.operations)
      .with("symbol", row.operations);
}

std::string to_text(const MajorRow& row) {
  std::string text =
      fmt::format(" {:>3}      {:<14} ", row.major.major, cell(row.major.name));
  const auto& device = row.major.device;
  if (device && device->value == 0) {
    return text + centred("(none)", address_width) + "\n";
  }
  text += fmt::format("{:>{}}", cell(device), address_width);
  return text + "  " +
         (row.operations.empty() ? cell(row.major.operations)
                                 : row.operations) +
         "\n";
}

// ---- How we find it ----

Result<void> show_majors(const Kernel& kernel, Result<DeviceMajors> found,
                         bool is_block, report::Sink& out) {
  DeviceMajors majors = TRY(std::move(found));
  for (DeviceMajor& major : majors.majors) {
    MajorRow row{
        .major = std::move(major), .operations = "", .is_block = is_block};
    if (row.major.operations) {
      row.operations = place_text(kernel, *row.major.operations);
    }
    emit(out, row);
  }
  for (const Error& fault : majors.faults)
    out.problem(Error(fault).while_doing("dev"));
  return {};
}

Result<void> show_numbers(const Kernel& kernel, report::Sink& out) {
  out.layout(fmt::format("CHRDEV    {:<14} {}  {:<{}}\n", "NAME",
                         centred("CDEV", address_width), "OPERATIONS",
                         address_width));
  auto shown = show_majors(kernel, character_majors(kernel), false, out);
  if (!shown) out.problem(std::move(shown).error().while_doing("dev"));
  out.layout(fmt::format("\nBLKDEV    {:<14} {}  {:<{}}\n", "NAME",
                         centred_right("GENDISK", address_width), "OPERATIONS",
                         address_width));
  return show_majors(kernel, block_majors(kernel), true, out);
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, ""));
  if (!options.words().empty()) return Error(ErrorKind::usage, "");
  return show_numbers(session.kernel, out);
}

}  // namespace

extern const Command dev_command;
const Command dev_command = {"dev", &help, run};

}  // namespace inquest
