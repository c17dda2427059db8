// SPDX-License-Identifier: GPL-3.0-or-later
// The structures in which the kernel keeps its tasks, each walked by itself.

#pragma once

#include <optional>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// What one structure knows: addresses of task_structs, some perhaps twice, and
// why that may not be all.
struct TaskSource {
  std::vector<Address> tasks;
  std::optional<Error> problem;
};

// Those that have a pid: init_pid_ns.idr since 4.15 (commit 95846ecf9dac),
// the hash table pid_hash before.
TaskSource tasks_with_pid(const Kernel& kernel);
// The task of one pid, where a tree of pids has it and both agree.
std::optional<Address> task_with_pid(const Kernel& kernel, std::uint64_t pid);
// The thread groups on the list from init_task on, with their threads, as
// |memory| has them. |pids|: most of them are expected to be among these.
TaskSource tasks_on_list(const Kernel& kernel, const TaskSource& pids,
                         const AddressSpace& memory);
// What is running, or queued to run, on |cpu|; without its idle task.
TaskSource tasks_on_queue(const Kernel& kernel, unsigned cpu);

}  // namespace inquest
