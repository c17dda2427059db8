// SPDX-License-Identifier: GPL-3.0-or-later
//
// A task that is being made is put on the task list and given its pid in one
// go, and one that goes loses both likewise, but memory may have been saved in
// between; one that has gone may still run the end of its code. What else is in
// one structure and not in the other tells of damage, and is shown.

#include "kernel/task_table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/text.h"
#include "kernel/faults.h"
#include "kernel/task.h"
#include "kernel/task_sources.h"

namespace inquest {
namespace {

// What commands look at most, of any kernel.
constexpr std::array<std::string_view, 28> members = {
    "__state",     "state",        "exit_state",
    "flags",       "stack",        "cpu",
    "thread_info", "prio",         "policy",
    "tasks",       "thread_node",  "thread_group",
    "mm",          "active_mm",    "pid",
    "tgid",        "parent",       "real_parent",
    "p_pptr",      "group_leader", "comm",
    "signal",      "files",        "fs",
    "nsproxy",     "start_time",   "sched_info.last_arrival",
    "rss_stat"};

constexpr std::int64_t highest_pid = 4 << 20;  // PID_MAX_LIMIT
constexpr std::size_t most_notes = 8;
constexpr std::size_t pids_at_once = 1024;

struct Candidate {
  Address address;
  std::int64_t pid = 0;
  bool has_pid = false, is_listed = false;
  std::optional<unsigned> queue;  // a CPU's
};

bool is_passing(const Kernel& kernel, const Object& task) {
  auto exit = task["exit_state"].to_unsigned();
  auto state = task_state(kernel, task);
  return (exit && *exit != 0) || (state && (state->is_new || state->dead));
}

std::string task_text(const Object& task, std::int64_t pid) {
  auto comm = task_comm(task);
  return fmt::format("task {:x} (PID {}, \"{}\")", task.address().value, pid,
                     comm ? printable(*comm) : "?");
}

}  // namespace

class TaskTable::Merge {
 public:
  Merge(const Kernel& kernel, TaskTable& table)
      : kernel_(kernel), table_(table) {}

  void add_idle_tasks();
  void add_others();

 private:
  Candidate& candidate(Address at);
  void take_snapshot();
  const AddressSpace& memory() const;
  void add_queues();
  void read_pids();
  void compare();
  void note_difference(const Candidate& task);
  void note_damage(std::string_view where, const std::optional<Error>& problem);
  void say_if_some_are_missing();
  void fill();

  const Kernel& kernel_;
  TaskTable& table_;
  const Type* type_ = nullptr;
  TaskSource list_, pids_;
  std::optional<Error> unreadable_;
  std::vector<Candidate> all_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // in all_
  std::size_t differences_ = 0;
};

void TaskTable::Merge::add_idle_tasks() {
  for (unsigned cpu : scheduled_cpus(kernel_)) {
    auto current = current_task(kernel_, cpu);
    if (current) {
      table_.current_.insert(current->address().value);
    } else {
      note_if_lost(kernel_, current.error(),
                   fmt::format("what CPU {} ran", cpu));
    }
    auto idle = idle_task(kernel_, cpu);
    if (!idle) {
      note_if_lost(kernel_, idle.error(),
                   fmt::format("CPU {}'s idle task", cpu));
      continue;
    }
    table_.by_address_.emplace(idle->address().value, table_.tasks_.size());
    table_.tasks_.push_back(*idle);
    table_.pids_.push_back(0);
  }
}

Candidate& TaskTable::Merge::candidate(Address at) {
  auto [place, is_new] = places_.emplace(at.value, all_.size());
  if (is_new) all_.push_back({.address = at, .queue = std::nullopt});
  return all_[place->second];
}

void TaskTable::Merge::take_snapshot() {
  if (kernel_.is_live()) return;
  table_.snapshot_ = std::make_unique<const StructSnapshot>(
      kernel_.memory(), *type_, members, pids_.tasks);
}

const AddressSpace& TaskTable::Merge::memory() const {
  if (table_.snapshot_) return *table_.snapshot_;
  return kernel_.memory();
}

void TaskTable::Merge::add_queues() {
  for (unsigned cpu : scheduled_cpus(kernel_)) {
    // Queues change often; what is broken there hides no task.
    for (Address at : tasks_on_queue(kernel_, cpu).tasks) {
      if (!table_.by_address_.contains(at.value)) candidate(at).queue = cpu;
    }
  }
}

// What has no pid that could be one is no task. By all processors.
void TaskTable::Merge::read_pids() {
  std::vector<Result<std::int64_t>> pids(all_.size(), 0);
  in_parallel(all_.size(), pids_at_once, [&](std::size_t i, std::size_t end) {
    for (; i < end; ++i)
      pids[i] = task_pid(Object(memory(), *type_, all_[i].address));
  });
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto& pid = pids[i];
    if (!pid) {
      unreadable_ = pid.error();
    } else if (*pid < 0 || *pid > highest_pid) {
      unreadable_ = Error(ErrorKind::corrupt,
                          fmt::format("{:x} is no task: its pid would be {}",
                                      all_[i].address.value, *pid));
    } else {
      all_[i].pid = *pid;
    }
  }
  // The idle tasks of CPUs that are not there have pid 0.
  std::erase_if(all_, [](const Candidate& each) { return each.pid == 0; });
}

