// SPDX-License-Identifier: GPL-3.0-or-later
// bt: the stacks of tasks.

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/parallel.h"
#include "base/text.h"
#include "command/bt_build.h"
#include "command/cpu_list.h"
#include "command/options.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "stacks of tasks",
    .synopsis =
        "[-a | -c cpus | -p | -g] [-rtTleEfFvsoO] [-x | -d] [-R ref] "
        "[-I ip] [-S sp] [-n idle] [pid | task] ...",
    .description =
        "Shows the chain of calls that led a task to where it stopped: of the\n"
        "current context, or of the tasks given. Each frame is shown with the\n"
        "address on the stack that holds its return address. Registers that\n"
        "an interrupt, an exception or a system call saved follow the frame\n"
        "that was entered by it.",
    .options =
        {
            {"-a", "the tasks that were running, CPU by CPU"},
            {"-A", "not applicable to this architecture"},
            {"-c cpus", "the tasks that were running on these CPUs (1,3-5)"},
            {"-p", "the task that panicked"},
            {"-g", "all threads of the task's thread group"},
            {"-n idle", "leave out idle tasks (with -a and -c)"},
            {"-l", "file and line of each frame"},
            {"-s", "offsets into functions (-x hexadecimal, -d decimal)"},
            {"-f", "the words of the stack that each frame covers"},
            {"-F",
             "the same, with symbols and slab caches instead of numbers; "
             "-FF: cache and address"},
            {"-t", "every text address on the stack, from the first frame on"},
            {"-T", "every text address on the whole of the task's stack"},
            {"-r", "the whole stack, word by word"},
            {"-e", "search the stack for saved registers"},
            {"-E", "search the CPUs' interrupt and exception stacks for them"},
            {"-v", "check all tasks for stack overflows"},
            {"-R ref", "only stacks with this function or text address"},
            {"-I ip", "start at this return address"},
            {"-S sp",
             "start at the stack slot that holds it; arm64: at this frame"},
            {"-o, -O", "accepted: there is one unwinder"},
        },
    .examples =
        {
            {"Show the stack of the current context", "bt"},
            {"Show what all CPUs were doing", "bt -a"},
            {"Show the stack of process 1 with lines", "bt -l 1"},
        },
};

BtWants wants_of(const Options& options, const Settings& settings) {
  BtWants wants;
  wants.style.has_offsets = options.has('s');
  wants.style.is_hex =
      options.has('x') || (settings.radix == 16 && !options.has('d'));
  wants.style.is_scan = options.has('t') || options.has('T');
  wants.style.has_start = options.has('t') && !options.has('T');
  wants.is_whole_stack = options.has('T');
  wants.has_lines = options.has('l');
  wants.words = options.has('f') ? 1 : 0;
  if (options.has('F')) wants.words = options.count('F') > 1 ? 3 : 2;
  if (auto reference = options.argument('R')) wants.reference = *reference;
  return wants;
}

Result<std::optional<Address>> address_of(const Options& options, char letter) {
  auto text = options.argument(letter);
  if (!text) return std::optional<Address>();
  auto number = parse_hex(*text);
  if (!number) {
    return Error(ErrorKind::usage, fmt::format("invalid address: {}", *text));
  }
  return std::optional(Address{*number});
}

Result<std::vector<Object>> running(const Kernel& kernel,
                                    const std::vector<unsigned>& cpus,
                                    bool has_idle) {
  std::vector<Object> found;
  for (unsigned cpu : cpus) {
    Object task = TRY(current_task(kernel, cpu));
    auto pid = task_pid(task);
    if (!has_idle && pid && *pid == 0) continue;
    found.push_back(std::move(task));
  }
  return found;
}

Result<std::vector<Object>> named_or_current(const Session& session,
                                             const Options& options) {
  std::vector<Object> found;
  for (const std::string& word : options.words()) {
    auto named = TRY(named_tasks(session.kernel, word));
    found.insert(found.end(), named.begin(), named.end());
  }
  if (options.words().empty()) return meant_tasks(session);
  return found;
}

Result<std::vector<Object>> groups(const Kernel& kernel,
                                   const std::vector<Object>& tasks) {
  std::vector<Object> found;
  for (const Object& task : tasks) {
    for (const Object& thread : threads(kernel, task)) {
      if (thread.fault() != nullptr) return *thread.fault();
      found.push_back(thread);
    }
  }
  return found;
}

Result<std::vector<Object>> tasks_of(const Session& session,
                                     const Options& options) {
  const Kernel& kernel = session.kernel;
  bool has_idle = options.argument('n') != "idle";
  if (options.has('a')) {
    return running(kernel, scheduled_cpus(kernel), has_idle);
  }
  if (auto cpus = options.argument('c')) {
    return running(kernel, TRY(cpu_list(kernel, *cpus)), has_idle);
  }
  if (options.has('p')) return std::vector{TRY(panic_task(kernel))};
  auto named = TRY(named_or_current(session, options));
  return options.has('g') ? groups(kernel, named) : named;
}

