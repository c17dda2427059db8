// SPDX-License-Identifier: GPL-3.0-or-later
// runq: what each CPU runs, and what waits for it.

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/cpu_list.h"
#include "command/options.h"
#include "kernel/run_queues.h"
#include "kernel/task.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "run queues",
    .synopsis = "[-t] [-T] [-m] [-g] [-d] [-c cpu(s)]",
    .description =
        "Shows of each CPU the task that it was running and those that waited\n"
        "for it: in front of each its priority, 120 being nice 0. Queues of\n"
        "deadline and extensible (sched_ext) tasks are shown where they hold\n"
        "any. [DELAYED]: asleep, but kept queued until it got its share.",
    .options =
        {
            {"-t",
             "the clock of each run queue, and when the task that runs came "
             "to the CPU"},
            {"-T", "how far each clock lies behind the latest, in seconds"},
            {"-m", "for how long the task that runs has been running"},
            {"-g",
             "by task group, the task that runs included; also what is "
             "throttled"},
            {"-d", "all tasks that say of themselves that they are queued"},
            {"-c cpus", R"(only these CPUs: "3", "1,8-9", "a" for all)"},
        },
    .examples =
        {
            {"What did the CPUs do?", "runq"},
            {"For how long?", "runq -m"},
            {"By control group", "runq -g"},
        },
};

// ---- What we answer ----

struct TaskCell {
  Result<std::int64_t> pid;
  Address task;
  Result<std::string> comm;
};

report::Record to_record(const TaskCell& task) {
  return report::Record()
      .with("pid", task.pid)
      .with("task", task.task)
      .with("comm", task.comm);
}

// "PID: 1      TASK: ...  COMMAND: "init""
std::string cell_text(const TaskCell& task) {
  return fmt::format("PID: {:<5}  TASK: {:x}  COMMAND: \"{}\"", cell(task.pid),
                     task.task.value, cell(task.comm));
}

std::string cell_text(const Result<TaskCell>& task) {
  return task ? cell_text(*task) : report::cell_text(task.error());
}

report::Value cell_value(const Result<TaskCell>& cell) {
  return cell ? report::Value(to_record(*cell)) : report::Value(cell.error());
}

struct Item {
  QueueItem item;
  std::optional<TaskCell> task;
};

struct Queue {
  SchedQueue queue;
  std::vector<Item> items;
};

struct QueueRow {
  unsigned cpu = 0;
  Address run_queue;
  Result<TaskCell> current;
  std::optional<Address> root_group;  // -g
  bool has_realtime_groups = false;
  std::vector<Queue> queues;
};

report::Value priority_value(const QueueItem& item) {
  return item.priority ? report::Value(*item.priority) : report::Value();
}

report::Record to_record(const Item& item) {
  report::Record record;
  record.add("depth", item.item.depth);
  record.add("priority", priority_value(item.item));
  if (const auto& group = item.item.group) {
    record.add("group", group->group);
    record.add("queue", group->queue);
    record.add("cgroup", group->path);
    record.add("throttled", group->is_throttled);
    return record;
  }
  if (!item.task) return record;
  record.add("pid", item.task->pid);
  record.add("task", item.task->task);
  record.add("comm", item.task->comm);
  record.add("current", item.item.is_current);
  record.add("delayed", item.item.is_delayed);
  return record;
}

report::Record to_record(const QueueRow& row) {
  report::Record record;
  record.add("cpu", row.cpu);
  record.add("run_queue", row.run_queue);
  record.add("current", cell_value(row.current));
  std::vector<report::Record> queues;
  for (const Queue& queue : row.queues) {
    std::vector<report::Record> items;
    for (const Item& item : queue.items)
      items.push_back(to_record(item));
    queues.push_back(report::Record()
                         .with("class", sched_class_name(queue.queue.kind))
                         .with("queue", queue.queue.queue)
                         .with("container", queue.queue.container)
                         .with("items", std::move(items)));
  }
  record.add("queues", std::move(queues));
  return record;
}

std::string priority_text(const QueueItem& item) {
  return item.priority ? fmt::format("[{:>3}] ", *item.priority) : "[  ?] ";
}

std::string group_text(const QueueRow& row, const Queue& queue,
                       const QueuedGroup& group) {
  if (!row.root_group) {
    return fmt::format("GROUP RT PRIO_ARRAY: {:x}", group.array.value);
  }
  bool is_fair = queue.queue.kind == SchedClass::fair;
  std::string text =
      fmt::format("TASK_GROUP: {:x}  {}: {:x}", group.group.value,
                  is_fair ? "CFS_RQ" : "RT_RQ", group.queue.value);
  if (!group.name.empty()) text += fmt::format("  <{}>", printable(group.name));
  return text + (group.is_throttled ? " (THROTTLED)" : "");
}

