// SPDX-License-Identifier: GPL-3.0-or-later
// sig: signals of tasks.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/numbers.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "kernel/signals.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "signal handling of tasks",
    .synopsis = "[-l] | [-s sigset] | [-g] [pid | task] ...",
    .description =
        "Shows what the tasks do about each signal, which signals they block,\n"
        "and which were sent to them, or to their thread group, and not taken\n"
        "yet. SIGPENDING tells whether one of those is not blocked.",
    .options =
        {
            {"-g", "all threads of each task's thread group"},
            {"-l", "the numbers and names of the signals"},
            {"-s sigset", "the names of the signals in a set, such as BLOCKED"},
        },
    .examples =
        {
            {"Show the signals of process 1", "sig 1"},
            {"Name the signals of a set", "sig -s 4002"},
        },
};

// ---- What we answer ----

struct SignalRow {
  unsigned number = 0;
  std::string name;
  std::string_view other;
};

report::Record to_record(const SignalRow& row) {
  report::Record record;
  record.add("number", row.number);
  record.add("name", row.name);
  if (!row.other.empty()) record.add("other_name", row.other);
  return record;
}

std::string to_text(const SignalRow& row) {
  return fmt::format("{:>4} {}{}{}\n", fmt::format("[{}]", row.number),
                     row.name, row.other.empty() ? "" : "/", row.other);
}

struct SetRow {
  std::uint64_t set = 0;
  std::vector<std::string> names;
};

report::Record to_record(const SetRow& row) {
  report::List names(row.names.begin(), row.names.end());
  return report::Record()
      .with("set", Address{row.set})
      .with("signals", std::move(names));
}

