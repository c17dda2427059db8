// SPDX-License-Identifier: GPL-3.0-or-later
// irq: interrupts, their handlers, counts and affinities.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/code.h"
#include "command/columns.h"
#include "command/cpu_list.h"
#include "command/options.h"
#include "kernel/interrupts.h"
#include "kernel/task.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "interrupts",
    .synopsis = "[[[index ...] | -u] | -d | -b | -a | -s [-c cpu]]",
    .description =
        "Lists the interrupts by number: the descriptor (struct irq_desc), "
        "the\n"
        "handlers (struct irqaction) and their names. Numbers restrict this,\n"
        "and what -a and -s show, to some of them.",
    .options =
        {
            {"-u", "only interrupts that have a descriptor"},
            {"-d", "where the gates of the CPU's interrupt table lead (x86)"},
            {"-b", "the functions of the softirqs"},
            {"-a", "the CPUs that each interrupt in use may come to"},
            {"-s", "how often each interrupt in use came to each CPU"},
            {"-c cpu", R"(with -s, only these CPUs: "1,3-5", "a" for all)"},
        },
    .examples =
        {
            {"Which handlers has interrupt 4?", "irq 4"},
            {"Which interrupts are in use?", "irq -u"},
            {"How often did they come?", "irq -s"},
            {"Which CPUs may they come to?", "irq -a"},
            {"The softirqs", "irq -b"},
        },
};

// ---- What we answer ----

constexpr std::size_t address_width = 16;
constexpr std::string_view unused = "(unused)";

report::List name_list(const std::vector<IrqAction>& actions) {
  report::List names;
  for (const IrqAction& action : actions)
    names.emplace_back(action.name);
  return names;
}

std::string joined_names(const std::vector<IrqAction>& actions) {
  std::string text;
  for (const IrqAction& action : actions) {
    if (!text.empty()) text += ',';
    text += cell(action.name);
  }
  return text;
}

struct Row {
  std::uint64_t number = 0;
  std::optional<Address> descriptor;  // absent: the number is not in use
  std::vector<IrqAction> actions;
};

report::Record to_record(const Row& row) {
  std::vector<report::Record> actions;
  for (const IrqAction& action : row.actions) {
    actions.push_back(
        report::Record().with("at", action.at).with("name", action.name));
  }
  return report::Record()
      .with("irq", row.number)
      .with("descriptor",
            row.descriptor ? report::Value(*row.descriptor) : report::Value())
      .with("actions", std::move(actions));
}

std::string action_text(const IrqAction& action) {
  std::string at = fmt::format("{:x}", action.at.value);
  if (!action.name) {
    return fmt::format("{:<{}}  {}", at, address_width,
                       report::cell_text(action.name.error()));
  }
  if (action.name->empty()) return at;
  return fmt::format("{:<{}}  \"{}\"", at, address_width,
                     printable(*action.name));
}

std::string to_text(const Row& row) {
  std::string text =
      centred(fmt::to_string(row.number), 5) + " " +
      (row.descriptor
           ? fmt::format("{:<{}x}", row.descriptor->value, address_width)
           : centred(unused, address_width));
  if (row.actions.empty()) {
    return text + "  " + centred(unused, address_width) + "  \n";
  }
  std::string indent = "  ";
  for (const IrqAction& action : row.actions) {
    text += indent + action_text(action) + "\n";
    indent = std::string(5 + 1 + address_width + 2, ' ');
  }
  return text;
}

struct AffinityRow {
  std::uint64_t number = 0;
  std::vector<IrqAction> actions;
  Result<std::vector<unsigned>> cpus;
};

report::Record to_record(const AffinityRow& row) {
  report::Value cpus;
  if (row.cpus) {
    cpus = report::Value(report::List(row.cpus->begin(), row.cpus->end()));
  } else {
    cpus = report::Value(row.cpus.error());
  }
  return report::Record()
      .with("irq", row.number)
      .with("names", name_list(row.actions))
      .with("cpus", std::move(cpus));
}

std::string to_text(const AffinityRow& row) {
  std::string cpus =
      row.cpus ? cpu_list_text(*row.cpus) : report::cell_text(row.cpus.error());
  return fmt::format("{:>3} {:<20} {}\n", row.number, joined_names(row.actions),
                     cpus);
}

