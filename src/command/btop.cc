// SPDX-License-Identifier: GPL-3.0-or-later
// btop: addresses as page numbers.

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/command.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "bytes to page number",
    .synopsis = "address ...",
    .description =
        "Shows the number of the page that holds each hexadecimal physical\n"
        "address.",
    .options = {},
    .examples = {{"The page of an address", "btop 512a000"}},
};

// ---- What we answer ----

struct Row {
  std::string word;
  PhysAddress address;
  std::uint64_t page = 0;
};

report::Record to_record(const Row& row) {
  return report::Record().with("address", row.address).with("page", row.page);
}

std::string to_text(const Row& row) {
  return fmt::format("{}: {:x}\n", row.word, row.page);
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  if (words.empty()) return Error(ErrorKind::usage, "");
  for (const std::string& word : words) {
    auto address = parse_hex(word);
    if (address) {
      emit(out, Row{word, {*address}, *address / session.kernel.page_size()});
    } else {
      out.problem(Error(ErrorKind::not_found,
                        fmt::format("btop: invalid input: \"{}\"", word)));
    }
  }
  return {};
}

}  // namespace

extern const Command btop_command;
const Command btop_command = {"btop", &help, run};

}  // namespace inquest
