// SPDX-License-Identifier: GPL-3.0-or-later
// What ps can say of a task: the rows of its modes.

#pragma once

#include <string>
#include <vector>

#include "command/command.h"
#include "command/context.h"
#include "kernel/task.h"

namespace inquest {

// How ps shows the tasks it was asked for.
struct PsStyle {
  bool has_stack_pointer = false;  // -s: KSTACKP instead of TASK
  bool has_priority = false;       // -Y
  bool has_heading = true;
  std::vector<unsigned> cpus;  // -C; empty: all together
  bool is_by_cpu = false;
};

using TaskList = std::vector<Object>;

// The names that sched_setscheduler(2) policies have in ps, by number.
std::string_view policy_name(std::uint64_t policy);
std::optional<std::uint64_t> policy_of(std::string_view name_or_number);

void show_table(const Kernel& kernel, const TaskList& list,
                const PsStyle& style, report::Sink& out);
// -p, -c, -g: relatives.
void show_ancestors(const Kernel& kernel, const TaskList& list,
                    report::Sink& out);
void show_children(const Kernel& kernel, const TaskList& list,
                   report::Sink& out);
void show_threads(const Kernel& kernel, const TaskList& list,
                  report::Sink& out);
// -t, -l, -m: times.
void show_times(const Kernel& kernel, const TaskList& list, report::Sink& out);
void show_last_run(const Kernel& kernel, const TaskList& list, bool is_relative,
                   const PsStyle& style, report::Sink& out);
// -a, -r, -S.
void show_arguments(const Kernel& kernel, const TaskList& list,
                    report::Sink& out);
void show_limits(const Kernel& kernel, const TaskList& list, report::Sink& out);
void show_state_counts(const Kernel& kernel, const TaskList& list,
                       report::Sink& out);

}  // namespace inquest
