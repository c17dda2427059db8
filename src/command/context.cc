// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/context.h"

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "kernel/faults.h"
#include "kernel/running_kernel.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// Whether the task's stack holds a return address in |function|; behind its
// end, too, where the call that does not return is the last instruction.
bool has_on_stack(const Kernel& kernel, const Object& task,
                  std::string_view function) {
  auto start = kernel.symbol(function);
  auto stack = task_stack(task);
  if (!start || !stack) return false;
  auto place = kernel.place(*start);
  std::uint64_t size = place ? place->size : 0;
  auto bytes = kernel.memory().bytes(*stack, stack_size(kernel));
  if (!bytes) {
    note_if_lost(kernel, bytes.error(), "whether SysRq was the reason");
    return false;
  }
  Reader reader(*bytes, kernel.memory().endian());
  while (auto word = reader.read<std::uint64_t>()) {
    if (*word > start->value && *word - start->value <= size) return true;
  }
  return false;
}

std::string mark_of(const Kernel& kernel, const Task& task) {
  if (!task.is_active) return "";
  auto panicked = panic_task(kernel);
  if (!panicked || panicked->address() != task.address) return "ACTIVE";
  return has_on_stack(kernel, task.object, "sysrq_handle_crash") ? "SYSRQ"
                                                                 : "PANIC";
}

}  // namespace

Result<Object> current_context(const Session& session) {
  const Kernel& kernel = session.kernel;
  if (session.task) return kernel.object("task_struct", *session.task);
  auto special = kernel.is_live() ? own_task(kernel) : panic_task(kernel);
  if (special) return special;
  note_if_lost(kernel, special.error(), "the task that panicked");
  return idle_task(kernel, 0);
}

Result<std::vector<Object>> meant_tasks(const Session& session) {
  if (session.chosen) return *session.chosen;
  return std::vector{TRY(current_context(session))};
}

Result<std::vector<Object>> named_tasks(const Kernel& kernel,
                                        std::string_view word) {
  if (auto pid = parse_decimal(word); pid && !word.starts_with("0x")) {
    std::vector<Object> found = tasks_of_pid(kernel, *pid);
    if (!found.empty()) return found;
  }
  auto number = parse_hex(word);
  if (!number) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid task or pid value: {}", word));
  }
  std::vector<Object> found = tasks_of_pid(kernel, *number);
  if (!found.empty()) return found;
  auto task = task_at(kernel, Address{*number});
  if (task) return std::vector<Object>{*task};
  return Error(ErrorKind::not_found,
               fmt::format("invalid task or pid value: {}", word));
}

Result<Object> named_task(const Kernel& kernel, std::string_view word) {
  auto found = TRY(named_tasks(kernel, word));
  return found.front();
}

Result<void> for_tasks(const Session& session, std::string_view command,
                       const std::vector<std::string>& words, report::Sink& out,
                       const ShowTask& show) {
  report::Paragraphs paragraphs(out);
  auto show_all = [&](const std::vector<Object>& tasks) {
    report::Work work(out, "looking at tasks", tasks.size());
    for (const Object& task : tasks) {
      if (interrupted()) return;
      work.next();
      paragraphs.next();
      auto shown = show(task, paragraphs);
      if (!shown) out.problem(std::move(shown).error().while_doing(command));
    }
  };
  if (words.empty()) show_all(TRY(meant_tasks(session)));
  for (const std::string& word : words) {
    auto named = named_tasks(session.kernel, word);
    if (named) {
      show_all(*named);
    } else {
      out.problem(std::move(named).error().while_doing(command));
    }
  }
  return {};
}

TaskHeader task_header(const Kernel& kernel, const Object& task) {
  return {.pid = task_pid(task),
          .task = task.address(),
          .cpu = task_cpu(kernel, task),
          .comm = task_comm(task)};
}

report::Record to_record(const TaskHeader& row) {
  return report::Record()
      .with("pid", row.pid)
      .with("task", row.task)
      .with("cpu", row.cpu)
      .with("comm", row.comm);
}

std::string to_text(const TaskHeader& row) {
  return fmt::format("PID: {:<7}  TASK: {:x}  CPU: {:<3}  COMMAND: \"{}\"\n",
                     cell(row.pid), row.task.value, cell(row.cpu),
                     cell(row.comm));
}

ContextRow context_row(const Kernel& kernel, const Object& task) {
  ContextRow row{.task = task_record(kernel, task), .mark = ""};
  row.mark = mark_of(kernel, row.task);
  if (row.task.pid && *row.task.pid == 0) {
    row.same_pid = static_cast<unsigned>(tasks_of_pid(kernel, 0).size());
  }
  return row;
}

report::Record to_record(const ContextRow& row) {
  const Task& task = row.task;
  report::Record record;
  record.add("pid", task.pid);
  record.add("comm", task.comm);
  record.add("task", task.address);
  record.add("thread_info", task.thread_info);
  record.add("cpu", task.cpu);
  record.add("state", task.state ? report::Value(task.state->name())
                                 : report::Value(task.state.error()));
  record.add("mark", row.mark);
  return record;
}

std::string to_text(const ContextRow& row) {
  const Task& task = row.task;
  std::string text;
  text += fmt::format("    PID: {}\n", cell(task.pid));
  text += fmt::format("COMMAND: \"{}\"\n", cell(task.comm));
  text += fmt::format("   TASK: {:x}  ", task.address.value);
  if (row.same_pid > 1) text += fmt::format("(1 of {})  ", row.same_pid);
  text += fmt::format("[THREAD_INFO: {}]\n", cell(task.thread_info));
  text += fmt::format("    CPU: {}\n", cell(task.cpu));
  text += fmt::format("  STATE: {} ",
                      report::cell_text(task.state, [](const TaskState& state) {
                        return state.name();
                      }));
  if (!row.mark.empty()) text += fmt::format("({})", row.mark);
  return text + '\n';
}

void note_task_differences(const Kernel& kernel, report::Sink& out) {
  for (const std::string& note : task_notes(kernel))
    out.note(note);
}

}  // namespace inquest
