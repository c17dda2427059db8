// SPDX-License-Identifier: GPL-3.0-or-later
// pte: what a page table entry says.

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/command.h"
#include "command/memory_rows.h"

namespace inquest {
namespace {

const Help help = {
    .summary = "translate a page table entry",
    .synopsis = "contents ...",
    .description =
        "Shows the physical address and the flags in each hexadecimal entry\n"
        "of a page table, or where the page was swapped to.",
    .options = {},
    .examples = {{"What an entry says", "pte 8000000000000063"}},
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  if (words.empty()) return Error(ErrorKind::usage, "");
  for (const std::string& word : words) {
    auto value = parse_hex(word);
    if (value) {
      emit(out, page_entry_row(session.kernel, *value));
    } else {
      out.problem(Error(ErrorKind::not_found,
                        fmt::format("pte: invalid input: \"{}\"", word)));
    }
  }
  return {};
}

}  // namespace

extern const Command pte_command;
const Command pte_command = {"pte", &help, run};

}  // namespace inquest