// ---- How it is said ----

struct TextRow {
  std::string text;
};
report::Record to_record(const TextRow& row) {
  return report::Record().with("result", row.text);
}
std::string to_text(const TextRow& row) {
  return row.text + '\n';
}

void check_stacks(const Kernel& kernel, BtBuilder& builder, report::Sink& out) {
  bool is_clean = true;
  for (const Object& task : tasks(kernel)) {
    if (interrupted()) return;
    if (task.fault() != nullptr) {
      out.problem(Error(*task.fault()).while_doing("bt"));
      continue;
    }
    auto row = builder.overflow(task);
    if (!row) {
      out.problem(
          Error(row.error())
              .while_doing(fmt::format("bt: stack of task {:x}: not checked",
                                       task.address().value)));
      is_clean = false;
    } else if (*row) {
      is_clean = false;
      emit(out, **row);
    }
  }
  if (is_clean) emit(out, TextRow{"No stack overflows detected"});
}

void search_cpu_stacks(const Kernel& kernel, BtBuilder& builder,
                       report::Sink& out) {
  for (bool is_interrupt : {true, false}) {
    for (unsigned cpu : scheduled_cpus(kernel)) {
      for (const auto& row : builder.exceptions(cpu, is_interrupt)) {
        emit(out, row);
      }
    }
  }
}

void show(const Options& options, const BtBuilder& builder, const BtRow& row,
          report::Sink& out) {
  // A place that the user gave and that leads nowhere is an error of theirs.
  bool is_users = options.has('S') || options.has('I');
  if (is_users && row.broken && row.frames.size() < 2) {
    out.problem(Error(*row.broken).while_doing("bt"));
  } else if (builder.is_wanted(row)) {
    emit(out, row);
  }
}

void show(const Options& options, BtBuilder& builder, const Object& task,
          report::Sink& out) {
  if (options.has('r')) return emit(out, builder.raw(task));
  if (options.has('e')) return emit(out, builder.exceptions(task));
  show(options, builder, builder.row(task), out);
}

Result<BtBuilder> builder_for(const Session& session, const Options& options) {
  BtWants wants = wants_of(options, session.settings);
  wants.pc = TRY(address_of(options, 'I'));
  wants.sp = TRY(address_of(options, 'S'));
  return BtBuilder(session.kernel, std::move(wants));
}

// Many stacks are followed by all processors, some thousand at a time, and said
// in their order.
void show_many(const Options& options, const BtBuilder& first,
               std::span<const Object> tasks, report::Paragraphs& out) {
  constexpr std::size_t at_once = 4096, part = 64;
  while (!tasks.empty() && !interrupted()) {
    auto some = tasks.first(std::min(tasks.size(), at_once));
    tasks = tasks.subspan(some.size());
    std::vector<std::optional<BtRow>> rows(some.size());
    in_parallel(some.size(), part, [&](std::size_t from, std::size_t to) {
      BtBuilder builder = first.fresh();
      for (std::size_t i = from; i < to && !interrupted(); ++i)
        rows[i] = builder.row(some[i]);
    });
    for (const auto& row : rows) {
      if (!row || interrupted()) return;
      out.next();
      show(options, first, *row, out);
    }
  }
}

// The first one alone looks up what all of them need.
void show_all(const Options& options, BtBuilder& builder,
              const std::vector<Object>& tasks, report::Sink& out) {
  report::Paragraphs paragraphs(out);
  bool is_parallel = !options.has('r') && !options.has('e');
  std::size_t alone =
      is_parallel ? std::min<std::size_t>(tasks.size(), 1) : tasks.size();
  for (std::size_t i = 0; i < alone && !interrupted(); ++i) {
    paragraphs.next();
    show(options, builder, tasks[i], paragraphs);
  }
  show_many(options, builder, std::span(tasks).subspan(alone), paragraphs);
}

constexpr std::string_view letters = "aAc:pgn:rtTleEfFvsxdR:I:S:oO";

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, letters));
  if (options.has('A')) {
    return Error(ErrorKind::unsupported,
                 "-A option not supported or applicable on this architecture "
                 "or kernel");
  }
  BtBuilder builder = TRY(builder_for(session, options));
  if (options.has('v')) {
    check_stacks(session.kernel, builder, out);
  } else if (options.has('E')) {
    search_cpu_stacks(session.kernel, builder, out);
  } else {
    show_all(options, builder, TRY(tasks_of(session, options)), out);
  }
  return {};
}

}  // namespace

extern const Command bt_command = {"bt", &help, run};

}  // namespace inquest
