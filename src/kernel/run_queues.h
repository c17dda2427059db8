// SPDX-License-Identifier: GPL-3.0-or-later
// Run queues: the tasks that wait for each CPU, by scheduling class.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/faults.h"
#include "kernel/kernel.h"

namespace inquest {

enum class SchedClass { deadline, realtime, fair, extensible };
std::string_view sched_class_name(SchedClass kind);  // "deadline", ...

// A group of tasks that share a place in a queue, and its own queue.
struct QueuedGroup {
  Address group;     // struct task_group; 0: not known
  Address queue;     // struct cfs_rq or rt_rq
  Address array;     // of rt_rq: its rt_prio_array
  std::string name;  // of the cgroup, "" for the root and for none
  std::string path;  // with those above: "/system.slice/a.service"
  bool is_throttled = false;
};

// What a queue holds: a task, or a group, behind which that holds follows one
// level deeper.
struct QueueItem {
  unsigned depth = 0;
  std::optional<Object> task;
  std::optional<QueuedGroup> group;
  std::optional<std::int64_t> priority;  // as the kernel has it: 120 is nice 0
  bool is_current = false;
  // Sleeps already, and stays queued until it has got its share (6.12 on).
  bool is_delayed = false;
};

struct SchedQueue {
  SchedClass kind = SchedClass::fair;
  Address queue;      // struct cfs_rq, rt_rq, dl_rq or scx_rq
  Address container;  // the tree, array or list in it
  bool is_throttled = false;
  std::vector<QueueItem> items = {};
  Faults faults = {};  // why some may be missing
};

struct RunQueueOptions {
  // Fair: groups too, what runs too, and what is throttled. Otherwise only
  // the tasks that wait.
  bool has_groups = false;
};

// struct rq of |cpu|.
Object run_queue(const Kernel& kernel, unsigned cpu);
// What waits for |cpu|: the queues of all classes that this kernel has, in the
// order in which they are served.
std::vector<SchedQueue> sched_queues(const Kernel& kernel, unsigned cpu,
                                     RunQueueOptions options);

// Whether real-time tasks are grouped too (CONFIG_RT_GROUP_SCHED).
bool has_realtime_groups(const Kernel& kernel);
// |unsupported| without CONFIG_CGROUP_SCHED.
Result<Address> root_task_group(const Kernel& kernel);

// Whether |task| is on its CPU's run queue, running or not.
Result<bool> is_queued(const Object& task);

}  // namespace inquest
