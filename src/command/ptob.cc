// SPDX-License-Identifier: GPL-3.0-or-later
// ptob: page numbers as addresses.

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/command.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "page number to bytes",
    .synopsis = "page_number ...",
    .description =
        "Shows the physical address of the first byte of each page. A number\n"
        "is decimal, or hexadecimal with 0x or where it is no decimal one.",
    .options = {},
    .examples = {{"Where a page starts", "ptob 512a"}},
};

// ---- What we answer ----

struct Row {
  std::uint64_t page = 0;
  PhysAddress address;
};

report::Record to_record(const Row& row) {
  return report::Record().with("page", row.page).with("address", row.address);
}

std::string to_text(const Row& row) {
  return fmt::format("{:x}: {:x}\n", row.page, row.address.value);
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  if (words.empty()) return Error(ErrorKind::usage, "");
  for (const std::string& word : words) {
    auto page = parse_number(word);
    if (page) {
      emit(out, Row{*page, {*page * session.kernel.page_size()}});
    } else {
      out.problem(Error(ErrorKind::not_found,
                        fmt::format("ptob: not a valid number: {}", word)));
    }
  }
  return {};
}

}  // namespace

extern const Command ptob_command;
const Command ptob_command = {"ptob", &help, run};

}  // namespace inquest