struct CountRow {
  std::uint64_t number = 0;
  std::vector<unsigned> cpus;
  std::vector<Result<std::uint64_t>> counts;  // as many
  Result<std::string> chip, flow;
  std::vector<IrqAction> actions;
};

report::Record to_record(const CountRow& row) {
  report::Record counts;
  for (std::size_t i = 0; i < row.cpus.size(); ++i)
    counts.add(fmt::to_string(row.cpus[i]), row.counts[i]);
  return report::Record()
      .with("irq", row.number)
      .with("counts", std::move(counts))
      .with("chip", row.chip)
      .with("flow", row.flow)
      .with("names", name_list(row.actions));
}

std::string to_text(const CountRow& row) {
  std::string text = fmt::format("{:>3}: ", row.number);
  for (const auto& count : row.counts) {
    text += fmt::format("{:>10} ", cell(count));
  }
  text += fmt::format("{:>8}", cell(row.chip));
  if (!row.flow || !row.flow->empty()) {
    text += fmt::format("-{:<8}", cell(row.flow));
  }
  return text + fmt::format(" {}\n", joined_names(row.actions));
}

// A softirq's function, or where a gate of the interrupt table leads.
struct FunctionRow {
  std::size_t index = 0;
  Address at;
  std::string symbol;  // with an offset if there is one; "" if not known
};

report::Record function_record(const FunctionRow& row) {
  return report::Record()
      .with("index", std::uint64_t{row.index})
      .with("function", row.at)
      .with("symbol", row.symbol);
}

struct SoftirqRow : FunctionRow {};

report::Record to_record(const SoftirqRow& row) {
  return function_record(row);
}

std::string to_text(const SoftirqRow& row) {
  if (row.at.value == 0) {
    return centred(fmt::format("[{}]", row.index), 11) + " " +
           centred(unused, address_width) + "\n";
  }
  return centred(fmt::format("[{}]", row.index), 11) +
         fmt::format(" {:x}  <{}>\n", row.at.value, row.symbol);
}

struct GateRow : FunctionRow {};

report::Record to_record(const GateRow& row) {
  return function_record(row);
}

std::string to_text(const GateRow& row) {
  return fmt::format(
      "{:>5} {}\n", fmt::format("[{}]", row.index),
      row.symbol.empty() ? fmt::format("{:x}", row.at.value) : row.symbol);
}

// ---- How we find it ----

// The numbers that were asked for, in order; problems for those that are none.
std::vector<std::uint64_t> asked_numbers(const IrqTable& table,
                                         const Options& options,
                                         report::Sink& out) {
  std::vector<std::uint64_t> numbers;
  for (const std::string& word : options.words()) {
    auto number = parse_number(word);
    if (!number || *number >= table.count()) {
      std::uint64_t most = table.count() == 0 ? 0 : table.count() - 1;
      out.problem(
          Error(ErrorKind::not_found,
                fmt::format("invalid IRQ value: {}  ({} max)", word, most))
              .while_doing("irq"));
      continue;
    }
    numbers.push_back(*number);
  }
  return numbers;
}

void show_faults(const IrqTable& table, report::Sink& out) {
  for (const Error& fault : table.faults())
    out.problem(Error(fault).while_doing("irq"));
}

Row row_of(const IrqTable& table, std::uint64_t number) {
  Row row{number, std::nullopt, {}};
  auto found = table.descriptors().find(number);
  if (found == table.descriptors().end()) return row;
  row.descriptor = found->second.address();
  row.actions = irq_actions(found->second);
  return row;
}

// All numbers; of very many only those with a descriptor.
void show_all(const IrqTable& table, report::Sink& out) {
  constexpr std::uint64_t many = 1 << 16;
  std::uint64_t count = table.count() <= many ? table.count() : 0;
  if (count < table.count()) {
    out.note(
        fmt::format("of {} numbers, those without a descriptor are left out",
                    table.count()));
  }
  for (std::uint64_t i = 0; i < count && !interrupted(); ++i)
    emit(out, row_of(table, i));
  for (const auto& [number, descriptor] : table.descriptors()) {
    if (number >= count) emit(out, row_of(table, number));
  }
}

