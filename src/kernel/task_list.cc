// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tasks and their relatives, from the table of all tasks and the kernel's
// lists.

#include <fmt/format.h>

#include "kernel/list.h"
#include "kernel/task.h"
#include "kernel/task_sources.h"
#include "kernel/task_table.h"

namespace inquest {

Generator<Object> tasks(const Kernel& kernel) {
  auto table = kernel.task_table();
  for (const Object& task : table->tasks())
    co_yield task;
  if (table->problem() != nullptr) co_yield *table->problem();
}

Generator<Object> known_tasks(const Kernel& kernel) {
  for (const Object& task : tasks(kernel)) {
    if (task.fault() != nullptr) {
      kernel.note_loss(*task.fault(), "some tasks");
    } else {
      co_yield task;
    }
  }
}

std::vector<std::string> task_notes(const Kernel& kernel) {
  return kernel.task_table()->notes();
}

// signal_struct.thread_head is from 3.14 (commit 0c740d0afc3b); before, the
// threads are a ring without a head.
Generator<Object> threads(const Kernel& kernel, const Object& task) {
  Object leader = task["group_leader"].dereference();
  auto type = kernel.structure("task_struct");
  if (leader.fault() != nullptr || !type) {
    co_yield task;
    co_return;
  }
  bool has_head = kernel.has_member("signal_struct", "thread_head");
  if (!has_head) co_yield leader;
  Object head =
      has_head ? leader["signal"]["thread_head"] : leader["thread_group"];
  std::string link = has_head ? "thread_node" : "thread_group";
  // A task that has exited has no signal_struct any more.
  if (has_head) {
    auto signal = leader["signal"].to_address();
    if (signal && signal->value == 0) {
      co_yield leader;
      co_return;
    }
  }
  for (const Object& thread : list_entries(head, type, link))
    co_yield thread;
}

Generator<Object> children(const Kernel& kernel, const Object& task) {
  return list_entries(task["children"], kernel.structure("task_struct"),
                      "sibling");
}

std::vector<Object> tasks_of_pid(const Kernel& kernel, std::uint64_t pid) {
  bool is_known = kernel.made_task_table() != nullptr;
  if (!is_known && pid != 0) {
    if (auto at = task_with_pid(kernel, pid)) {
      return {kernel.object("task_struct", *at)};
    }
  }
  auto table = kernel.task_table();
  auto found = table->with_pid(pid);
  return {found.begin(), found.end()};
}

std::vector<Object> tasks_named(const Kernel& kernel, std::string_view comm) {
  return kernel.task_table()->named(comm);
}

Result<Object> task_of_pid(const Kernel& kernel, std::uint64_t pid) {
  if (pid == 0) return idle_task(kernel, 0);
  auto found = tasks_of_pid(kernel, pid);
  if (!found.empty()) return found.front();
  return Error(ErrorKind::not_found, fmt::format("no task has pid {}", pid));
}

Result<Object> task_at(const Kernel& kernel, Address at) {
  if (kernel.made_task_table() == nullptr) {
    Object task = kernel.object("task_struct", at);
    auto pid = task_pid(task);
    bool may_have = pid && *pid > 0;
    if (may_have &&
        task_with_pid(kernel, static_cast<std::uint64_t>(*pid)) == at) {
      return task;
    }
  }
  auto table = kernel.task_table();
  if (const Object* task = table->at(at)) return *task;
  return Error(ErrorKind::not_found,
               fmt::format("{:x}: not the address of a task", at.value));
}

}  // namespace inquest
