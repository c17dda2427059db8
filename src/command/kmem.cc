// SPDX-License-Identifier: GPL-3.0-or-later
// kmem: kernel memory. One file for each of its modes.

#include "command/kmem.h"

#include <array>

namespace inquest {
namespace {

const Help help = {
    .summary = "kernel memory",
    .synopsis =
        "[-s | -S[=cpus] | -r] [-I name,...] [cache | address | list]\n"
        "-h | -i[=shared] | -n | -o | -V | -z\n"
        "-v [address ...]\n"
        "-g [flags ...]",
    .description = "Shows what the kernel's memory is used for.",
    .options =
        {
            {"-s", "slab caches: how many objects, how many of them in use"},
            {"-S[=cpus]",
             "the same with the slabs and objects on each CPU's and node's "
             "lists; cpus: \"1,3-5\", \"a\" for all"},
            {"-r",
             "slab caches with those of their memory control groups (kernels "
             "before 5.9)"},
            {"-I name,...", "with -s, -S or -r, leave these caches out"},
            {"cache", "with -s or -S, only this one; \"list\": names"},
            {"address",
             "with -s or -S, the slab and the object there, free or not"},
            {"-g", "the bits of a page's flags by name, or those of flags"},
            {"-h", "the pools of huge pages"},
            {"-i",
             "what memory is used for; -i=shared counts the pages with\n"
             "several users, too, for which it looks at all of them"},
            {"-n", "memory nodes, their sections and blocks"},
            {"-o", "what to add to a per-CPU symbol for each CPU's instance"},
            {"-v", "the areas that vmalloc() and the like have mapped"},
            {"-V", "the counters of the memory management"},
            {"-z", "the zones, their watermarks and counters"},
        },
    .examples =
        {
            {"What do the slab caches hold?", "kmem -s"},
            {"Where are the free objects of one of them?", "kmem -S files_cache"},
            {"Where does each CPU keep its variables?", "kmem -o"},
        },
};

struct Mode {
  char letter;
  Result<void> (*show)(Session&, const Options&, report::Sink&);
};
constexpr std::array modes = {
    Mode{'g', show_page_flags},  Mode{'h', show_huge_pages},
    Mode{'i', show_usage},       Mode{'n', show_nodes},
    Mode{'o', show_cpu_offsets}, Mode{'r', show_slabs},
    Mode{'s', show_slabs},       Mode{'S', show_slabs},
    Mode{'v', show_vmalloc},     Mode{'V', show_counters},
    Mode{'z', show_zones},
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "ghi=nosS=rI:vVz"));
  const Mode* chosen = nullptr;
  for (const Mode& mode : modes) {
    if (!options.has(mode.letter)) continue;
    if (chosen != nullptr) {
      return Error(ErrorKind::usage, "only one flag allowed!");
    }
    chosen = &mode;
  }
  if (chosen == nullptr) return Error(ErrorKind::usage, "no option");
  if (options.has('I') && chosen->show != show_slabs) {
    return Error(ErrorKind::usage, "-I goes with -s, -S or -r");
  }
  return chosen->show(session, options, out);
}

}  // namespace

extern const Command kmem_command;
const Command kmem_command = {"kmem", &help, run};

}  // namespace inquest
