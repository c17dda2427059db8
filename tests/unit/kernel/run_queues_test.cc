// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/run_queues.h"

#include <gtest/gtest.h>

#include "unit/kernel/scheduling_kernel.h"

namespace inquest::test {
namespace {

constexpr std::uint64_t base = TestKernel::base;
constexpr std::uint64_t queue_at = base + 0x1000;
constexpr std::uint64_t task_at = base + 0x2000, server_at = base + 0x2100,
                        other_at = base + 0x2200;

// Tasks: prio at 0; then the entities: a deadline one at 8 (a tree node and
// whether it is a server), a fair one at 48 (a node and its own queue), and a
// list node of sched_ext at 80.
constexpr std::uint64_t deadline_at = 8, fair_at = 48, ext_at = 80;

// struct rq: current task, deadline tree, list of sched_ext, one list of
// real-time tasks, fair queue (tree, current, group, throttled).
struct Queue {
  std::uint64_t current = 0, deadline = 0, fair = 0, fair_current = 0;
  std::uint64_t group = 0;
};

class QueueKernel : public FourCpuKernel {
 public:
  QueueKernel(const Queue& queue, const std::string& machine)
      : FourCpuKernel(
            words_at(queue_at,
                     {queue.current, queue.deadline, 0, 0, task_at + ext_at,
                      task_at + ext_at, queue_at + 48, queue_at + 48,
                      queue.fair, queue.fair_current, queue.group, 0}) +
                machine,
            {{"runqueues", 0x1000}}) {
    add_links();
    add_entities();
    const Type& lists = types().array_of(*list_, 1);
    const Type& array =
        source->structure("rt_prio_array", 16, {member("queue", lists, 0)});
    const Type& realtime =
        source->structure("rt_rq", 16, {member("active", array, 0)});
    const Type& deadline =
        source->structure("dl_rq", 8, {member("root", *root_, 0)});
    const Type& extensible =
        source->structure("scx_rq", 16, {member("runnable_list", *list_, 0)});
    const Type& task = **structure("task_struct");
    source->structure(
        "rq", 96,
        {member("curr", types().pointer_to(task), 0), member("dl", deadline, 8),
         member("cfs", fair_, 64), member("scx", extensible, 32),
         member("rt", realtime, 48)});
  }

  // "class depth priority address" of each task, "class depth group".
  std::vector<std::string> items(bool has_groups) {
    std::vector<std::string> found;
    faults.clear();
    for (const SchedQueue& queue :
         sched_queues(*this, 0, {.has_groups = has_groups})) {
      for (const QueueItem& item : queue.items) {
        std::string what = item.task
                               ? fmt::format("{} {:x}", *item.priority,
                                             item.task->address().value - base)
                               : "group";
        found.push_back(fmt::format("{} {} {}", sched_class_name(queue.kind),
                                    item.depth, what));
      }
      for (const Error& fault : queue.faults)
        faults.push_back(fault.message());
    }
    return found;
  }

  std::vector<std::string> faults;

 private:
  void add_links() {
    list_ = &source->structure("list_head", 16,
                               {member("next", types().pointer_to(link_), 0),
                                member("prev", types().pointer_to(link_), 8)});
    root_ = &source->structure(
        "rb_root", 8, {member("rb_node", types().pointer_to(node_), 0)});
    link_.kind = node_.kind = fair_.kind = TypeKind::structure;
    link_.name = "list_head";
    link_.byte_size = 16;
    node_.name = "rb_node";
    node_.byte_size = 24;
    fair_.name = "cfs_rq";
    fair_.byte_size = 32;
    // As since 7.2: the groups' queues are per-CPU variables.
    group_ = &source->structure(
        "task_group", 40,
        {member("cfs_rq", types().pointer_to(fair_), 0),
         member("children", *list_, 8), member("siblings", *list_, 24)});
  }

  void add_entities() {
    const Type& deadline = source->structure(
        "sched_dl_entity", 32,
        {member("rb_node", node_, 0), member("dl_server", number(), 24, 0, 1)});
    const Type& fair =
        source->structure("sched_entity", 32,
                          {member("run_node", node_, 0),
                           member("my_q", types().pointer_to(fair_), 24)});
    entity_ = &fair;
    source->structure("sched_rt_entity", 16, {member("run_list", *list_, 0)});
    const Type& extensible = source->structure(
        "sched_ext_entity", 16, {member("runnable_node", *list_, 0)});
    source->structure(
        "task_struct", 96,
        {member("prio", types().c_type("int"), 0),
         member("dl", deadline, deadline_at), member("se", fair, fair_at),
         member("scx", extensible, ext_at)});
  }