Result<void> show_table(const Session& session, const Options& options,
                        report::Sink& out) {
  IrqTable table = TRY(IrqTable::open(session.kernel));
  auto numbers = asked_numbers(table, options, out);
  bool has_words = !options.words().empty();
  if (has_words && numbers.empty()) return {};
  out.layout(fmt::format(" IRQ  {}  {}  NAME\n",
                         centred("IRQ_DESC/_DATA", address_width),
                         centred("IRQACTION", address_width)));
  if (has_words) {
    for (std::uint64_t number : numbers)
      emit(out, row_of(table, number));
  } else if (options.has('u')) {
    for (const auto& [number, descriptor] : table.descriptors())
      emit(out, row_of(table, number));
  } else {
    show_all(table, out);
  }
  show_faults(table, out);
  return {};
}

struct UsedIrq {
  std::uint64_t number = 0;
  const Object* descriptor = nullptr;
  std::vector<IrqAction> actions;
};

// Interrupts with handlers: all, or those that were asked for.
std::vector<UsedIrq> used_irqs(const IrqTable& table, const Options& options,
                               report::Sink& out) {
  auto asked = asked_numbers(table, options, out);
  std::set<std::uint64_t> wanted(asked.begin(), asked.end());
  std::vector<UsedIrq> used;
  for (const auto& [number, descriptor] : table.descriptors()) {
    if (interrupted()) break;
    if (!options.words().empty() && !wanted.contains(number)) continue;
    auto actions = irq_actions(descriptor);
    if (!actions.empty()) used.push_back({number, &descriptor, actions});
  }
  return used;
}

Result<void> show_affinity(const Session& session, const Options& options,
                           report::Sink& out) {
  IrqTable table = TRY(IrqTable::open(session.kernel));
  out.layout("IRQ NAME                 AFFINITY\n");
  for (const UsedIrq& irq : used_irqs(table, options, out)) {
    emit(out, AffinityRow{irq.number, irq.actions,
                          irq_affinity(session.kernel, *irq.descriptor)});
  }
  show_faults(table, out);
  return {};
}

Result<void> show_counts(const Session& session, const Options& options,
                         report::Sink& out) {
  const Kernel& kernel = session.kernel;
  std::vector<unsigned> cpus = TRY(chosen_cpus(kernel, options.argument('c')));
  IrqTable table = TRY(IrqTable::open(kernel));
  std::string heading = "     ";
  for (unsigned cpu : cpus)
    heading += fmt::format("{:>10} ", fmt::format("CPU{}", cpu));
  out.layout(heading + "\n");
  for (const UsedIrq& irq : used_irqs(table, options, out)) {
    CountRow row{irq.number,
                 cpus,
                 {},
                 irq_chip_name(*irq.descriptor),
                 irq_flow_name(*irq.descriptor),
                 irq.actions};
    for (unsigned cpu : cpus)
      row.counts.push_back(irq_count(kernel, *irq.descriptor, cpu));
    emit(out, row);
  }
  show_faults(table, out);
  return {};
}

Result<void> show_softirqs(const Kernel& kernel, report::Sink& out) {
  auto actions = TRY(softirq_actions(kernel));
  out.layout("SOFTIRQ_VEC " + centred("ACTION", address_width) + "\n");
  for (std::size_t i = 0; i < actions.size(); ++i)
    emit(out, SoftirqRow{{i, actions[i], place_text(kernel, actions[i])}});
  return {};
}

Result<void> show_gates(const Kernel& kernel, report::Sink& out) {
  auto gates = TRY(interrupt_gates(kernel));
  for (std::size_t i = 0; i < gates.size(); ++i)
    emit(out, GateRow{{i, gates[i], place_text(kernel, gates[i])}});
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "udbasc:"));
  if (options.has('c') && !options.has('s')) {
    return Error(ErrorKind::usage, "-c goes with -s");
  }
  if (options.has('d')) return show_gates(session.kernel, out);
  if (options.has('b')) return show_softirqs(session.kernel, out);
  if (options.has('a')) return show_affinity(session, options, out);
  if (options.has('s')) return show_counts(session, options, out);
  return show_table(session, options, out);
}

}  // namespace

extern const Command irq_command;
const Command irq_command = {"irq", &help, run};

}  // namespace inquest