std::string item_text(const QueueRow& row, const Queue& queue,
                      const Item& item) {
  bool is_fair = queue.queue.kind == SchedClass::fair;
  std::size_t step = is_fair ? 3 : 6;
  std::string text(5 + step * item.item.depth, ' ');
  if (const auto& group = item.item.group) {
    if (!is_fair) text += priority_text(item.item);
    return text + group_text(row, queue, *group) + "\n";
  }
  text += priority_text(item.item);
  if (item.task) text += cell_text(*item.task);
  if (row.root_group && item.item.is_current) text += " [CURRENT]";
  if (item.item.is_delayed) text += " [DELAYED]";
  return text + "\n";
}

std::string heading(const QueueRow& row, const Queue& queue) {
  const SchedQueue& from = queue.queue;
  bool is_fair = from.kind == SchedClass::fair;
  bool is_realtime = from.kind == SchedClass::realtime;
  if (row.root_group && (is_fair || is_realtime)) {
    return fmt::format("  ROOT_TASK_GROUP: {:x}  {}: {:x}{}\n",
                       row.root_group->value, is_fair ? "CFS_RQ" : "RT_RQ",
                       from.queue.value,
                       from.is_throttled ? " (THROTTLED)" : "");
  }
  std::string_view what = "DL RB_ROOT";
  if (is_fair) what = "CFS RB_ROOT";
  if (is_realtime) what = "RT PRIO_ARRAY";
  if (from.kind == SchedClass::extensible) what = "SCX RUNNABLE_LIST";
  return fmt::format("  {}: {:x}\n", what, from.container.value);
}

// The classes that crash shows always have their heading, but for groups of
// real-time tasks in kernels that have none.
bool is_shown(const QueueRow& row, const Queue& queue) {
  if (!queue.items.empty()) return true;
  if (queue.queue.kind == SchedClass::fair) return true;
  return queue.queue.kind == SchedClass::realtime &&
         (!row.root_group || row.has_realtime_groups);
}

std::string to_text(const QueueRow& row) {
  std::string text = row.root_group ? fmt::format("CPU {}\n", row.cpu)
                                    : fmt::format("CPU {} RUNQUEUE: {:x}\n",
                                                  row.cpu, row.run_queue.value);
  text += fmt::format("  CURRENT: {}\n", cell_text(row.current));
  for (const Queue& queue : row.queues) {
    if (!is_shown(row, queue)) continue;
    text += heading(row, queue);
    if (queue.items.empty()) text += "     [no tasks queued]\n";
    for (const Item& item : queue.items)
      text += item_text(row, queue, item);
  }
  return text;
}

// -t and -m: the clock of a run queue and when its task came to the CPU.
struct ClockRow {
  unsigned cpu = 0;
  Result<std::uint64_t> clock;
  Result<std::uint64_t> arrival;
  Result<TaskCell> current;
};

report::Record clock_record(const ClockRow& row) {
  return report::Record()
      .with("cpu", row.cpu)
      .with("clock", row.clock)
      .with("arrival", row.arrival)
      .with("current", cell_value(row.current));
}

std::string cpu_text(unsigned cpu, unsigned width) {
  return fmt::format("{:>{}}", fmt::format("CPU {}", cpu), 4 + width);
}

struct StampRow : ClockRow {};

report::Record to_record(const StampRow& row) {
  return clock_record(row);
}

std::string to_text(const StampRow& row) {
  auto number = [](std::uint64_t value) { return fmt::to_string(value); };
  std::string clock = report::cell_text(row.clock, number);
  std::string arrival = report::cell_text(row.arrival, number);
  std::string zeroes(clock.size() - std::min(clock.size(), arrival.size()),
                     '0');
  return fmt::format("{}: {}\n        {}{}  {}\n", cpu_text(row.cpu, 2), clock,
                     row.arrival ? zeroes : "", arrival,
                     cell_text(row.current));
}

struct DurationRow : ClockRow {};

Result<std::uint64_t> duration(const ClockRow& row) {
  std::uint64_t clock = TRY(row.clock);
  std::uint64_t arrival = TRY(row.arrival);
  return clock - std::min(arrival, clock);
}

report::Record to_record(const DurationRow& row) {
  return clock_record(row).with("running", duration(row));
}

// "0 00:01:13.741": days, hours, minutes, seconds.
std::string duration_cell(std::uint64_t nanoseconds) {
  std::uint64_t milliseconds = nanoseconds / 1'000'000;
  std::uint64_t seconds = milliseconds / 1000;
  return fmt::format("{} {:02}:{:02}:{:02}.{:03}", seconds / 86400,
                     seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
                     milliseconds % 1000);
}

std::string to_text(const DurationRow& row) {
  return fmt::format("{}: [{}]  {}\n", cpu_text(row.cpu, 2),
                     report::cell_text(duration(row), duration_cell),
                     cell_text(row.current));
}

// -T
struct LagRow {
  unsigned cpu = 0;
  std::uint64_t nanoseconds = 0;
};

report::Record to_record(const LagRow& row) {
  return report::Record().with("cpu", row.cpu).with("lag", row.nanoseconds);
}

std::string to_text(const LagRow& row) {
  return fmt::format("{}: {:.2f} secs\n", cpu_text(row.cpu, 3),
                     static_cast<double>(row.nanoseconds) / 1e9);
}

