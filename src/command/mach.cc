// SPDX-License-Identifier: GPL-3.0-or-later
// mach: the machine, where its memory is mapped, and the stacks of its CPUs.

#include <algorithm>

#include <fmt/format.h>

#include "command/options.h"
#include "command/structure_row.h"
#include "command/values.h"
#include "kernel/faults.h"
#include "kernel/machine.h"
#include "kernel/system.h"
#include "kernel/task.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "machine specific data",
    .synopsis = "[-m | -c [-xd] | -o]",
    .description =
        "Shows the machine: its CPUs and memory, where the kernel maps what,\n"
        "and the stacks that CPUs have besides those of the tasks. A stack\n"
        "that cannot be read is [unavailable].",
    .options =
        {
            {"-m", "the firmware's map of physical memory (x86_64)"},
            {"-c",
             "the structure that describes each CPU: cpuinfo_x86 or "
             "cpuinfo_arm64"},
            {"-x", "with -c: numbers in hexadecimal"},
            {"-d", "with -c: numbers in decimal"},
            {"-o", "the OPAL console: of no architecture that inquest knows"},
        },
    .examples =
        {
            {"Show the machine", "mach"},
            {"Which physical memory is there?", "mach -m"},
            {"What does the kernel know of each CPU?", "mach -c -x"},
        },
};

// ---- What we answer ----

struct Line {
  std::string label, name;  // as text and as data
  report::Value value;
  std::string text;
};

struct MachineRow {
  std::vector<Line> lines;
  std::vector<CpuStacks> stacks;
};

report::Record to_record(const CpuStacks& kind) {
  report::List stacks;
  for (const CpuStack& stack : kind.stacks) {
    stacks.emplace_back(report::Record()
                            .with("cpu", stack.cpu)
                            .with("base", stack.base)
                            .with("available", stack.is_available));
  }
  return report::Record()
      .with("name", kind.name)
      .with("size", kind.size)
      .with("stacks", std::move(stacks));
}

report::Record to_record(const MachineRow& row) {
  report::Record record;
  for (const Line& line : row.lines)
    record.add(line.name, line.value);
  report::List stacks;
  for (const CpuStacks& kind : row.stacks)
    stacks.emplace_back(to_record(kind));
  record.add("cpu_stacks", std::move(stacks));
  return record;
}

// Labels end in one column.
std::string to_text(const MachineRow& row) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Line& line : row.lines)
    lines.emplace_back(line.label, line.text);
  for (const CpuStacks& kind : row.stacks) {
    lines.emplace_back(kind.name + " STACK SIZE", fmt::to_string(kind.size));
    lines.emplace_back(kind.name + " STACKS", "");
    for (const CpuStack& stack : kind.stacks) {
      lines.emplace_back(
          fmt::format("CPU {}", stack.cpu),
          fmt::format("{:016x}{}", stack.base.value,
                      stack.is_available ? "" : " [unavailable]"));
    }
  }
  std::size_t width = 0;
  for (const auto& [label, text] : lines)
    width = std::max(width, label.size());
  std::string all;
  for (const auto& [label, text] : lines) {
    all += fmt::format("{:>{}}:{}{}\n", label, width, text.empty() ? "" : " ",
                       text);
  }
  return all;
}

struct FirmwareRow {
  FirmwareRange range;
};

report::Record to_record(const FirmwareRow& row) {
  return report::Record()
      .with("start", row.range.start)
      .with("end", PhysAddress{row.range.start.value + row.range.size})
      .with("type", row.range.type);
}

std::string to_text(const FirmwareRow& row) {
  return fmt::format("{:016x} - {:016x}  {}\n", row.range.start.value,
                     row.range.start.value + row.range.size, row.range.type);
}

// ---- How we find it ----

template <typename T, typename Format>
void add(std::vector<Line>& lines, std::string_view label,
         std::string_view name, const Result<T>& value, Format format) {
  lines.push_back({std::string(label), std::string(name), value,
                   report::cell_text(value, format)});
}

void add_number(std::vector<Line>& lines, std::string_view label,
                std::string_view name, const Result<std::uint64_t>& value) {
  add(lines, label, name, value,
      [](std::uint64_t number) { return fmt::to_string(number); });
}

std::string_view machine_name(const Kernel& kernel) {
  std::string_view name = kernel.arch().name();
  return name == "arm64" ? "aarch64" : name;
}