  const Type* list_ = nullptr;
  const Type* root_ = nullptr;
  const Type* entity_ = nullptr;
  const Type* group_ = nullptr;
  Type link_{[this](const Type&, TypeBody& body) {
    body.members = {member("next", types().pointer_to(link_), 0),
                    member("prev", types().pointer_to(link_), 8)};
  }};
  Type node_{[this](const Type&, TypeBody& body) {
    body.members = {member("__rb_parent_color", word(), 0),
                    member("rb_right", types().pointer_to(node_), 8),
                    member("rb_left", types().pointer_to(node_), 16)};
  }};
  Type fair_{[this](const Type&, TypeBody& body) {
    body.members = {member("tasks_timeline", *root_, 0),
                    member("curr", types().pointer_to(*entity_), 8),
                    member("tg", types().pointer_to(*group_), 16),
                    member("throttled", types().c_type("int"), 24)};
  }};
};

// A task in no tree, last on the list of sched_ext.
std::string task_text(std::uint64_t at, std::uint64_t priority) {
  return words_at(
      at, {priority, 0, 0, 0, 0, 0, 0, 0, 0, 0, queue_at + 32, queue_at + 32});
}

using Items = std::vector<std::string>;

TEST(RunQueues, LeaveOutServersAndTheTaskThatRuns) {
  QueueKernel kernel(
      {.current = other_at,
       .deadline = server_at + deadline_at,
       .fair = task_at + fair_at,
       .fair_current = other_at + fair_at},
      task_text(task_at, 120) + task_text(other_at, 121) +
          words_at(server_at + deadline_at, {0, task_at + deadline_at, 0, 1}));
  Items found = kernel.items(false);
  EXPECT_EQ(kernel.faults, Items{});
  EXPECT_EQ(found, (Items{"deadline 0 120 2000", "fair 0 120 2000",
                          "extensible 0 120 2000"}));
  found = kernel.items(true);
  EXPECT_EQ(found, (Items{"deadline 0 120 2000", "fair 0 121 2200",
                          "fair 0 120 2000", "extensible 0 120 2000"}));
}

TEST(RunQueues, OfGroupsAreFollowed) {
  // A group's entity runs; its queue holds a task.
  constexpr std::uint64_t entity = base + 0x3000, group = base + 0x3100;
  QueueKernel kernel({.current = other_at, .fair_current = entity},
                     task_text(task_at, 120) + task_text(other_at, 121) +
                         words_at(entity, {0, 0, 0, group}) +
                         words_at(group, {task_at + fair_at, 0, 0, 0}));
  EXPECT_EQ(kernel.items(false),
            (Items{"fair 0 120 2000", "extensible 0 120 2000"}));
  EXPECT_EQ(kernel.items(true), (Items{"fair 0 group", "fair 1 120 2000",
                                       "extensible 0 120 2000"}));
  EXPECT_EQ(kernel.faults, Items{});
}

TEST(RunQueues, OfThrottledGroupsAreFoundFromAbove) {
  constexpr std::uint64_t top = base + 0x3000, below = base + 0x3100,
                          other = base + 0x3200, queue = base + 0x3300;
  QueueKernel kernel(
      {.group = top},
      task_text(task_at, 120) +
          words_at(top, {queue_at + 64, below + 24, other + 24, 0, 0}) +
          words_at(below, {queue, below + 8, below + 8, other + 24, top + 8}) +
          words_at(other,
                   {queue + 0x40, other + 8, other + 8, top + 8, below + 24}) +
          words_at(queue, {task_at + fair_at, 0, below, 1, 0, 0, 0, 0}) +
          words_at(queue + 0x40, {0, 0, other, 0}));
  EXPECT_EQ(kernel.items(true), (Items{"fair 0 group", "fair 1 120 2000",
                                       "extensible 0 120 2000"}));
  EXPECT_EQ(kernel.faults, Items{});
  EXPECT_EQ(kernel.items(false), (Items{"extensible 0 120 2000"}));
}

TEST(RunQueues, EndWhereGroupsLoop) {
  constexpr std::uint64_t entity = base + 0x3000, group = base + 0x3100;
  QueueKernel kernel({.fair = entity}, task_text(task_at, 120) +
                                           words_at(entity, {0, 0, 0, group}) +
                                           words_at(group, {entity, 0, 0, 0}));
  kernel.items(true);
  ASSERT_EQ(kernel.faults.size(), 1U);
  EXPECT_NE(kernel.faults[0].find("loop"), std::string::npos);
}

}  // namespace
}  // namespace inquest::test
