// SPDX-License-Identifier: GPL-3.0-or-later
//
// A struct pid is in the IDR (or hash table) under its number and heads lists
// of the tasks that use it: as their pid, as their process group's, ... The
// leaders of thread groups are on the ring through init_task.tasks, and each
// group's threads on a ring of their own. A ring that is broken is walked from
// its other end, too. Run queues keep the tasks of each scheduling class in
// their own way; tasks of a class that an old or small kernel lacks are none.

#include "kernel/task_sources.h"

#include <array>
#include <span>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "kernel/list.h"
#include "kernel/struct_snapshot.h"
#include "kernel/task.h"

namespace inquest {
namespace {

constexpr std::size_t pids_at_once = 1024, groups_at_once = 256;

// Where |path| lies in |structure|.
Result<std::uint64_t> offset_of(const Kernel& kernel,
                                std::string_view structure,
                                std::string_view path) {
  const Type* type = TRY(kernel.structure(structure));
  return TRY(find_member(*type, path)).bit_offset / 8;
}

// The link by which a struct pid's list of PIDTYPE_PID holds its task
// (4.19, commit 2c4704756cab).
std::string_view pid_link(const Kernel& kernel) {
  return kernel.has_member("task_struct", "pid_links") ? "pid_links[0]"
                                                       : "pids[0].node";
}

class Pids {
 public:
  explicit Pids(const Kernel& kernel) : kernel_(kernel) {}
  TaskSource walk();

 private:
  void walk_tree(const Object& space);
  void walk_hash(const Object& space);
  void walk_chain(const Object& head, const Object& space,
                  std::vector<Address>& pids);
  void add_tasks_of(std::span<const Address> pids);

  const Kernel& kernel_;
  TaskSource found_;
  std::uint64_t link_ = 0;   // in task_struct
  std::uint64_t heads_ = 0;  // in struct pid
};

TaskSource Pids::walk() {
  auto link = offset_of(kernel_, "task_struct", pid_link(kernel_));
  auto heads = offset_of(kernel_, "pid", "tasks");
  Object space = kernel_.variable("init_pid_ns", "struct pid_namespace");
  if (!link || !heads || space.fault() != nullptr) {
    found_.problem = !link    ? link.error()
                     : !heads ? heads.error()
                              : *space.fault();
    return std::move(found_);
  }
  link_ = *link;
  heads_ = *heads;
  if (space.has_member("idr")) {
    walk_tree(space);
  } else {
    walk_hash(space);
  }
  return std::move(found_);
}

// By all processors. A pid may be a session's or process group's only.
void Pids::add_tasks_of(std::span<const Address> pids) {
  std::vector<Result<std::uint64_t>> first(pids.size(), 0);
  in_parallel(pids.size(), pids_at_once, [&](std::size_t i, std::size_t end) {
    for (; i < end; ++i) {
      first[i] = kernel_.memory().load(pids[i] + heads_,
                                       kernel_.arch().pointer_size());
    }
  });
  found_.tasks.reserve(pids.size());
  for (const auto& each : first) {
    if (!each) {
      found_.problem = each.error();
    } else if (*each != 0) {
      found_.tasks.push_back(Address{*each - link_});
    }
  }
}

void Pids::walk_tree(const Object& space) {
  std::vector<Address> pids;
  for (const IndexedEntry& entry : xarray_entries(kernel_, space["idr"])) {
    if (entry.fault) {
      found_.problem = entry.fault;
    } else if (!entry.is_value()) {
      pids.push_back(entry.entry);
    }
  }
  add_tasks_of(pids);
}

// The pids on one chain of the table that belong to |space|.
void Pids::walk_chain(const Object& head, const Object& space,
                      std::vector<Address>& pids) {
  auto own = offset_of(kernel_, "pid", "numbers");
  for (const Object& upid :
       hlist_entries(head, kernel_.structure("upid"), "pid_chain")) {
    if (upid.fault() != nullptr || !own) {
      found_.problem = own ? *upid.fault() : own.error();
      continue;
    }
    auto in = upid["ns"].to_address();
    if (in && *in == space.address()) {
      pids.push_back(Address{upid.address().value - *own});
    }
  }
}

void Pids::walk_hash(const Object& space) {
  auto shift = kernel_.variable("pidhash_shift", "unsigned int").to_unsigned();
  Object table = kernel_.variable("pid_hash", "struct hlist_head *");
  if (!shift || table.fault() != nullptr || *shift > 20) {
    found_.problem = !shift ? shift.error()
                            : Error(ErrorKind::not_found, "no table of pids");
    return;
  }
  std::vector<Address> pids;
  for (std::uint64_t i = 0; i < std::uint64_t{1} << *shift; ++i) {
    walk_chain(table.at(i), space, pids);
  }
  add_tasks_of(pids);
}

// What the struct pid of |pid| leads to; nothing where that is no task.
Result<Address> task_in_tree(const Kernel& kernel, std::uint64_t pid) {
  Object space = kernel.variable("init_pid_ns", "struct pid_namespace");
  std::uint64_t link = TRY(offset_of(kernel, "task_struct", pid_link(kernel)));
  std::uint64_t heads = TRY(offset_of(kernel, "pid", "tasks"));
  Object tree = space["idr"];
  if (tree.fault() != nullptr) return *tree.fault();
  auto entry = TRY(xarray_entry(kernel, tree, pid));
  std::uint64_t first = 0;
  if (entry && !entry->is_value()) {
    first = TRY(kernel.memory().load(entry->entry + heads,
                                     kernel.arch().pointer_size()));
  }
  if (first == 0) return Error(ErrorKind::not_found, "no task has this pid");
  return Address{first - link};
}

// Follows a ring of list_heads from |head|, forwards and, if it is broken,
// backwards. |add| takes the addresses of the nodes, some perhaps twice.
template <typename Add>
std::optional<Error> walk_ring(const Object& head, Add add) {
  std::optional<Error> problem;
  for (Direction way : {Direction::forwards, Direction::backwards}) {
    for (const Object& node : list_nodes(head, way)) {
      if (node.fault() == nullptr) {
        add(node.address());
      } else if (!problem) {
        problem = *node.fault();
      }
    }
    if (!problem || interrupted()) break;
  }
  return problem;
}

class Lists {
 public:
  Lists(const Kernel& kernel, const TaskSource& pids,
        const AddressSpace& memory)
      : kernel_(kernel), memory_(memory), pids_(pids) {}
  TaskSource walk();

