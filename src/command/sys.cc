// SPDX-License-Identifier: GPL-3.0-or-later
// sys: the machine, its kernel, and how it died.

#include "command/sys.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/options.h"
#include "debuginfo/elf_file.h"
#include "kernel/clock.h"
#include "kernel/system.h"
#include "kernel/task.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "system data",
    .synopsis = "[-c [name | number]] [-t] [-i] [config]",
    .description =
        "Shows which kernel and dump these are, the machine, when it died and\n"
        "what the kernel said last.",
    .options =
        {
            {"-c",
             "the system call table, or the calls whose name has a text "
             "in it, or one by number"},
            {"-t", "the taint mask and its letters"},
            {"-i", "what the firmware says of the machine (DMI)"},
            {"config", "the kernel's configuration, where it is built in"},
        },
    .examples =
        {
            {"Show the system data", "sys"},
            {"Is the kernel tainted?", "sys -t"},
            {"Which function is system call 1?", "sys -c 1"},
        },
};

// ---- What we answer ----

struct TaintRow {
  std::uint64_t mask = 0;
  std::string letters;
};

report::Record to_record(const TaintRow& row) {
  return report::Record().with("mask", row.mask).with("letters", row.letters);
}

std::string to_text(const TaintRow& row) {
  return fmt::format("TAINTED_MASK: {:x}  {}\n", row.mask, row.letters);
}

struct NamedText {
  std::string name, text;
};

report::Record to_record(const NamedText& row) {
  return report::Record().with("name", row.name).with("value", row.text);
}

std::string to_text(const NamedText& row) {
  return fmt::format("{:>25}: {}\n", row.name, printable(row.text));
}

struct ConfigRow {
  std::string line;
};

report::Record to_record(const ConfigRow& row) {
  return report::Record().with("line", row.line);
}

std::string to_text(const ConfigRow& row) {
  return printable(row.line) + '\n';
}

struct CallRow {
  std::size_t number = 0;
  Address address;
  std::string name;
  std::optional<SourceLine> line;
  std::size_t build_folder = 0;  // length of the part all files share
};

report::Record to_record(const CallRow& row) {
  report::Record record;
  record.add("number", static_cast<std::uint64_t>(row.number));
  record.add("address", row.address);
  record.add("name", row.name);
  if (row.line) {
    record.add("file", row.line->file);
    record.add("line", row.line->line);
  }
  return record;
}

std::string to_text(const CallRow& row) {
  std::string where;
  if (row.line) {
    std::string file = row.line->file.substr(
        std::min(row.build_folder, row.line->file.size()));
    where = fmt::format("{}{}: {}", row.build_folder == 0 ? "" : "../", file,
                        row.line->line);
  }
  return fmt::format("{:>3}  {:<26} {}\n", row.number, row.name, where);
}

// ---- How we find it ----

template <typename T, typename Convert>
Result<std::string> converted(const Result<T>& from, Convert convert) {
  if (!from) return from.error();
  return std::string(convert(*from));
}

std::string load_text(const std::array<std::uint64_t, 3>& loads) {
  std::string text;
  for (std::uint64_t load : loads) {
    text += fmt::format("{}{}.{:02}", text.empty() ? "" : ", ", load / 100,
                        load % 100);
  }
  return text;
}

std::uint64_t count_tasks(const Kernel& kernel) {
  std::uint64_t count = 0;
  for ([[maybe_unused]] const Object& task : known_tasks(kernel))
    ++count;
  return count;
}

std::string dump_names(const Kernel& kernel) {
  std::string names;
  for (const auto& file : kernel.dump_info().files) {
    names += (names.empty() ? "" : ", ") + file.string();
  }
  return names;
}

// What directories all files lie in, with the last slash.
std::size_t common_folder(const std::vector<CallRow>& rows) {
  std::optional<std::string> common;
  for (const CallRow& row : rows) {
    if (!row.line) continue;
    if (!common) common = row.line->file;
    auto [end, ignored] = std::ranges::mismatch(*common, row.line->file);
    common->erase(end, common->end());
  }
  std::size_t slash = common ? common->rfind('/') : std::string::npos;
  return slash == std::string::npos ? 0 : slash + 1;
}

std::vector<CallRow> all_calls(const Kernel& kernel,
                               const std::vector<Address>& calls) {
  std::vector<CallRow> rows;
  for (std::size_t i = 0; i < calls.size() && !interrupted(); ++i) {
    CallRow row;
    row.number = i;
    row.address = calls[i];
    auto place = kernel.place(calls[i]);
    row.name = place ? place->symbol : fmt::format("{:x}", calls[i].value);
    if (auto line = kernel.source_line(calls[i]))
      row.line = std::move(line).value();
    rows.push_back(std::move(row));
  }
  std::size_t folder = common_folder(rows);
  for (CallRow& row : rows)
    row.build_folder = folder;
  return rows;
}

bool is_wanted(const CallRow& row, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  auto number = parse_number(words.front());
  if (number) return row.number == *number;
  return row.name.find(words.front()) != std::string::npos;
}

Result<void> show_calls(const Kernel& kernel, const Options& options,
                        report::Sink& out) {
  auto calls = TRY(system_calls(kernel));
  bool is_any = false;
  for (const CallRow& row : all_calls(kernel, calls)) {
    if (!is_wanted(row, options.words())) continue;
    if (!is_any) {
      out.layout("NUM  SYSTEM CALL                FILE AND LINE NUMBER\n");
    }
    is_any = true;
    emit(out, row);
  }
  if (is_any) return {};
  return Error(ErrorKind::not_found,
               "no system call matches " + options.words().front());
}