std::string to_text(const SetRow& row) {
  constexpr std::size_t width = 80;
  std::string text;
  std::string line;
  for (const std::string& name : row.names) {
    if (!line.empty() && line.size() + 1 + name.size() > width) {
      text += line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + name;
  }
  return text + line + '\n';
}

// A thread, as -g shows it below its group or as the only one there is.
struct ThreadRow {
  TaskHeader header;
  TaskSignals signals;
  bool is_pending = false;
};

struct SigRow {
  TaskHeader header;
  GroupSignals group;
  std::vector<ThreadRow> threads;
  bool is_group = false;  // -g
};

report::Value to_value(const Result<std::uint64_t>& number) {
  return number ? report::Value(Address{*number})
                : report::Value(number.error());
}

report::Record to_record(const PendingSignals& row) {
  report::List queue;
  for (const auto& entry : row.queue) {
    queue.emplace_back(report::Record()
                           .with("signal", entry.number)
                           .with("siginfo", entry.info));
  }
  if (row.broken) queue.emplace_back(*row.broken);
  return report::Record()
      .with("signal", to_value(row.set))
      .with("queue", std::move(queue));
}

report::Record to_record(const SignalAction& row) {
  return report::Record()
      .with("signal", row.number)
      .with("sigaction", row.at)
      .with("handler", to_value(row.handler))
      .with("mask", to_value(row.mask))
      .with("flags", to_value(row.flags));
}

report::Record to_record(const ThreadRow& row) {
  report::Record record = to_record(row.header);
  record.add("sigpending", row.is_pending);
  record.add("blocked", to_value(row.signals.blocked));
  record.add("private_pending", to_record(row.signals.own));
  return record;
}

report::Record to_record(const SigRow& row) {
  report::Record record = to_record(row.header);
  record.add("signal_struct", row.group.at);
  record.add("nr_threads", row.group.threads);
  report::List actions;
  for (const SignalAction& action : row.group.actions) {
    actions.emplace_back(to_record(action));
  }
  record.add("actions", std::move(actions));
  record.add("shared_pending", to_record(row.group.shared));
  report::List threads;
  for (const ThreadRow& thread : row.threads) {
    threads.emplace_back(to_record(thread));
  }
  record.add("threads", std::move(threads));
  return record;
}

std::string set_text(const Result<std::uint64_t>& set) {
  return report::cell_text(
      set, [](std::uint64_t bits) { return fmt::format("{:016x}", bits); });
}

std::string handler_text(std::uint64_t handler) {
  if (handler == 0) return "SIG_DFL";
  return handler == 1 ? "SIG_IGN" : fmt::format("{:x}", handler);
}

std::string flags_text(std::uint64_t flags) {
  auto names = action_flag_names(flags);
  return names.empty() ? fmt::format("{:x} ", flags)
                       : fmt::format("{:x} ({})", flags, fmt::join(names, "|"));
}

std::string to_text(const SignalAction& row) {
  constexpr std::size_t handler_width = 10;
  return fmt::format(
      "{:>4} {:016x} {:>{}} {} {}\n", fmt::format("[{}]", row.number),
      row.at.value, report::cell_text(row.handler, handler_text), handler_width,
      set_text(row.mask), report::cell_text(row.flags, flags_text));
}

std::string to_text(const PendingSignals& row, std::string_view margin) {
  std::string text =
      fmt::format("{}    SIGNAL: {}\n", margin, set_text(row.set));
  if (row.queue.empty() && !row.broken) {
    return text + fmt::format("{}  SIGQUEUE: (empty)\n", margin);
  }
  text += fmt::format("{}  SIGQUEUE:  SIG  SIGINFO\n", margin);
  for (const auto& entry : row.queue) {
    text += fmt::format("{}             {:>3}  {:x}\n", margin,
                        cell(entry.number), entry.info.value);
  }
  if (row.broken) {
    text += fmt::format("{}             {}\n", margin,
                        report::cell_text(*row.broken));
  }
  return text;
}

std::string to_text(const ThreadRow& row, std::string_view margin) {
  return fmt::format("{}SIGPENDING: {}\n{}   BLOCKED: {}\n{}PRIVATE_PENDING\n",
                     margin, row.is_pending ? "yes" : "no", margin,
                     set_text(row.signals.blocked), margin) +
         to_text(row.signals.own, margin);
}

std::string to_text(const SigRow& row) {
  std::string text = to_text(row.header);
  text += fmt::format("SIGNAL_STRUCT: {:x}  NR_THREADS: {}\n",
                      row.group.at.value, cell(row.group.threads));
  if (!row.group.actions.empty()) {
    text += fmt::format(" SIG {}    HANDLER {} FLAGS\n",
                        centred("SIGACTION", 16), centred("MASK", 16));
  }
  for (const SignalAction& action : row.group.actions)
    text += to_text(action);
  std::string shared = "SHARED_PENDING\n" + to_text(row.group.shared, "");
  if (!row.is_group) {
    for (const ThreadRow& thread : row.threads)
      text += to_text(thread, "");
    return text + shared;
  }
  text += shared;
  for (const ThreadRow& thread : row.threads) {
    text += "\n  " + to_text(thread.header) + to_text(thread, "  ");
  }
  return text;
}

// ---- How we find it ----

// The kernel's own flag for it (TIF_SIGPENDING) has had several places and no
// name in debug information; this is what it is computed from.
bool has_deliverable(const TaskSignals& own, const PendingSignals& shared) {
  return ((own.own.set.value_or(0) | shared.set.value_or(0)) &
          ~own.blocked.value_or(0)) != 0;
}

ThreadRow thread_row(const Kernel& kernel, const Object& task,
                     const GroupSignals& group) {
  ThreadRow row{.header = task_header(kernel, task),
                .signals = task_signals(kernel, task)};
  row.is_pending = has_deliverable(row.signals, group.shared);
  return row;
}

Result<void> show(const Kernel& kernel, const Object& task, bool is_group,
                  report::Sink& out) {
  SigRow row{.header = task_header(kernel, task),
             .group = TRY(group_signals(kernel, task)),
             .threads = {},
             .is_group = is_group};
  if (!is_group) {
    row.threads.push_back(thread_row(kernel, task, row.group));
    emit(out, row);
    return {};
  }
  row.header = task_header(kernel, task["group_leader"].dereference());
  std::optional<Error> broken;
  for (const Object& thread : threads(kernel, task)) {
    if (thread.fault() != nullptr) {
      broken = *thread.fault();
    } else {
      row.threads.push_back(thread_row(kernel, thread, row.group));
    }
  }
  emit(out, row);
  if (broken) return *broken;
  return {};
}

void show_names(report::Sink& out) {
  constexpr unsigned last = 64;
  for (unsigned number = 1; number <= last; ++number) {
    emit(out, SignalRow{.number = number,
                        .name = signal_name(number),
                        .other = other_signal_name(number)});
  }
}

Result<void> show_set(std::string_view word, report::Sink& out) {
  auto set = parse_hex(word);
  if (!set) {
    return Error(ErrorKind::usage, fmt::format("invalid input: \"{}\"", word));
  }
  emit(out, SetRow{.set = *set, .names = signal_names(*set)});
  return {};
}

bool is_leader(const Object& task) {
  auto pid = task_pid(task);
  auto group = task_tgid(task);
  return !pid || !group || *pid == *group;
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "lgs:"));
  if (options.has('l')) {
    show_names(out);
    return {};
  }
  if (auto set = options.argument('s')) return show_set(*set, out);
  bool is_group = options.has('g');
  // foreach chooses threads one by one: each group is shown for its leader.
  bool is_chosen = session.chosen && options.words().empty();
  return for_tasks(session, "sig", options.words(), out,
                   [&](const Object& task, report::Sink& sink) -> Result<void> {
                     if (is_group && is_chosen && !is_leader(task)) return {};
                     return show(session.kernel, task, is_group, sink);
                   });
}

}  // namespace

extern const Command sig_command;
const Command sig_command = {"sig", &help, run};

}  // namespace inquest
