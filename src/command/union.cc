// SPDX-License-Identifier: GPL-3.0-or-later
// union: a union's definition, or one in memory.

#include "command/structure.h"

namespace inquest {
namespace {

const Help help = {
    .summary = "union contents",
    .synopsis =
        "union_name[.member[,member]][-o][-l offset][-rfuxdp]\n"
        "         [address | symbol][:cpuspec] [count | -c count]",
    .description =
        "Without an address shows the definition of the union, or of the\n"
        "member named. With one shows what lies there, or only the members\n"
        "named; members may be nested (se.load.weight) and elements\n"
        "(comm[2]). A per-CPU symbol goes with :cpuspec, a number, a list\n"
        "such as 1,3-5, or a for all CPUs.",
    .options = structure_options(),
    .examples =
        {
            {"The definition", "union thread_union"},
        },
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  return show_structure(session, words, StructureTag::union_type, out);
}

}  // namespace

extern const Command union_command;
const Command union_command = {"union", &help, run};

}  // namespace inquest
