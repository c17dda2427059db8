// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks as commands speak of them: naming one, and saying which one is meant.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"
#include "kernel/task.h"
#include "report/report.h"

namespace inquest {

// The task that commands mean when none is named: Session::task, else the one
// that panicked or, on the running system, our own; else CPU 0's idle task.
Result<Object> current_context(const Session& session);

// What commands that take tasks mean when none is named: those that foreach
// chose, or the current context.
Result<std::vector<Object>> meant_tasks(const Session& session);

// The tasks that |word| names: a pid (decimal, or hexadecimal where no task
// has the decimal one) or a task_struct's address. pid 0 is every idle task.
// |not_found| says so in crash's words.
Result<std::vector<Object>> named_tasks(const Kernel& kernel,
                                        std::string_view word);
// The first of these.
Result<Object> named_task(const Kernel& kernel, std::string_view word);

// What a command says of one task; an error that it returns is that task's.
using ShowTask = std::function<Result<void>(const Object&, report::Sink&)>;

// Shows each task that |words| name, or without words those that foreach chose
// or the one that commands mean, with blank lines between those of which there
// is something to say. A word that names none is a problem of its own, as
// crash words it for |command|.
Result<void> for_tasks(const Session& session, std::string_view command,
                       const std::vector<std::string>& words, report::Sink& out,
                       const ShowTask& show);

// "PID: 1  TASK: ...  CPU: 0  COMMAND: "init"" with its line end: the line
// above what bt, ps -g, files, ... say of a task.
struct TaskHeader {
  Result<std::int64_t> pid;
  Address task;
  Result<unsigned> cpu;
  Result<std::string> comm;
};
TaskHeader task_header(const Kernel& kernel, const Object& task);
report::Record to_record(const TaskHeader& row);
std::string to_text(const TaskHeader& row);

// The block that set shows.
struct ContextRow {
  Task task;
  std::string mark;       // "PANIC", "ACTIVE", ... or ""
  unsigned same_pid = 1;  // tasks with this pid: idle tasks
};
ContextRow context_row(const Kernel& kernel, const Object& task);
report::Record to_record(const ContextRow& row);
std::string to_text(const ContextRow& row);

// Says where the kernel's structures disagree on which tasks there are.
void note_task_differences(const Kernel& kernel, report::Sink& out);

}  // namespace inquest
