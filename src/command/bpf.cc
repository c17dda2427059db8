// SPDX-License-Identifier: GPL-3.0-or-later
// bpf: the programs, maps and links of BPF.

#include "kernel/bpf.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/bpf_rows.h"
#include "command/code.h"
#include "command/options.h"
#include "command/structure_row.h"
#include "command/values.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "BPF programs, maps and links",
    .synopsis = "[-p id | -P] [-tTj] [-m id | -M] [-l id | -L] [-s] [-x | -d]",
    .description =
        "Lists the BPF programs and maps that have an id: the structures that\n"
        "describe them, their types, the tag of a program's instructions and\n"
        "the maps it uses, and the flags of a map.",
    .options =
        {
            {"-p", "one program and more of it"},
            {"-P", "all programs and more of them"},
            {"-t", "with -p or -P: the instructions, translated"},
            {"-T", "the same with their bytes"},
            {"-j", "with -p or -P: the machine code"},
            {"-m",
             "one map and more of it. Where no member tells what it "
             "takes (Linux 5.11 on), MEMLOCK is what all its entries "
             "would"},
            {"-M", "all maps and more of them"},
            {"-l", "one link: what a program is attached to"},
            {"-L", "all links"},
            {"-s", "also the structures"},
            {"-x", "with -s: numbers in hexadecimal"},
            {"-d", "with -s: numbers in decimal"},
        },
    .examples =
        {
            {"List programs and maps", "bpf"},
            {"What does each program do?", "bpf -P -t"},
            {"What are programs attached to?", "bpf -L"},
        },
};

// ---- How we find it ----

constexpr std::string_view program_heading =
    " ID     BPF_PROG       BPF_PROG_AUX   BPF_PROG_TYPE       TAG        "
    "USED_MAPS\n";
constexpr std::string_view map_heading =
    " ID     BPF_MAP       BPF_MAP_TYPE   MAP_FLAGS\n";
constexpr std::string_view link_heading =
    " ID     BPF_LINK      BPF_LINK_TYPE      BPF_PROG     PROG TARGET\n";

struct Request {
  const Session& session;
  Options options;
  report::Sink& out;

  const Kernel& kernel() const { return session.kernel; }
  void problem(const Error& error) const {
    out.problem(Error(error).while_doing("bpf"));
  }
};

void show_structure(const Request& request, const Object& object) {
  ValueStyle style = value_style(request.session, request.options.radix());
  auto row = whole_instance(object, style);
  if (!row) return request.problem(row.error());
  emit(request.out, *row);
  request.out.layout("\n");
}

void show_instructions(const Request& request, const BpfProgram& program) {
  auto lines = bpf_lines(request.kernel(), program);
  if (!lines) return request.problem(lines.error());
  request.out.layout("\n");
  for (const BpfLine& line : *lines) {
    emit(request.out, BpfLineRow{program.id, line, request.options.has('T')});
  }
}

Result<void> show_function(const Request& request, const BpfProgram& program,
                           const BpfCode& code) {
  const Kernel& kernel = request.kernel();
  auto reader = TRY(CodeReader::open(kernel, kernel.memory(), false, false));
  Address end = code.start + code.size;
  for (Address at = code.start; at < end && !interrupted();) {
    CodeLine line = TRY(reader->line_at(at));
    if (line.instruction.size == 0) break;
    emit(request.out, BpfCodeRow{program.id, at, line.instruction.text});
    at = at + line.instruction.size;
  }
  return {};
}

void show_code(const Request& request, const BpfProgram& program) {
  auto functions = bpf_code(request.kernel(), program);
  if (!functions) return request.problem(functions.error());
  if (functions->empty()) {
    request.out.note(
        fmt::format("program {} is not compiled but interpreted", program.id));
  }
  for (const BpfCode& code : *functions) {
    request.out.layout("\n");
    auto done = show_function(request, program, code);
    if (!done) request.problem(done.error());
  }
}

void show_program(const Request& request, const BpfProgram& program) {
  const Options& options = request.options;
  request.out.layout(program_heading);
  emit(request.out, BpfProgramRow{program, true});
  if (options.has('t') || options.has('T')) show_instructions(request, program);
  if (options.has('j')) show_code(request, program);
  if (options.has('s')) {
    request.out.layout("\n");
    show_structure(request, program.object);
    show_structure(request, program.auxiliary);
  }
}

void show_map(const Request& request, const BpfMap& map) {
  request.out.layout(map_heading);
  emit(request.out, BpfMapRow{map, true});
  if (!request.options.has('s')) return;
  request.out.layout("\n");
  show_structure(request, map.object);
}

