// SPDX-License-Identifier: GPL-3.0-or-later
//
// struct rq has a queue for each scheduling class:
//   dl      a red-black tree of sched_dl_entity, by deadline;
//   rt      an array of lists of sched_rt_entity, by priority;
//   cfs     a red-black tree of sched_entity (EEVDF since 6.6 orders it in
//           another way), without the one that runs;
//   scx     a list of all runnable tasks (CONFIG_SCHED_CLASS_EXT, 6.12 on).
// Fair and real-time entities may stand for a group of tasks, which has its
// own queue (my_q). Servers, which run other classes' tasks (6.8 on), are
// deadline entities without a task.

#include "kernel/run_queues.h"

#include <set>

#include "base/interrupt.h"
#include "kernel/cgroup.h"
#include "kernel/list.h"
#include "kernel/task.h"

namespace inquest {
namespace {

constexpr unsigned most_levels = 64;

bool is_set(const Object& object, std::string_view member) {
  if (!object.has_member(member)) return false;
  auto value = object[member].to_unsigned();
  return value && *value != 0;
}

// ---- Groups ----

// Of the cgroup that |group| belongs to; its root has none.
void read_names(const Object& group, QueuedGroup& found) {
  auto names = cgroup_names(group["css"]["cgroup"]);
  if (!names) return;
  for (const std::string& name : *names)
    found.path += "/" + name;
  if (!names->empty()) found.name = names->back();
}

QueuedGroup group_of(const Object& queue) {
  QueuedGroup found;
  found.queue = queue.address();
  if (queue.has_member("active")) found.array = queue["active"].address();
  found.is_throttled =
      is_set(queue, "throttled") || is_set(queue, "rt_throttled");
  auto group = pointed(queue["tg"], "no task group");
  if (group) {
    found.group = group->address();
    read_names(*group, found);
  }
  return found;
}

// ---- One CPU's queues ----

class Collector {
 public:
  Collector(const Kernel& kernel, unsigned cpu, RunQueueOptions options)
      : kernel_(kernel),
        cpu_(cpu),
        options_(options),
        rq_(run_queue(kernel, cpu)) {
    auto current = current_task(kernel, cpu);
    if (current) current_ = current->address();
  }

  std::vector<SchedQueue> all();

 private:
  // The queue |member| of the run queue, and where in it the tasks are.
  SchedQueue& open(SchedClass kind, std::string_view member,
                   std::string_view container);

  void deadline();
  void realtime();
  void realtime_list(SchedQueue& to, const Object& list, std::int64_t priority,
                     unsigned depth);
  void realtime_tasks(SchedQueue& to, const Object& queue, unsigned depth);
  void fair();
  void fair_tasks(SchedQueue& to, const Object& queue, unsigned depth);
  void fair_entity(SchedQueue& to, const Object& entity, unsigned depth,
                   bool is_running);
  void fair_group(SchedQueue& to, const Object& queue, unsigned depth);
  void throttled_tasks(SchedQueue& to, const Object& queue, unsigned depth);
  void throttled_groups(SchedQueue& to, const Object& queue, unsigned depth);
  void extensible();

  Result<Object> task_of(const Object& entity, std::string_view member) const;
  Object fair_queue_of(const Object& group) const;
  void add_task(SchedQueue& to, const Result<Object>& task, unsigned depth,
                std::optional<std::int64_t> priority = std::nullopt);
  // False for a queue that was walked already: damaged links.
  bool enter(SchedQueue& to, const Object& queue, unsigned depth);

