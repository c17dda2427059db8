// SPDX-License-Identifier: GPL-3.0-or-later
//
// Finding all tasks. The first pid namespace knows every task by its pid: an
// IDR since 4.15 (commit 95846ecf9dac), a hash table before. Every thread
// group is also on the list that starts at init_task.tasks, and its threads on
// one of their own. The pids are walked first; if that finds fewer tasks than
// the kernel counted, what the lists know is added.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "kernel/list.h"
#include "kernel/task.h"

namespace inquest {
namespace {

// Tasks by pid and, for the rare equal pids, address.
struct Found {
  std::map<std::pair<std::int64_t, std::uint64_t>, Object> tasks;
  std::optional<Error> problem;

  void add(const Object& task) {
    auto pid = task_pid(task);
    if (!pid) {
      problem = pid.error();
      return;
    }
    if (*pid != 0) tasks.emplace(std::pair(*pid, task.address().value), task);
  }
};

// The link by which a struct pid's list of PIDTYPE_PID holds its task
// (4.19, commit 2c4704756cab).
std::string_view pid_link(const Kernel& kernel) {
  return kernel.has_member("task_struct", "pid_links") ? "pid_links[0]"
                                                       : "pids[0].node";
}

// The task that a struct pid is the pid of, if any: it may be a session's or
// process group's only.
std::optional<Object> task_of(const Kernel& kernel, const Object& pid,
                              Found& found) {
  auto type = kernel.structure("task_struct");
  Object first = pid["tasks"].at(0)["first"];
  auto at = first.to_address();
  if (!at) {
    found.problem = at.error();
    return std::nullopt;
  }
  if (!type || at->value == 0) return std::nullopt;
  return first.dereference().container_of(**type, pid_link(kernel));
}

void walk_pid_tree(const Kernel& kernel, const Object& space, Found& found) {
  for (const IndexedEntry& entry : xarray_entries(kernel, space["idr"])) {
    if (entry.fault) {
      found.problem = entry.fault;
      continue;
    }
    if (entry.is_value()) continue;
    auto task = task_of(kernel, kernel.object("pid", entry.entry), found);
    if (task) found.add(*task);
  }
}

// The tasks on one chain of the table of pids that belong to |space|.
void walk_pid_chain(const Kernel& kernel, const Object& head,
                    const Object& space, const Type& pid_type, Found& found) {
  for (const Object& upid :
       hlist_entries(head, kernel.structure("upid"), "pid_chain")) {
    if (upid.fault() != nullptr) {
      found.problem = *upid.fault();
      continue;
    }
    auto in = upid["ns"].to_address();
    if (!in || *in != space.address()) continue;
    auto task =
        task_of(kernel, upid.container_of(pid_type, "numbers[0]"), found);
    if (task) found.add(*task);
  }
}

void walk_pid_hash(const Kernel& kernel, const Object& space, Found& found) {
  auto shift = kernel.variable("pidhash_shift", "unsigned int").to_unsigned();
  auto pid_type = kernel.structure("pid");
  Object table = kernel.variable("pid_hash", "struct hlist_head *");
  if (!shift || !pid_type || table.fault() != nullptr || *shift > 20) {
    found.problem = !shift ? shift.error()
                           : Error(ErrorKind::not_found, "no table of pids");
    return;
  }
  for (std::uint64_t i = 0; i < std::uint64_t{1} << *shift; ++i) {
    walk_pid_chain(kernel, table.at(i), space, **pid_type, found);
  }
}

void walk_task_lists(const Kernel& kernel, Found& found) {
  auto type = kernel.structure("task_struct");
  Object head = kernel.variable("init_task", "struct task_struct")["tasks"];
  for (const Object& leader : list_entries(head, type, "tasks")) {
    if (leader.fault() != nullptr) {
      found.problem = *leader.fault();
      return;
    }
    for (const Object& thread : threads(kernel, leader)) {
      if (thread.fault() == nullptr) found.add(thread);
    }
  }
}

Found find_tasks(const Kernel& kernel) {
  Found found;
  Object space = kernel.variable("init_pid_ns", "struct pid_namespace");
  if (space.fault() != nullptr) {
    found.problem = *space.fault();
  } else if (space.has_member("idr")) {
    walk_pid_tree(kernel, space, found);
  } else {
    walk_pid_hash(kernel, space, found);
  }
  auto count = kernel.variable("nr_threads", "int").to_unsigned();
  if (count && found.tasks.size() >= *count && !found.problem) return found;
  walk_task_lists(kernel, found);
  if (count && found.tasks.size() >= *count) found.problem.reset();
  return found;
}

}  // namespace

Generator<Object> tasks(const Kernel& kernel) {
  for (unsigned cpu : scheduled_cpus(kernel)) {
    auto idle = idle_task(kernel, cpu);
    if (idle) co_yield *idle;
  }
  Found found = find_tasks(kernel);
  for (const auto& [key, task] : found.tasks)
    co_yield task;
  if (found.problem) co_yield *found.problem;
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

Result<Object> task_of_pid(const Kernel& kernel, std::uint64_t pid) {
  if (pid == 0) return idle_task(kernel, 0);
  for (const Object& task : tasks(kernel)) {
    if (task.fault() != nullptr) continue;
    auto number = task_pid(task);
    if (number && static_cast<std::uint64_t>(*number) == pid) return task;
  }
  return Error(ErrorKind::not_found, fmt::format("no task has pid {}", pid));
}

Result<Object> task_at(const Kernel& kernel, Address at) {
  for (const Object& task : tasks(kernel)) {
    if (task.fault() == nullptr && task.address() == at) return task;
  }
  return Error(ErrorKind::not_found,
               fmt::format("{:x}: not the address of a task", at.value));
}

}  // namespace inquest
