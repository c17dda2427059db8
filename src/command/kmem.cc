// SPDX-License-Identifier: GPL-3.0-or-later
// kmem: kernel memory. One file for each of its modes.

#include "command/kmem.h"

#include <array>

#include <fmt/format.h>

namespace inquest {
namespace {

const Help help = {
    .summary = "kernel memory",
    .synopsis =
        "[-h | -i[=shared] | -n | -o | -V | -z]\n"
        "[-f | -F | -p | -m member[,...] | -v] [address ...]\n"
        "[-s | -S[=cpus] | -r] [-I name,...] [cache | address | list]\n"
        "-g [flags ...]\n"
        "[-P] address ...",
    .description =
        "Shows what the kernel's memory is used for. Of an address alone it\n"
        "tells all that it finds there: a symbol, an object of a slab cache,\n"
        "a task or stack, free memory, a vmalloc area, a per-CPU area, the\n"
        "struct page, the processes that have the page. Addresses are\n"
        "hexadecimal, symbols, or sums of these in parentheses; those in the\n"
        "lower half are physical ones. Those of struct pages mean the page.",
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
            {"-m member[,...]",
             "these members of every struct page, or of\n"
             "those at addresses"},
            {"-n", "memory nodes, their sections and blocks"},
            {"-o", "what to add to a per-CPU symbol for each CPU's instance"},
            {"-p",
             "every page, or those at addresses: its struct page, physical\n"
             "address, mapping, index, users, flags and type"},
            {"-P", "addresses are physical ones"},
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
            {"-v",
             "the areas that vmalloc() and the like have mapped, or those\n"
             "around addresses"},
            {"-V", "the counters of the memory management"},
            {"-z", "the zones, their watermarks and counters"},
            {"-c, -C", "the page hash table, which is gone since 2.6"},
            {"-l list, -L list", "page lists that are gone since 2.6"},
        },
    .examples =
        {
            {"What do the slab caches hold?", "kmem -s"},
            {"Where are the free objects of one of them?",
             "kmem -S files_cache"},
            {"Where does each CPU keep its variables?", "kmem -o"},
            {"What is at this address?", "kmem ffffffffa0000000"},
            {"How much of each zone is free, and in what blocks?", "kmem -f"},
            {"Which areas has vmalloc() mapped?", "kmem -v"},
            {"What does a page's word of flags say?", "kmem -g 10"},
        },
};

struct Mode {
  char letter;
  Result<void> (*show)(Session&, const Options&, report::Sink&);
};

// What was looked at by options of kernels long gone.
Error gone(char letter, std::string_view what) {
  return {ErrorKind::unsupported,
          fmt::format("-{}: this kernel has no {}", letter, what)};
}

Result<void> show_hash_table(Session& /*session*/, const Options& options,
                             report::Sink& /*out*/) {
  return gone(options.has('c') ? 'c' : 'C', "page_hash_table");
}

Result<void> show_page_list(Session& /*session*/, const Options& options,
                            report::Sink& /*out*/) {
  char letter = options.has('l') ? 'l' : 'L';
  auto which = options.argument(letter).value_or("");
  if (which == "a") return gone(letter, "active_list");
  if (which == "i") return gone(letter, "inactive_list");
  if (which == "ic") return gone(letter, "inactive_clean_list");
  if (which == "id") return gone(letter, "inactive_dirty_list");
  return Error(ErrorKind::usage, fmt::format("invalid page list: {}", which));
}

constexpr std::array modes = {
    Mode{'c', show_hash_table}, Mode{'C', show_hash_table},
    Mode{'f', show_free_pages}, Mode{'F', show_free_pages},
    Mode{'g', show_page_flags}, Mode{'h', show_huge_pages},
    Mode{'i', show_usage},      Mode{'l', show_page_list},
    Mode{'L', show_page_list},  Mode{'m', show_pages},
    Mode{'n', show_nodes},      Mode{'o', show_cpu_offsets},
    Mode{'p', show_pages},      Mode{'P', show_address},
    Mode{'r', show_slabs},      Mode{'s', show_slabs},
    Mode{'S', show_slabs},      Mode{'v', show_vmalloc},
    Mode{'V', show_counters},   Mode{'z', show_zones},
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "cCfFghi=l:L:m:nopPrsS=vVzI:"));
  const Mode* chosen = nullptr;
  for (const Mode& mode : modes) {
    if (!options.has(mode.letter)) continue;
    if (chosen != nullptr) {
      return Error(ErrorKind::usage, "only one flag allowed!");
    }
    chosen = &mode;
  }
  if (options.has('I') && (chosen == nullptr || chosen->show != show_slabs)) {
    return Error(ErrorKind::usage, "-I goes with -s, -S or -r");
  }
  if (chosen == nullptr) return show_address(session, options, out);
  return chosen->show(session, options, out);
}

}  // namespace

extern const Command kmem_command;
const Command kmem_command = {"kmem", &help, run};

}  // namespace inquest
