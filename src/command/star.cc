// SPDX-License-Identifier: GPL-3.0-or-later
// *: struct or union, whichever the name means.

#include "command/structure.h"

namespace inquest {
namespace {

const Help help = {
    .summary = "contents of a structure or union",
    .synopsis =
        "name[.member[,member]][-o][-l offset][-rfuxdp]\n"
        "         [address | symbol][:cpuspec] [count | -c count]",
    .description =
        "Without an address shows the definition of the structure, or of the\n"
        "member named. With one shows what lies there, or only the members\n"
        "named; members may be nested (se.load.weight) and elements\n"
        "(comm[2]). A per-CPU symbol goes with :cpuspec, a number, a list\n"
        "such as 1,3-5, or a for all CPUs.",
    .options = structure_options(),
    .examples =
        {
            {"Members and their offsets", "* -o list_head"},
            {"Two members of the first task",
             "* task_struct.comm,pid init_task"},
            {"One member of every CPU's run queue",
             "* rq.nr_running runqueues:a"},
        },
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  return show_structure(session, words, StructureTag::any, out);
}

}  // namespace

extern const Command star_command;
const Command star_command = {"*", &help, run};

}  // namespace inquest