 private:
  Result<void> prepare();
  void take_snapshot();
  const AddressSpace& memory() const { return signals_ ? *signals_ : memory_; }
  TaskSource group_of(Address leader) const;
  void add_groups(std::span<const Address> leaders);
  Result<Object> ring_of(Address leader) const;

  const Kernel& kernel_;
  const AddressSpace& memory_;
  const TaskSource& pids_;
  std::optional<StructSnapshot> signals_;  // of the tasks in pids_
  TaskSource found_;
  const Type* list_ = nullptr;
  std::uint64_t tasks_ = 0;
  // signal_struct.thread_head is from 3.14 (commit 0c740d0afc3b); before, the
  // threads are a ring without a head.
  bool has_head_ = false;
  std::uint64_t thread_ = 0;  // the link of a thread
  std::uint64_t signal_ = 0, head_ = 0;
};

Result<void> Lists::prepare() {
  list_ = TRY(kernel_.structure("list_head"));
  tasks_ = TRY(offset_of(kernel_, "task_struct", "tasks"));
  has_head_ = kernel_.has_member("signal_struct", "thread_head");
  thread_ = TRY(offset_of(kernel_, "task_struct",
                          has_head_ ? "thread_node" : "thread_group"));
  if (has_head_) {
    signal_ = TRY(offset_of(kernel_, "task_struct", "signal"));
    head_ = TRY(offset_of(kernel_, "signal_struct", "thread_head"));
  }
  return {};
}

// The heads of the threads' rings lie all over memory, too.
void Lists::take_snapshot() {
  auto type = kernel_.structure("signal_struct");
  if (kernel_.is_live() || !has_head_ || !type) return;
  std::vector<Address> signals;
  for (Address task : pids_.tasks) {
    auto signal = memory_.load(task + signal_, kernel_.arch().pointer_size());
    if (signal && *signal != 0) signals.push_back(Address{*signal});
  }
  constexpr std::array<std::string_view, 1> members = {"thread_head"};
  signals_.emplace(memory_, **type, members, std::move(signals));
}

// |not_found| for a task that has exited and has no signal_struct any more.
Result<Object> Lists::ring_of(Address leader) const {
  if (!has_head_) return Object(memory(), *list_, leader + thread_);
  Address signal{
      TRY(memory_.load(leader + signal_, kernel_.arch().pointer_size()))};
  if (signal.value == 0) return Error(ErrorKind::not_found, "no threads");
  return Object(memory(), *list_, signal + head_);
}

// The leader and its threads.
TaskSource Lists::group_of(Address leader) const {
  TaskSource group;
  group.tasks.push_back(leader);
  auto ring = ring_of(leader);
  if (!ring) {
    if (ring.error().kind() != ErrorKind::not_found) {
      group.problem = ring.error();
    }
    return group;
  }
  group.problem = walk_ring(*ring, [&](Address node) {
    Address thread{node.value - thread_};
    if (thread != leader) group.tasks.push_back(thread);
  });
  return group;
}

// By all processors.
void Lists::add_groups(std::span<const Address> leaders) {
  std::vector<TaskSource> groups(leaders.size());
  in_parallel(leaders.size(), groups_at_once,
              [&](std::size_t i, std::size_t end) {
                for (; i < end && !interrupted(); ++i)
                  groups[i] = group_of(leaders[i]);
              });
  for (const TaskSource& group : groups) {
    found_.tasks.insert(found_.tasks.end(), group.tasks.begin(),
                        group.tasks.end());
    if (group.problem) found_.problem = group.problem;
  }
}

TaskSource Lists::walk() {
  auto ready = prepare();
  Object first = kernel_.variable("init_task", "struct task_struct");
  if (!ready || first.fault() != nullptr) {
    found_.problem = ready ? *first.fault() : ready.error();
    return std::move(found_);
  }
  take_snapshot();
  Object head(memory_, *list_, first.address() + tasks_);
  std::vector<Address> leaders;
  auto problem = walk_ring(head, [&](Address node) {
    leaders.push_back(Address{node.value - tasks_});
  });
  add_groups(leaders);
  if (problem) found_.problem = problem;
  return std::move(found_);
}

class Queue {
 public:
  Queue(const Kernel& kernel, unsigned cpu)
      : kernel_(kernel),
        queue_(kernel.per_cpu("runqueues", "struct rq", cpu)) {}
  TaskSource walk();