void show_link(const Request& request, const BpfLink& link) {
  emit(request.out, BpfLinkRow{link});
  if (!request.options.has('s')) return;
  request.out.layout("\n");
  show_structure(request, link.object);
}

// What the user wants of a kind of things: one by its id, all, or nothing.
struct Wanted {
  std::string_view what;
  std::optional<std::uint64_t> id;
  bool is_all = false;

  bool is_any() const { return id || is_all; }
};

Result<Wanted> wanted(const Options& options, std::string_view what, char one,
                      char all) {
  Wanted found{.what = what, .id = std::nullopt, .is_all = options.has(all)};
  auto word = options.argument(one);
  if (!word) return found;
  found.id = parse_number(*word);
  if (found.id) return found;
  return Error(ErrorKind::usage, fmt::format("invalid {} ID: {}", what, *word));
}

// Those wanted go to |show|; details stand apart from each other.
template <typename T, typename Show>
void show_wanted(const Request& request, const Wanted& what,
                 const Result<BpfFound<T>>& found, Show show) {
  if (!found) return request.problem(found.error());
  bool is_any = false;
  for (const T& item : found->items) {
    if (interrupted()) break;
    if (what.id && item.id != *what.id) continue;
    show(request, item, !is_any);
    is_any = true;
  }
  if (found->incomplete) request.problem(*found->incomplete);
  if (what.id && !is_any) {
    request.problem(
        Error(ErrorKind::not_found,
              fmt::format("invalid {} ID: {}", what.what, *what.id)));
  }
}

void show_lists(const Request& request) {
  auto programs = bpf_programs(request.kernel());
  auto maps = bpf_maps(request.kernel());
  report::Paragraphs out(request.out);
  show_wanted(request, Wanted{"program", std::nullopt, true}, programs,
              [&out](const Request&, const BpfProgram& one, bool is_first) {
                if (is_first) out.layout(program_heading);
                emit(out, BpfProgramRow{one, false});
              });
  out.next();
  show_wanted(request, Wanted{"map", std::nullopt, true}, maps,
              [&out](const Request&, const BpfMap& one, bool is_first) {
                if (is_first) out.layout(map_heading);
                emit(out, BpfMapRow{one, false});
              });
}

Result<void> check(const Options& options, const Wanted& programs,
                   bool is_any) {
  TRY(options.no_words());
  for (char letter : {'t', 'T', 'j'}) {
    if (!options.has(letter) || programs.is_any()) continue;
    return Error(ErrorKind::usage,
                 fmt::format("-{} requires either -p or -P", letter));
  }
  if (options.has('s') && !is_any) {
    return Error(ErrorKind::usage, "-s requires -p, -P, -m, -M, -l or -L");
  }
  return {};
}

// What of each kind is wanted.
struct AllWanted {
  Wanted programs, maps, links;
  bool is_any() const {
    return programs.is_any() || maps.is_any() || links.is_any();
  }
};

void show_details(const Request& request, const AllWanted& all,
                  report::Paragraphs& out) {
  const Kernel& kernel = request.kernel();
  if (all.programs.is_any()) {
    show_wanted(request, all.programs, bpf_programs(kernel),
                [&out](const Request& of, const BpfProgram& one, bool) {
                  out.next();
                  show_program(of, one);
                });
  }
  if (all.maps.is_any()) {
    show_wanted(request, all.maps, bpf_maps(kernel),
                [&out](const Request& of, const BpfMap& one, bool) {
                  out.next();
                  show_map(of, one);
                });
  }
  if (!all.links.is_any()) return;
  out.next();
  show_wanted(request, all.links, bpf_links(kernel),
              [&out](const Request& of, const BpfLink& one, bool is_first) {
                if (is_first) out.layout(link_heading);
                show_link(of, one);
              });
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "p:PtTjm:Ml:Lsxd"));
  AllWanted all{.programs = TRY(wanted(options, "program", 'p', 'P')),
                .maps = TRY(wanted(options, "map", 'm', 'M')),
                .links = TRY(wanted(options, "link", 'l', 'L'))};
  TRY(check(options, all.programs, all.is_any()));
  report::Paragraphs paragraphs(out);
  Request request{session, options, paragraphs};
  if (all.is_any()) {
    show_details(request, all, paragraphs);
  } else {
    show_lists(request);
  }
  return {};
}

}  // namespace

extern const Command bpf_command;
const Command bpf_command = {"bpf", &help, run};

}  // namespace inquest
