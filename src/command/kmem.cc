// SPDX-License-Identifier: GPL-3.0-or-later
// kmem: kernel memory. One file for each of its modes.

#include "command/kmem.h"

#include <array>

namespace inquest {
namespace {

const Help help = {
    .summary = "kernel memory",
    .synopsis = "-o",
    .description = "Shows what the kernel's memory is used for.",
    .options =
        {
            {"-o", "what to add to a per-CPU symbol for each CPU's instance"},
        },
    .examples =
        {
            {"Where does each CPU keep its variables?", "kmem -o"},
        },
};

struct Mode {
  char letter;
  Result<void> (*show)(Session&, const Options&, report::Sink&);
};
constexpr std::array<Mode, 1> modes = {{{'o', show_cpu_offsets}}};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "o"));
  const Mode* chosen = nullptr;
  for (const Mode& mode : modes) {
    if (!options.has(mode.letter)) continue;
    if (chosen != nullptr) {
      return Error(ErrorKind::usage, "only one flag allowed!");
    }
    chosen = &mode;
  }
  if (chosen == nullptr) return Error(ErrorKind::usage, "no option");
  return chosen->show(session, options, out);
}

}  // namespace

extern const Command kmem_command;
const Command kmem_command = {"kmem", &help, run};

}  // namespace inquest
