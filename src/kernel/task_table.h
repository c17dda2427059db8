// SPDX-License-Identifier: GPL-3.0-or-later
// All tasks, found once: Kernel::task_table().

#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/struct_snapshot.h"

namespace inquest {

// No structure is relied on alone: the pids, the task list and the run queues
// are walked, and a task is here when any of them has it.
class TaskTable {
 public:
  explicit TaskTable(const Kernel& kernel);

  // Idle tasks by CPU, then all others by pid and address.
  const std::vector<Object>& tasks() const { return tasks_; }
  // Why some may be missing; null: none are.
  const Error* problem() const { return problem_ ? &*problem_ : nullptr; }
  // Where the structures disagree, for the user; tasks that are being made or
  // are going do not count.
  const std::vector<std::string>& notes() const { return notes_; }

  // False when an interrupt cut the search short.
  bool is_complete() const { return is_complete_; }

  // Null where no task_struct is at |at|.
  const Object* at(Address at) const;
  // In the first pid namespace; pid 0: all idle tasks.
  std::span<const Object> with_pid(std::uint64_t pid) const;
  // By name, in the order of tasks().
  std::vector<Object> named(std::string_view comm) const;
  // Some CPU was running it.
  bool is_current(Address task) const { return current_.contains(task.value); }

 private:
  class Merge;

  std::unique_ptr<const StructSnapshot> snapshot_;  // behind tasks_
  std::vector<Object> tasks_;
  std::vector<std::int64_t> pids_;  // of tasks_
  std::optional<Error> problem_;
  bool is_complete_ = false;
  std::vector<std::string> notes_;
  std::unordered_map<std::uint64_t, std::size_t> by_address_;
  std::unordered_set<std::uint64_t> current_;
  mutable std::once_flag names_once_;
  mutable std::unordered_multimap<std::string, std::size_t> names_;
};

}  // namespace inquest
