// SPDX-License-Identifier: GPL-3.0-or-later
// ps: the table, relatives and counts.

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/parallel.h"
#include "base/text.h"
#include "command/ps_rows.h"
#include "kernel/faults.h"
#include "kernel/linux_arch.h"

namespace inquest {
namespace {

constexpr std::array<std::string_view, 8> policy_names = {
    "NORMAL", "FIFO", "RR", "BATCH", "ISO", "IDLE", "DEADLINE", "EXT"};

struct TableRow {
  Task task;
  bool is_kernel = false;
  Result<TaskMemory> memory;
  Result<std::uint64_t> policy;
  Result<std::int64_t> priority;
  Result<Address> stack_pointer;
  bool has_priority = false;
  bool has_stack_pointer = false;
};

template <typename T>
std::string short_cell(const Result<T>& value) {
  return value ? fmt::to_string(*value) : "?";
}

std::string comm_text(const TableRow& row) {
  if (!row.task.comm) return report::cell_text(row.task.comm.error());
  std::string comm = printable(*row.task.comm);
  return row.is_kernel ? fmt::format("[{}]", comm) : comm;
}

report::Record to_record(const TableRow& row) {
  const Task& task = row.task;
  report::Record record;
  record.add("active", task.is_active);
  record.add("pid", task.pid);
  record.add("ppid", task.ppid);
  record.add("tgid", task.tgid);
  record.add("cpu", task.cpu);
  record.add("task", task.address);
  if (row.has_stack_pointer) record.add("kstackp", row.stack_pointer);
  record.add("state", task.state ? report::Value(task.state->abbreviation())
                                 : report::Value(task.state.error()));
  if (row.memory) {
    record.add("mem_percent", row.memory->percent);
    record.add("vsz", row.memory->virtual_bytes / 1024);
    record.add("rss", row.memory->resident_bytes / 1024);
  } else {
    record.add("memory", row.memory.error());
  }
  record.add("policy", row.policy);
  record.add("priority", row.priority);
  record.add("kernel", row.is_kernel);
  record.add("comm", task.comm);
  return record;
}

std::string middle_text(const TableRow& row) {
  if (row.has_priority) {
    std::string policy =
        row.policy ? std::string(policy_name(*row.policy)) : "?";
    return fmt::format("{:>8} {:>5}", policy, short_cell(row.priority));
  }
  if (!row.memory) return fmt::format("{:>4} {:>8} {:>8}", "?", "?", "?");
  return fmt::format("{:4.1f} {:8} {:8}", row.memory->percent,
                     row.memory->virtual_bytes / 1024,
                     row.memory->resident_bytes / 1024);
}

std::string to_text(const TableRow& row) {
  const Task& task = row.task;
  std::string where =
      row.has_stack_pointer
          ? report::cell_text(
                row.stack_pointer,
                [](Address at) { return fmt::format("{:016x}", at.value); })
          : fmt::format("{:x}", task.address.value);
  std::string_view state = task.state ? task.state->abbreviation() : "??";
  return fmt::format("{} {:>7} {:>7} {:>3}  {}  {:<3} {}  {}\n",
                     task.is_active ? '>' : ' ', short_cell(task.pid),
                     short_cell(task.ppid), short_cell(task.cpu), where, state,
                     middle_text(row), comm_text(row));
}

Result<Address> stack_pointer(const Kernel& kernel, const Object& task) {
  Registers registers = TRY(kernel.linux_arch().sleeping(kernel, task));
  auto value = registers.find(kernel.arch().sp_register());
  if (value) return Address{*value};
  return Error(ErrorKind::not_found, "no stack pointer");
}

TableRow table_row(const Kernel& kernel, const Object& task,
                   const PsStyle& style, MemoryMeter& meter) {
  return {.task = task_record(kernel, task),
          .is_kernel = is_kernel_thread(task),
          .memory = meter.measure(task),
          .policy = task["policy"].to_unsigned(),
          .priority = task["prio"].to_signed(),
          .stack_pointer = style.has_stack_pointer ? stack_pointer(kernel, task)
                                                   : Result<Address>(Address{}),
          .has_priority = style.has_priority,
          .has_stack_pointer = style.has_stack_pointer};
}

std::string heading(const PsStyle& style) {
  std::string_view where =
      style.has_stack_pointer ? "    KSTACKP     " : "      TASK      ";
  std::string_view middle =
      style.has_priority ? "  POLICY  PRIO" : "%MEM      VSZ      RSS";
  return fmt::format("      PID    PPID  CPU {}  ST  {}  COMM\n", where,
                     middle);
}

// A relative of the task above it.
struct RelativeRow {
  TaskHeader header;
  std::string_view relation;
  unsigned indent = 0;
};

report::Record to_record(const RelativeRow& row) {
  report::Record record = to_record(row.header);
  if (!row.relation.empty()) record.add("relation", row.relation);
  return record;
}

std::string to_text(const RelativeRow& row) {
  return std::string(row.indent, ' ') + to_text(row.header);
}

struct StateRow {
  std::string state;
  std::uint64_t count = 0;
};

report::Record to_record(const StateRow& row) {
  return report::Record().with("state", row.state).with("count", row.count);
}

std::string to_text(const StateRow& row) {
  return fmt::format("  {}: {}\n", row.state, row.count);
}

}  // namespace

std::string_view policy_name(std::uint64_t policy) {
  return policy < policy_names.size() ? policy_names.at(policy) : "?";
}

std::optional<std::uint64_t> policy_of(std::string_view name_or_number) {
  for (std::size_t i = 0; i < policy_names.size(); ++i) {
    if (policy_names.at(i) == name_or_number) return i;
  }
  auto number = parse_decimal(name_or_number);
  return number && *number < policy_names.size() ? number : std::nullopt;
}

// Rows are found by all processors, some thousand at a time while the ones
// before are said. The first one alone looks up what all of them need.
void show_table(const Kernel& kernel, const TaskList& list,
                const PsStyle& style, report::Sink& out) {
  constexpr std::size_t at_once = 8192, part = 256;
  using Rows = std::vector<std::optional<TableRow>>;
  if (style.has_heading) out.layout(heading(style));
  const MemoryMeter first(kernel);
  auto rows_of = [&](std::span<const Object> some) {
    Rows rows(some.size());
    in_parallel(some.size(), part, [&](std::size_t from, std::size_t to) {
      MemoryMeter meter = first;
      for (std::size_t i = from; i < to && !interrupted(); ++i)
        rows[i].emplace(table_row(kernel, some[i], style, meter));
    });
    return rows;
  };
  std::span<const Object> left(list);
  std::size_t count = std::min<std::size_t>(left.size(), 1);
  std::future<Rows> coming;
  for (Rows rows = rows_of(left.first(count)); !rows.empty();
       rows = coming.get()) {
    left = left.subspan(count);
    count = std::min(left.size(), at_once);
    coming = std::async(rows_of, left.first(count));
    for (const auto& row : rows) {
      if (!row || interrupted()) return;
      emit(out, *row);
    }
  }
}

void show_ancestors(const Kernel& kernel, const TaskList& list,
                    report::Sink& out) {
  constexpr std::size_t deepest = 4096;
  for (const Object& task : list) {
    TaskList line = {task};
    while (line.size() < deepest) {
      auto parent = task_parent(line.back());
      if (!parent || parent->address() == line.back().address()) break;
      line.push_back(*parent);
    }
    unsigned indent = 0;
    for (auto each = line.rbegin(); each != line.rend(); ++each) {
      bool is_last = std::next(each) == line.rend();
      emit(out, RelativeRow{task_header(kernel, *each),
                            is_last ? "" : "ancestor", indent++});
    }
    out.layout("\n");
  }
}

// A task's children are those whose parent it is: the kernel's own list has
// only what that one thread forked, and nothing that a tracer took over.
void show_children(const Kernel& kernel, const TaskList& list,
                   report::Sink& out) {
  std::map<std::uint64_t, TaskList> of_parent;
  Faults faults;
  for (const Object& task : tasks(kernel)) {
    auto parent = task.fault() == nullptr ? task_parent(task)
                                          : Result<Object>(*task.fault());
    if (!parent) {
      if (is_lost(parent.error())) faults.push_back(parent.error());
    } else if (parent->address() != task.address()) {
      of_parent[parent->address().value].push_back(task);
    }
  }
  for (const Error& fault : faults)
    out.problem(Error(fault).while_doing("some children"));
  for (const Object& task : list) {
    emit(out, RelativeRow{task_header(kernel, task), "", 0});
    const TaskList& found = of_parent[task.address().value];
    for (const Object& child : found) {
      emit(out, RelativeRow{task_header(kernel, child), "child", 2});
    }
    out.layout(found.empty() ? "  (no children)\n\n" : "\n");
  }
}

namespace {

TaskList idle_tasks(const Kernel& kernel) {
  TaskList found;
  for (unsigned cpu : scheduled_cpus(kernel)) {
    auto idle = idle_task(kernel, cpu);
    if (idle) found.push_back(*idle);
  }
  return found;
}

TaskList group_led_by(const Kernel& kernel, const Object& leader) {
  TaskList group;
  for (const Object& thread : threads(kernel, leader))
    group.push_back(thread);
  return group;
}

void show_group(const Kernel& kernel, const Object& leader,
                const TaskList& group, report::Sink& out) {
  emit(out, RelativeRow{task_header(kernel, leader), "", 0});
  bool has_threads = false;
  for (const Object& thread : group) {
    if (thread.fault() != nullptr) {
      out.problem(Error(*thread.fault()).while_doing("ps"));
    } else if (thread.address() != leader.address()) {
      has_threads = true;
      emit(out, RelativeRow{task_header(kernel, thread), "thread", 2});
    }
  }
  out.layout(has_threads ? "\n" : "  (no threads)\n\n");
}

}  // namespace

// A group is shown for each of its threads in |list|, as crash does; the idle
// tasks are one group and shown once.
void show_threads(const Kernel& kernel, const TaskList& list,
                  report::Sink& out) {
  bool was_idle_shown = false;
  for (const Object& task : list) {
    bool is_idle = task_pid(task).value_or(1) == 0;
    if (is_idle && std::exchange(was_idle_shown, true)) continue;
    Object leader = is_idle ? task : task["group_leader"].dereference();
    if (leader.fault() != nullptr) {
      out.problem(Error(*leader.fault()).while_doing("ps"));
      continue;
    }
    TaskList group =
        is_idle ? idle_tasks(kernel) : group_led_by(kernel, leader);
    show_group(kernel, leader, group, out);
  }
}

void show_state_counts(const Kernel& kernel, const TaskList& list,
                       report::Sink& out) {
  std::map<std::string, std::uint64_t> counts;
  for (const Object& task : list) {
    auto state = task_state(kernel, task);
    ++counts[state ? std::string(state->abbreviation()) : "??"];
  }
  for (std::string_view state : {"RU", "IN", "UN", "ZO", "ST", "TR", "DE", "SW",
                                 "WA", "PA", "ID", "NE"}) {
    auto found = counts.extract(std::string(state));
    if (found) emit(out, StateRow{found.key(), found.mapped()});
  }
  for (const auto& [state, count] : counts)
    emit(out, StateRow{state, count});
}

}  // namespace inquest