void TaskTable::Merge::note_difference(const Candidate& task) {
  Object object(memory(), *type_, task.address);
  bool is_expected =
      (task.has_pid || pids_.problem) && (task.is_listed || list_.problem);
  if (is_expected || kernel_.is_live() || is_passing(kernel_, object)) return;
  if (++differences_ > most_notes) return;
  std::string what = task_text(object, task.pid);
  if (task.has_pid) {
    what += " has a pid but is not in the task list";
  } else if (task.is_listed) {
    what += " is in the task list but has no pid";
  } else {
    what += fmt::format(
        " is on the run queue of CPU {} but has no pid and is not in the task "
        "list",
        task.queue.value_or(0));
  }
  table_.notes_.push_back(std::move(what));
}

void TaskTable::Merge::note_damage(std::string_view where,
                                   const std::optional<Error>& problem) {
  if (!problem) return;
  table_.notes_.push_back(fmt::format(
      "{} {} damaged ({}): tasks were looked for elsewhere, too", where,
      where.ends_with('s') ? "are" : "is", problem->message()));
}

void TaskTable::Merge::compare() {
  note_damage("the pids", pids_.problem);
  note_damage("the task list", list_.problem);
  for (const Candidate& each : all_) {
    if (!each.has_pid || !each.is_listed) note_difference(each);
  }
  if (differences_ > most_notes) {
    table_.notes_.push_back(
        fmt::format("{} more tasks are not where they should be",
                    differences_ - most_notes));
  }
}

// With one structure whole, or as many tasks as the kernel counted, none are.
void TaskTable::Merge::say_if_some_are_missing() {
  auto count = kernel_.variable("nr_threads", "int").to_unsigned();
  bool is_whole = !pids_.problem || !list_.problem;
  if (count) is_whole = all_.size() >= *count;
  if (is_whole) return;
  if (pids_.problem) {
    table_.problem_ = pids_.problem;
  } else if (list_.problem) {
    table_.problem_ = list_.problem;
  } else {
    table_.problem_ = unreadable_;
  }
}

void TaskTable::Merge::fill() {
  std::ranges::sort(all_, {}, [](const Candidate& each) {
    return std::pair(each.pid, each.address.value);
  });
  table_.tasks_.reserve(table_.tasks_.size() + all_.size());
  table_.pids_.reserve(table_.pids_.size() + all_.size());
  table_.by_address_.reserve(table_.by_address_.size() + all_.size());
  for (const Candidate& each : all_) {
    const AddressSpace& around = table_.snapshot_
                                     ? table_.snapshot_->around(each.address)
                                     : kernel_.memory();
    table_.by_address_.emplace(each.address.value, table_.tasks_.size());
    table_.tasks_.emplace_back(around, *type_, each.address);
    table_.pids_.push_back(each.pid);
  }
}

void TaskTable::Merge::add_others() {
  auto type = kernel_.structure("task_struct");
  if (!type) {
    table_.problem_ = type.error();
    table_.is_complete_ = true;
    return;
  }
  type_ = *type;
  pids_ = tasks_with_pid(kernel_);
  all_.reserve(pids_.tasks.size());
  places_.reserve(pids_.tasks.size());
  for (Address at : pids_.tasks)
    candidate(at).has_pid = true;
  take_snapshot();
  list_ = tasks_on_list(kernel_, pids_, memory());
  for (Address at : list_.tasks)
    candidate(at).is_listed = true;
  add_queues();
  read_pids();
  compare();
  say_if_some_are_missing();
  // A table that is not kept must not leave behind objects of its snapshot.
  table_.is_complete_ = !interrupted();
  if (!table_.is_complete_) table_.snapshot_.reset();
  fill();
}

TaskTable::TaskTable(const Kernel& kernel) {
  Merge merge(kernel, *this);
  merge.add_idle_tasks();
  merge.add_others();
}

const Object* TaskTable::at(Address at) const {
  auto found = by_address_.find(at.value);
  return found == by_address_.end() ? nullptr : &tasks_[found->second];
}

std::span<const Object> TaskTable::with_pid(std::uint64_t pid) const {
  if (pid > static_cast<std::uint64_t>(highest_pid)) return {};
  auto [first, last] = std::equal_range(pids_.begin(), pids_.end(),
                                        static_cast<std::int64_t>(pid));
  return std::span(tasks_).subspan(
      static_cast<std::size_t>(first - pids_.begin()),
      static_cast<std::size_t>(last - first));
}

std::vector<Object> TaskTable::named(std::string_view comm) const {
  std::call_once(names_once_, [this] {
    names_.reserve(tasks_.size());
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (auto name = task_comm(tasks_[i])) names_.emplace(*name, i);
    }
  });
  auto [first, last] = names_.equal_range(std::string(comm));
  std::vector<std::size_t> places;
  for (auto each = first; each != last; ++each)
    places.push_back(each->second);
  std::ranges::sort(places);
  std::vector<Object> found;
  found.reserve(places.size());
  for (std::size_t place : places)
    found.push_back(tasks_[place]);
  return found;
}

std::shared_ptr<const TaskTable> Kernel::task_table() const {
  std::scoped_lock lock(tasks_mutex_);
  if (tasks_) return tasks_;
  auto made = std::make_shared<const TaskTable>(*this);
  if (made->is_complete()) tasks_ = made;
  return made;
}

std::shared_ptr<const TaskTable> Kernel::made_task_table() const {
  std::scoped_lock lock(tasks_mutex_);
  return tasks_;
}

void Kernel::take_as_current(unsigned cpu, Address task) const {
  taken_[cpu] = task;
  forget_tasks();
}

std::optional<Address> Kernel::taken_as_current(unsigned cpu) const {
  auto found = taken_.find(cpu);
  return found == taken_.end() ? std::nullopt : std::optional(found->second);
}

void Kernel::forget_tasks() const {
  std::scoped_lock lock(tasks_mutex_);
  tasks_.reset();
}

}  // namespace inquest