  const Kernel& kernel_;
  unsigned cpu_;
  RunQueueOptions options_;
  Object rq_;
  Address current_;
  std::set<Address> entered_;
  std::vector<SchedQueue> queues_;
};

SchedQueue& Collector::open(SchedClass kind, std::string_view member,
                            std::string_view container) {
  SchedQueue& queue = queues_.emplace_back();
  Object place = rq_[member];
  queue.kind = kind;
  queue.queue = place.address();
  queue.container = place[container].address();
  queue.is_throttled = is_set(place, "rt_throttled");
  if (const Error* fault = place[container].fault())
    queue.faults.push_back(*fault);
  return queue;
}

bool Collector::enter(SchedQueue& to, const Object& queue, unsigned depth) {
  if (queue.fault() != nullptr) {
    to.faults.push_back(*queue.fault());
    return false;
  }
  if (depth < most_levels && entered_.insert(queue.address()).second)
    return !interrupted();
  to.faults.push_back(Error(ErrorKind::corrupt, "groups are queued in a loop",
                            queue.address().value));
  return false;
}

Result<Object> Collector::task_of(const Object& entity,
                                  std::string_view member) const {
  const Type* type = TRY(kernel_.structure("task_struct"));
  Object task = entity.container_of(*type, member);
  if (task.fault() != nullptr) return *task.fault();
  return task;
}

void Collector::add_task(SchedQueue& to, const Result<Object>& task,
                         unsigned depth, std::optional<std::int64_t> priority) {
  if (!task) {
    to.faults.push_back(task.error());
    return;
  }
  QueueItem item;
  item.depth = depth;
  item.task = *task;
  item.priority = priority;
  if (!priority) {
    auto own = (*task)["prio"].to_signed();
    if (own) item.priority = *own;
  }
  item.is_current = task->address() == current_;
  to.items.push_back(std::move(item));
}

// ---- Deadline ----

// rb_root until 4.13, rb_root_cached since (commit 2161573ecd69).
void Collector::deadline() {
  if (!rq_.has_member("dl.root")) return;
  SchedQueue& to = open(SchedClass::deadline, "dl", "root");
  for (const Object& entity :
       rbtree_entries(rq_["dl"]["root"], kernel_.structure("sched_dl_entity"),
                      "rb_node")) {
    if (entity.fault() != nullptr) {
      to.faults.push_back(*entity.fault());
    } else if (!is_set(entity, "dl_server")) {
      add_task(to, task_of(entity, "dl"), 0);
    }
  }
}

// ---- Real time ----

void Collector::realtime_list(SchedQueue& to, const Object& list,
                              std::int64_t priority, unsigned depth) {
  for (const Object& entity :
       list_entries(list, kernel_.structure("sched_rt_entity"), "run_list")) {
    if (entity.fault() != nullptr) {
      to.faults.push_back(*entity.fault());
      continue;
    }
    if (!is_set(entity, "my_q")) {
      add_task(to, task_of(entity, "rt"), depth, priority);
      continue;
    }
    Object queue = entity["my_q"].dereference();
    QueueItem item;
    item.depth = depth;
    item.priority = priority;
    item.group = group_of(queue);
    to.items.push_back(std::move(item));
    realtime_tasks(to, queue, depth + 1);
  }
}

void Collector::realtime_tasks(SchedQueue& to, const Object& queue,
                               unsigned depth) {
  if (!enter(to, queue, depth)) return;
  Object lists = queue["active"]["queue"];
  if (lists.fault() != nullptr) {
    to.faults.push_back(*lists.fault());
    return;
  }
  constexpr std::uint64_t most_priorities = 1024;
  std::uint64_t count =
      std::min(lists.type().stripped().count, most_priorities);
  for (std::uint64_t i = 0; i < count && !interrupted(); ++i)
    realtime_list(to, lists.at(i), static_cast<std::int64_t>(i), depth);
}

void Collector::realtime() {
  SchedQueue& to = open(SchedClass::realtime, "rt", "active");
  realtime_tasks(to, rq_["rt"], 0);
}

// ---- Fair ----

void Collector::fair_entity(SchedQueue& to, const Object& entity,
                            unsigned depth, bool is_running) {
  if (is_set(entity, "my_q")) {
    fair_group(to, entity["my_q"].dereference(), depth);
    return;
  }
  if (is_running && !options_.has_groups) return;
  std::size_t before = to.items.size();
  add_task(to, task_of(entity, "se"), depth);
  if (to.items.size() > before) {
    to.items.back().is_delayed = is_set(entity, "sched_delayed");
  }
}

void Collector::fair_group(SchedQueue& to, const Object& queue,
                           unsigned depth) {
  if (!options_.has_groups) return fair_tasks(to, queue, depth);
  QueueItem item;
  item.depth = depth;
  item.group = group_of(queue);
  to.items.push_back(std::move(item));
  fair_tasks(to, queue, depth + 1);
}

void Collector::fair_tasks(SchedQueue& to, const Object& queue,
                           unsigned depth) {
  if (!enter(to, queue, depth)) return;
  auto running = pointed(queue["curr"], "no current task");
  if (running) fair_entity(to, *running, depth, true);
  // rb_root_cached since 4.14 (commit bfb068892d30).
  for (const Object& entity :
       rbtree_entries(queue["tasks_timeline"],
                      kernel_.structure("sched_entity"), "run_node")) {
    if (entity.fault() != nullptr) {
      to.faults.push_back(*entity.fault());
    } else {
      fair_entity(to, entity, depth, false);
    }
  }
  if (!options_.has_groups) return;
  throttled_tasks(to, queue, depth);
  throttled_groups(to, queue, depth);
}

// Since 6.18 tasks leave the queue one by one when it is throttled
// (commit e1fad12dcb66).
void Collector::throttled_tasks(SchedQueue& to, const Object& queue,
                                unsigned depth) {
  if (!queue.has_member("throttled_limbo_list")) return;
  for (const Object& task :
       list_entries(queue["throttled_limbo_list"],
                    kernel_.structure("task_struct"), "throttle_node")) {
    if (task.fault() != nullptr) {
      to.faults.push_back(*task.fault());
    } else {
      add_task(to, task, depth);
    }
  }
}

// Throttled groups are in nobody's queue: they are found from above.
void Collector::throttled_groups(SchedQueue& to, const Object& queue,
                                 unsigned depth) {
  if (!queue.has_member("throttled")) return;
  auto group = pointed(queue["tg"], "no task group");
  if (!group) return;
  for (const Object& child : list_entries(
           (*group)["children"], kernel_.structure("task_group"), "siblings")) {
    if (child.fault() != nullptr) {
      to.faults.push_back(*child.fault());
      return;
    }
    Object own = fair_queue_of(child);
    if (own.fault() != nullptr || !is_set(own, "throttled")) continue;
    if (!entered_.contains(own.address())) fair_group(to, own, depth);
  }
}

// An array of pointers by CPU; since 7.2 a per-CPU variable.
Object Collector::fair_queue_of(const Object& group) const {
  Object queues = group["cfs_rq"];
  if (queues.fault() != nullptr) return queues;
  const Type* target = queues.type().stripped().target();
  if (target == nullptr || target->is_pointer()) {
    return queues.at(cpu_).dereference();
  }
  auto all = queues.to_address();
  if (!all) return all.error();
  auto own = kernel_.per_cpu_address(*all, cpu_);
  if (!own) return own.error();
  return Object(kernel_.memory(), *target, *own);
}

void Collector::fair() {
  SchedQueue& to = open(SchedClass::fair, "cfs", "tasks_timeline");
  fair_tasks(to, rq_["cfs"], 0);
}

// ---- Extensible ----

void Collector::extensible() {
  if (!rq_.has_member("scx.runnable_list")) return;
  SchedQueue& to = open(SchedClass::extensible, "scx", "runnable_list");
  for (const Object& task :
       list_entries(rq_["scx"]["runnable_list"],
                    kernel_.structure("task_struct"), "scx.runnable_node")) {
    if (task.fault() != nullptr) {
      to.faults.push_back(*task.fault());
    } else if (options_.has_groups || task.address() != current_) {
      add_task(to, task, 0);
    }
  }
}

std::vector<SchedQueue> Collector::all() {
  deadline();
  realtime();
  fair();
  extensible();
  return std::move(queues_);
}

}  // namespace

std::string_view sched_class_name(SchedClass kind) {
  switch (kind) {
    case SchedClass::deadline:
      return "deadline";
    case SchedClass::realtime:
      return "realtime";
    case SchedClass::fair:
      return "fair";
    case SchedClass::extensible:
      return "extensible";
  }
  return "";
}

Object run_queue(const Kernel& kernel, unsigned cpu) {
  return kernel.per_cpu("runqueues", "struct rq", cpu);
}

std::vector<SchedQueue> sched_queues(const Kernel& kernel, unsigned cpu,
                                     RunQueueOptions options) {
  return Collector(kernel, cpu, options).all();
}

bool has_realtime_groups(const Kernel& kernel) {
  return kernel.has_member("sched_rt_entity", "my_q");
}

Result<Address> root_task_group(const Kernel& kernel) {
  auto at = kernel.symbol("root_task_group");
  if (at) return at;
  return Error(ErrorKind::unsupported, "this kernel has no root_task_group");
}

// A state since 3.14 (commit da0c1e65b51a): 1 queued, 2 on its way to another
// CPU.
Result<bool> is_queued(const Object& task) {
  return TRY(task["on_rq"].to_unsigned()) == 1;
}

}  // namespace inquest
