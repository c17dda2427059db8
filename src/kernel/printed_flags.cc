// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/printed_flags.h"

#include <fmt/format.h>

namespace inquest {

Result<PrintedFlags> printed_flags(const Kernel& kernel, std::string_view table,
                                   std::uint64_t flags) {
  constexpr unsigned most = 128;
  TRY(kernel.symbol(table));
  TRY(kernel.structure("trace_print_flags"));
  Object entries = kernel.variable(table, "struct trace_print_flags [128]");
  PrintedFlags found{.names = {}, .rest = flags};
  for (unsigned i = 0; i < most; ++i) {
    auto mask = entries.at(i)["mask"].to_unsigned();
    auto name = entries.at(i)["name"].to_address();
    if (!mask || !name) {
      Error lost(mask ? name.error() : mask.error());
      kernel.note_loss(lost, fmt::format("names of {}", table));
      return lost;
    }
    if (name->value == 0) break;
    if ((*mask & flags) == 0) continue;
    found.names.push_back(entries.at(i)["name"].to_string().value_or("?"));
    found.rest &= ~*mask;
  }
  return found;
}

}  // namespace inquest