void add_bases(const Kernel& kernel, std::vector<Line>& lines) {
  for (const KernelRange& base : memory_bases(kernel)) {
    auto line = [&lines, &base](std::string_view label, std::string_view name) {
      lines.push_back({std::string(label), std::string(name), base.range.start,
                       fmt::format("{:016x}", base.range.start.value)});
    };
    switch (base.kind) {
      case RangeKind::direct_map:
        line("KERNEL VIRTUAL BASE", "direct_map");
        break;
      case RangeKind::image:
        line("KERNEL START MAP", "image_map");
        break;
      case RangeKind::vmalloc:
        line("KERNEL VMALLOC BASE", "vmalloc");
        break;
      case RangeKind::modules:
        line("KERNEL MODULES BASE", "modules");
        break;
      case RangeKind::vmemmap:
        line("KERNEL VMEMMAP BASE", "vmemmap");
        break;
    }
  }
}

MachineRow machine_row(const Kernel& kernel) {
  MachineRow row;
  std::vector<Line>& lines = row.lines;
  std::string machine(machine_name(kernel));
  lines.push_back({"MACHINE TYPE", "machine", machine, machine});
  add(lines, "MEMORY SIZE", "memory", memory_size(kernel), size_text);
  std::uint64_t cpus = kernel.online_cpus().size();
  lines.push_back({"CPUS", "cpus", cpus, fmt::to_string(cpus)});
  std::string host = hypervisor(kernel);
  if (!host.empty()) lines.push_back({"HYPERVISOR", "hypervisor", host, host});
  auto speed = cpu_megahertz(kernel);
  if (speed) {
    lines.push_back(
        {"PROCESSOR SPEED", "mhz", *speed, fmt::format("{} Mhz", *speed)});
  } else if (is_lost(speed.error())) {
    add_number(lines, "PROCESSOR SPEED", "mhz", speed.error());
  }
  add_number(lines, "HZ", "hz", ticks_per_second(kernel));
  add_number(lines, "PAGE SIZE", "page_size", kernel.page_size());
  add_bases(kernel, lines);
  add_number(lines, "KERNEL STACK SIZE", "stack_size", stack_size(kernel));
  row.stacks = cpu_stack_kinds(kernel);
  std::erase_if(row.stacks, [](const CpuStacks& kind) {
    return kind.name == "ENTRY TRAMPOLINE";
  });
  return row;
}

Error not_here(const Kernel& kernel, char option, const Error& error) {
  return {error.kind(),
          fmt::format("-{} option not supported on {}: {}", option,
                      machine_name(kernel), error.message())};
}

Result<void> show_memory(const Kernel& kernel, report::Sink& out) {
  auto ranges = firmware_memory(kernel);
  if (!ranges) return not_here(kernel, 'm', ranges.error());
  out.layout("      PHYSICAL ADDRESS RANGE         TYPE\n");
  for (const FirmwareRange& range : *ranges)
    emit(out, FirmwareRow{range});
  return {};
}

Result<void> show_cpus(const Session& session, std::optional<unsigned> radix,
                       report::Sink& out) {
  const Kernel& kernel = session.kernel;
  ValueStyle style = value_style(session, radix);
  bool is_first = true;
  for (unsigned cpu : kernel.online_cpus()) {
    auto description = cpu_description(kernel, cpu);
    if (!description) return not_here(kernel, 'c', description.error());
    auto row = whole_instance(*description, style);
    out.layout(fmt::format("{}CPU {}:\n", is_first ? "" : "\n", cpu));
    is_first = false;
    if (!row) {
      out.problem(Error(row.error()).while_doing("mach"));
      continue;
    }
    InstanceRow shown = std::move(row).value();
    shown.cpu = cpu;
    emit(out, shown);
  }
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "mcoxd"));
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  if (options.has('o')) {
    return Error(ErrorKind::unsupported,
                 fmt::format("-o option not supported on {}: it has no OPAL "
                             "console",
                             machine_name(kernel)));
  }
  if (options.has('m')) return show_memory(kernel, out);
  if (options.has('c')) return show_cpus(session, options.radix(), out);
  emit(out, machine_row(kernel));
  return {};
}

}  // namespace

extern const Command mach_command;
const Command mach_command = {"mach", &help, run};

}  // namespace inquest