 private:
  void add(const Object& pointer);
  void add_list(std::string_view list, std::string_view link);
  void add_real_time();
  void add_deadline();

  const Kernel& kernel_;
  Object queue_;
  TaskSource found_;
};

void Queue::add(const Object& pointer) {
  auto at = pointer.to_address();
  if (at && at->value != 0) found_.tasks.push_back(*at);
}

void Queue::add_list(std::string_view list, std::string_view link) {
  auto offset = offset_of(kernel_, "task_struct", link);
  if (!queue_.has_member(list) || !offset) return;
  auto problem = walk_ring(queue_[list], [&](Address node) {
    found_.tasks.push_back(Address{node.value - *offset});
  });
  if (problem) found_.problem = problem;
}

// One list for each priority. With CONFIG_RT_GROUP_SCHED, entities that stand
// for a group are no tasks.
void Queue::add_real_time() {
  auto entity = offset_of(kernel_, "task_struct", "rt");
  auto type = kernel_.structure("sched_rt_entity");
  Object queues = queue_["rt.active.queue"];
  auto running = queue_["rt.rt_nr_running"].to_unsigned();
  if (!entity || !type || !running || *running == 0) return;
  for (std::uint64_t i = 0; i < queues.type().stripped().count; ++i) {
    for (const Object& each : list_entries(queues.at(i), type, "run_list")) {
      if (each.fault() != nullptr) {
        found_.problem = *each.fault();
      } else if (!each.has_member("my_q") ||
                 each["my_q"].to_unsigned().value_or(0) == 0) {
        found_.tasks.push_back(Address{each.address().value - *entity});
      }
    }
  }
}

// Sorted by deadline. The servers of 6.8 (commit 63ba8422f876) are no tasks.
void Queue::add_deadline() {
  auto entity = offset_of(kernel_, "task_struct", "dl");
  if (!queue_.has_member("dl.root") || !entity) return;
  for (const Object& each :
       rbtree_entries(queue_["dl.root"], kernel_.structure("sched_dl_entity"),
                      "rb_node")) {
    if (each.fault() != nullptr) {
      found_.problem = *each.fault();
    } else if (!each.has_member("dl_server") ||
               each["dl_server"].to_unsigned().value_or(0) == 0) {
      found_.tasks.push_back(Address{each.address().value - *entity});
    }
  }
}

TaskSource Queue::walk() {
  if (queue_.fault() != nullptr) {
    found_.problem = *queue_.fault();
    return std::move(found_);
  }
  add(queue_["curr"]);
  if (queue_.has_member("stop")) add(queue_["stop"]);
  add_list("cfs_tasks", "se.group_node");
  add_list("scx.runnable_list", "scx.runnable_node");
  add_real_time();
  add_deadline();
  auto idle = queue_["idle"].to_address();
  if (idle) std::erase(found_.tasks, *idle);
  return std::move(found_);
}

}  // namespace

std::optional<Address> task_with_pid(const Kernel& kernel, std::uint64_t pid) {
  auto at = task_in_tree(kernel, pid);
  if (!at) return std::nullopt;
  auto own = task_pid(kernel.object("task_struct", *at));
  bool is_same = own && static_cast<std::uint64_t>(*own) == pid;
  return is_same ? std::optional(*at) : std::nullopt;
}

TaskSource tasks_with_pid(const Kernel& kernel) {
  return Pids(kernel).walk();
}

TaskSource tasks_on_list(const Kernel& kernel, const TaskSource& pids,
                         const AddressSpace& memory) {
  return Lists(kernel, pids, memory).walk();
}

TaskSource tasks_on_queue(const Kernel& kernel, unsigned cpu) {
  return Queue(kernel, cpu).walk();
}

}  // namespace inquest