Result<void> show_config(const Kernel& kernel, report::Sink& out) {
  std::string config = TRY(kernel_config(kernel));
  for (std::string_view line : lines(config))
    emit(out, ConfigRow{std::string(line)});
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  if (words.size() == 1 && words.front() == "-panic") {
    return Error(ErrorKind::unsupported,
                 kernel.is_live() ? "the running system is not made to panic"
                                  : "a dump cannot panic again");
  }
  Options options = TRY(Options::parse(words, "cti"));
  if (options.has('c')) return show_calls(kernel, options, out);
  for (const std::string& word : options.words()) {
    if (word != "config") return Error(ErrorKind::usage, "unexpected " + word);
    TRY(show_config(kernel, out));
  }
  if (options.has('t')) {
    std::uint64_t mask = TRY(taint_mask(kernel));
    emit(out, TaintRow{mask, taint_letters(kernel, mask)});
  }
  if (options.has('i')) {
    auto strings = TRY(dmi_strings(kernel));
    for (auto& [name, text] : strings)
      emit(out, NamedText{name, text});
  }
  if (words.empty()) emit(out, system_row(kernel));
  return {};
}

}  // namespace

SystemRow system_row(const Kernel& kernel) {
  SystemRow row;
  row.kernel = kernel.vmlinux().string();
  row.is_tainted = taint_mask(kernel).value_or(0) != 0;
  row.is_livepatched = is_livepatched(kernel);
  row.dump = dump_names(kernel);
  row.is_partial = kernel.dump_info().is_partial;
  row.is_incomplete = kernel.dump_info().is_incomplete;
  auto present = kernel.cpus("__cpu_present_mask");
  row.cpus = present ? present->size() : kernel.online_cpus().size();
  row.offline = row.cpus - std::min(row.cpus, kernel.online_cpus().size());
  row.date = converted(wall_clock(kernel), date_text);
  row.uptime = converted(uptime(kernel), duration_text);
  row.load = converted(load_averages(kernel), load_text);
  row.tasks = count_tasks(kernel);
  row.uts = uts_name(kernel);
  row.memory = converted(memory_size(kernel), size_text);
  row.megahertz = cpu_megahertz(kernel);
  row.is_live = kernel.is_live();
  if (!row.is_live) row.panic = panic_message(kernel);
  return row;
}

report::Record to_record(const SystemRow& row) {
  report::Record record;
  record.add("kernel", row.kernel);
  record.add("tainted", row.is_tainted);
  record.add("livepatched", row.is_livepatched);
  record.add("dump", row.dump);
  record.add("partial", row.is_partial);
  record.add("incomplete", row.is_incomplete);
  record.add("cpus", static_cast<std::uint64_t>(row.cpus));
  record.add("offline", static_cast<std::uint64_t>(row.offline));
  record.add("date", row.date);
  record.add("uptime", row.uptime);
  record.add("load", row.load);
  record.add("tasks", row.tasks);
  if (row.uts) {
    record.add("node", row.uts->node);
    record.add("release", row.uts->release);
    record.add("version", row.uts->version);
    record.add("machine", row.uts->machine);
  } else {
    record.add("node", row.uts.error());
  }
  record.add("mhz", row.megahertz);
  record.add("memory", row.memory);
  if (row.is_live) {
    record.add("live", true);
  } else {
    record.add("panic", row.panic);
  }
  return record;
}

std::string to_text(const SystemRow& row) {
  std::string text;
  auto line = [&text](std::string_view name, std::string_view value) {
    text += fmt::format("{:>12}: {}\n", name, value);
  };
  line("KERNEL", row.kernel + (row.is_livepatched ? "  [LIVEPATCH]" : "") +
                     (row.is_tainted ? "  [TAINTED]" : ""));
  line("DUMPFILE", row.dump + (row.is_partial ? "  [PARTIAL DUMP]" : "") +
                       (row.is_incomplete ? "  [INCOMPLETE]" : ""));
  line("CPUS", row.offline == 0
                   ? std::to_string(row.cpus)
                   : fmt::format("{} [OFFLINE: {}]", row.cpus, row.offline));
  line("DATE", cell(row.date));
  line("UPTIME", cell(row.uptime));
  line("LOAD AVERAGE", cell(row.load));
  line("TASKS", std::to_string(row.tasks));
  auto uts = [&row](std::string UtsName::*part) {
    return row.uts ? printable((*row.uts).*part)
                   : report::cell_text(row.uts.error());
  };
  line("NODENAME", uts(&UtsName::node));
  line("RELEASE", uts(&UtsName::release));
  line("VERSION", uts(&UtsName::version));
  line("MACHINE",
       fmt::format("{}  ({} Mhz)", uts(&UtsName::machine),
                   row.megahertz ? std::to_string(*row.megahertz) : "unknown"));
  line("MEMORY", cell(row.memory));
  if (row.is_live) return text;
  bool is_oops = row.panic.find("Oops: ") != std::string::npos;
  line("PANIC", fmt::format("\"{}\"{}", printable(row.panic),
                            is_oops ? " (check log for details)" : ""));
  return text;
}

extern const Command sys_command;
const Command sys_command = {"sys", &help, run};

}  // namespace inquest
