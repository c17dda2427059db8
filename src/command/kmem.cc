// SPDX-License-Identifier: GPL-3.0-or-later
// kmem: kernel memory. One file for each of its modes.

#include "command/kmem.h"

#include <array>

namespace inquest {
namespace {

const Help help = {
    .summary = "kernel memory",
    .synopsis =
        "[-f | -F] [address ...] [-p | -m member[,...]] [address ...] [-h | "
        "-i[=shared] | -n | -o | -V | -z] [-v "
        "[address ...]] [-g [flags "
        "...]]",
    .description = "Shows what the kernel's memory is used for.",
    .options =
        {
            {"-f",
             "the lists of free memory, and whether they hold what is\n"
             "counted; with an address, the free block around it"},
            {"-F", "the same with every block"},
            {"-g", "the bits of a page's flags by name, or those of flags"},
            {"-h", "the pools of huge pages"},
            {"-i",
             "what memory is used for; -i=shared counts the pages with\n"
             "several users, too, for which it looks at all of them"},
            {"-n", "memory nodes, their sections and blocks"},
            {"-o", "what to add to a per-CPU symbol for each CPU's instance"},
            {"-p",
             "every page, or those at addresses: its struct page, physical\n"
             "address, mapping, index, users and flags"},
            {"-m member[,...]",
             "these members of every struct page, or of\n"
             "those at addresses"},
            {"-v", "the areas that vmalloc() and the like have mapped"},
            {"-V", "the counters of the memory management"},
            {"-z", "the zones, their watermarks and counters"},
        },
    .examples =
        {
            {"What do the slab caches hold?", "kmem -s"},
            {"Where are the free objects of one of them?", "kmem -S pid"},
            {"Where does each CPU keep its variables?", "kmem -o"},
        },
};

struct Mode {
  char letter;
  Result<void> (*show)(Session&, const Options&, report::Sink&);
};
constexpr std::array modes = {
    Mode{'f', show_free_pages},  Mode{'F', show_free_pages},
    Mode{'g', show_page_flags},  Mode{'h', show_huge_pages},
    Mode{'i', show_usage},       Mode{'n', show_nodes},
    Mode{'o', show_cpu_offsets}, Mode{'v', show_vmalloc},
    Mode{'V', show_counters},    Mode{'z', show_zones},
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "fFghi=m:nopvVz"));
  const Mode* chosen = nullptr;
  for (const Mode& mode : modes) {
    if (!options.has(mode.letter)) continue;
    if (chosen != nullptr) {
      return Error(ErrorKind::usage, "only one flag allowed!");
    }
    chosen = &mode;
  }
  if (chosen == nullptr) return Error(ErrorKind::usage, "");
  return chosen->show(session, options, out);
}

}  // namespace

extern const Command kmem_command;
const Command kmem_command = {"kmem", &help, run};

}  // namespace inquest