// -d
struct QueuedRow {
  std::int64_t priority = 0;
  unsigned cpu = 0;
  TaskCell task;
};

report::Record to_record(const QueuedRow& row) {
  return to_record(row.task)
      .with("cpu", row.cpu)
      .with("priority", row.priority);
}

std::string to_text(const QueuedRow& row) {
  return fmt::format("     [{:>3}] {}\n", row.priority, cell_text(row.task));
}

// ---- How we find it ----

using Cpus = std::vector<unsigned>;

TaskCell task_cell(const Object& task) {
  return {task_pid(task), task.address(), task_comm(task)};
}

Result<TaskCell> current_cell(const Kernel& kernel, unsigned cpu) {
  return task_cell(TRY(current_task(kernel, cpu)));
}

Queue shown_queue(SchedQueue found) {
  Queue queue{std::move(found), {}};
  for (const QueueItem& item : queue.queue.items) {
    Item shown{item, std::nullopt};
    if (item.task) shown.task = task_cell(*item.task);
    queue.items.push_back(std::move(shown));
  }
  return queue;
}

Result<QueueRow> queue_row(const Kernel& kernel, unsigned cpu,
                           std::optional<Address> root) {
  Object rq = run_queue(kernel, cpu);
  if (rq.fault() != nullptr) return *rq.fault();
  QueueRow row{cpu,
               rq.address(),
               current_cell(kernel, cpu),
               root,
               has_realtime_groups(kernel),
               {}};
  for (SchedQueue& found :
       sched_queues(kernel, cpu, {.has_groups = root.has_value()})) {
    row.queues.push_back(shown_queue(std::move(found)));
  }
  return row;
}

Result<void> show_queues(const Kernel& kernel, const Cpus& cpus, bool by_group,
                         report::Sink& out) {
  std::optional<Address> root;
  if (by_group) root = TRY(root_task_group(kernel));
  for (unsigned cpu : cpus) {
    if (interrupted()) break;
    QueueRow row = TRY(queue_row(kernel, cpu, root));
    if (cpu != cpus.front()) out.layout("\n");
    emit(out, row);
    for (const Queue& queue : row.queues) {
      for (const Error& fault : queue.queue.faults)
        out.problem(Error(fault).while_doing("runq"));
    }
  }
  return {};
}

ClockRow clock_row(const Kernel& kernel, unsigned cpu) {
  ClockRow row{cpu, run_queue_clock(kernel, cpu),
               Error(ErrorKind::not_found, "no task"),
               current_cell(kernel, cpu)};
  auto current = current_task(kernel, cpu);
  if (current) row.arrival = task_last_run(*current);
  return row;
}

void show_lags(const Kernel& kernel, const Cpus& cpus, report::Sink& out) {
  std::vector<std::pair<std::uint64_t, unsigned>> clocks;
  for (unsigned cpu : cpus) {
    auto clock = run_queue_clock(kernel, cpu);
    if (clock) {
      clocks.emplace_back(*clock, cpu);
    } else {
      out.problem(Error(clock.error()).while_doing("runq"));
    }
  }
  std::ranges::stable_sort(clocks, std::ranges::greater(),
                           &std::pair<std::uint64_t, unsigned>::first);
  for (const auto& [clock, cpu] : clocks)
    emit(out, LagRow{cpu, clocks.front().first - clock});
}

void show_queued(const Kernel& kernel, const Cpus& cpus, report::Sink& out) {
  std::map<unsigned, std::vector<Object>> queued;
  for (const Object& task : tasks(kernel)) {
    if (task.fault() != nullptr) {
      out.problem(Error(*task.fault()).while_doing("runq"));
      continue;
    }
    auto cpu = task_cpu(kernel, task);
    auto is_on = is_queued(task);
    if (cpu && is_on && *is_on) queued[*cpu].push_back(task);
  }
  for (unsigned cpu : cpus) {
    if (cpu != cpus.front()) out.layout("\n");
    out.layout(fmt::format("CPU {}\n", cpu));
    for (const Object& task : queued[cpu]) {
      auto priority = task["prio"].to_signed();
      emit(out, QueuedRow{priority.value_or(0), cpu, task_cell(task)});
    }
    if (queued[cpu].empty()) out.layout("     [no tasks queued]\n");
  }
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "tTmgdc:"));
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  Cpus cpus = TRY(chosen_cpus(kernel, options.argument('c')));
  if (options.has('T')) {
    show_lags(kernel, cpus, out);
  } else if (options.has('t') || options.has('m')) {
    for (unsigned cpu : cpus) {
      ClockRow row = clock_row(kernel, cpu);
      options.has('t') ? emit(out, StampRow{row}) : emit(out, DurationRow{row});
    }
  } else if (options.has('d')) {
    show_queued(kernel, cpus, out);
  } else {
    return show_queues(kernel, cpus, options.has('g'), out);
  }
  return {};
}

}  // namespace

extern const Command runq_command;
const Command runq_command = {"runq", &help, run};

}  // namespace inquest
