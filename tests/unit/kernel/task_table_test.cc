// SPDX-License-Identifier: GPL-3.0-or-later
// All tasks are found whichever structure is damaged.

#include "kernel/task_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/task.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = test::TestKernel::base;

// Where things lie in the machine and in its structures.
constexpr std::uint64_t init_task = 0x1000, space = 0x800, node = 0x900;
constexpr std::uint64_t queue = 0x600, count = 0x700;
constexpr std::uint64_t state = 0, exit_state = 8, pid = 16, list = 24;
constexpr std::uint64_t thread_node = 40, signal = 56, pid_link = 64;
constexpr std::uint64_t group_node = 80, comm = 96;
constexpr std::uint64_t first_queued = queue + 16;

std::uint64_t task_place(std::uint64_t number) {
  return init_task + number * 0x100;
}

// Processes 1 and 2, and 3, a thread of 2, which waits to run while 1 runs.
class Machine {
 public:
  Machine() {
    for (std::uint64_t number : {1U, 2U, 3U}) {
      set(task_place(number) + pid, number);
      set(task_place(number) + comm, 0x6b736174);
      set(pid_place(number), base + task_place(number) + pid_link);
      set(node + 8 + number * 8, base + pid_place(number));
    }
    set(init_task + comm, 0x656c6469);
    ring({init_task + list, task_place(1) + list, task_place(2) + list});
    own_signal(1, 0x2000);
    own_signal(2, 0x2100);
    own_signal(3, 0x2100);
    ring({0x2000, task_place(1) + thread_node});
    ring({0x2100, task_place(2) + thread_node, task_place(3) + thread_node});
    set(space, base + node + 2);
    set(queue, base + task_place(1));
    set(queue + 8, base + init_task);
    ring(
        {first_queued, task_place(1) + group_node, task_place(3) + group_node});
    set(count, 3);
  }

  static std::uint64_t pid_place(std::uint64_t number) {
    return 0x3000 + number * 0x10;
  }
  void set(std::uint64_t at, std::uint64_t value) { words_[at] = value; }
  void ring(const std::vector<std::uint64_t>& places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      std::uint64_t next = places[(i + 1) % places.size()];
      set(places[i], base + next);
      set(next + 8, base + places[i]);
    }
  }
  std::string text() const {
    std::string text;
    for (const auto& [at, value] : words_)
      text += fmt::format("@{:#x} u64 {:#x}\n", at, value);
    return text;
  }

 private:
  void own_signal(std::uint64_t number, std::uint64_t at) {
    set(task_place(number) + signal, base + at);
  }
  std::map<std::uint64_t, std::uint64_t> words_;
};

class TaskKernel : public test::TestKernel {
 public:
  explicit TaskKernel(const Machine& machine, std::uint64_t run_queue = queue)
      : test::TestKernel(machine.text(), {{"init_task", init_task},
                                          {"init_pid_ns", space},
                                          {"nr_threads", count},
                                          {"runqueues", run_queue}}) {
    using test::member;
    const Type& word = types().c_type("unsigned long");
    const Type& pointer = types().pointer_to(types().void_type());
    const Type& first =
        source->structure("hlist_head", 8, {member("first", pointer, 0)});
    linked_.kind = TypeKind::structure;
    linked_.byte_size = 16;
    const Type& link = types().pointer_to(linked_);
    list_head_type_ = &source->structure(
        "list_head", 16, {member("next", link, 0), member("prev", link, 8)});
    source->structure("xa_node", 72,
                      {member("shift", types().c_type("unsigned char"), 0),
                       member("slots", types().array_of(pointer, 8), 8)});
    const Type& idr =
        source->structure("idr", 8, {member("xa_head", pointer, 0)});
    source->structure("pid_namespace", 8, {member("idr", idr, 0)});
    source->structure("pid", 8,
                      {member("tasks", types().array_of(first, 1), 0)});
    source->structure("signal_struct", 16,
                      {member("thread_head", *list_head_type_, 0)});
    const Type& entity = source->structure(
        "sched_entity", 16, {member("group_node", *list_head_type_, 0)});
    const Type& text = types().array_of(types().c_type("char"), 16);
    const Type& links = types().array_of(*list_head_type_, 1);
    const Type& task = source->structure(
        "task_struct", 0x100,
        {member("__state", word, state), member("exit_state", word, exit_state),
         member("pid", word, pid), member("tasks", *list_head_type_, list),
         member("thread_node", *list_head_type_, thread_node),
         member("signal", pointer, signal),
         member("pid_links", links, pid_link), member("se", entity, group_node),
         member("comm", text, comm)});
    const Type& task_at = types().pointer_to(task);
    source->structure("rq", 32,
                      {member("curr", task_at, 0), member("idle", task_at, 8),
                       member("cfs_tasks", *list_head_type_, 16)});
  }

  Result<Address> per_cpu_address(Address at, unsigned /*cpu*/) const override {
    return at;
  }

 private:
  Type linked_{[this](const Type&, TypeBody& body) {
    const Type& link = types().pointer_to(linked_);
    body.members = {test::member("next", link, 0),
                    test::member("prev", link, 8)};
  }};
  const Type* list_head_type_ = nullptr;
};

std::vector<std::uint64_t> pids_of(const TaskTable& table) {
  std::vector<std::uint64_t> found;
  for (const Object& task : table.tasks())
    found.push_back(task["pid"].to_unsigned().value_or(99));
  return found;
}

const std::vector<std::uint64_t> everybody = {0, 1, 2, 3};

TEST(TaskTable, FindsTasksInAWholeMachine) {
  TaskKernel kernel{Machine()};
  TaskTable table(kernel);
  EXPECT_EQ(pids_of(table), everybody);
  EXPECT_EQ(table.problem(), nullptr);
  EXPECT_TRUE(table.notes().empty()) << table.notes().front();
  EXPECT_TRUE(table.is_current(Address{base + task_place(1)}));
  EXPECT_FALSE(table.is_current(Address{base + task_place(2)}));
}

TEST(TaskTable, SaysThatItCannotTellWhatRan) {
  constexpr std::uint64_t nowhere = 0x10000000;
  TaskKernel kernel(Machine(), nowhere);
  TaskTable table(kernel);
  EXPECT_FALSE(table.is_current(Address{base + task_place(1)}));
  auto losses = kernel.new_losses();
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_TRUE(losses[0].message().starts_with("what CPU 0 ran: "))
      << losses[0].message();
  EXPECT_TRUE(losses[1].message().starts_with("CPU 0's idle task: "));
}

TEST(TaskTable, IsSearchedByPidAddressAndName) {
  TaskKernel kernel{Machine()};
  auto table = kernel.task_table();
  EXPECT_EQ(table, kernel.task_table());
  EXPECT_EQ(table->with_pid(0).size(), 1U);
  ASSERT_EQ(table->with_pid(3).size(), 1U);
  EXPECT_EQ(table->with_pid(3)[0].address().value, base + task_place(3));
  EXPECT_TRUE(table->with_pid(4).empty());
  EXPECT_TRUE(table->with_pid(~std::uint64_t{0}).empty());
  EXPECT_EQ(table->named("task").size(), 3U);
  EXPECT_EQ(table->named("idle").size(), 1U);
  EXPECT_TRUE(table->named("tas").empty());
  ASSERT_NE(table->at(Address{base + task_place(2)}), nullptr);
  EXPECT_EQ(table->at(Address{base + task_place(2) + 8}), nullptr);
}

TEST(TaskTable, ShowsATaskThatHasLostItsPid) {
  Machine machine;
  machine.set(Machine::pid_place(2), 0);
  TaskKernel kernel(machine);
  TaskTable table(kernel);
  EXPECT_EQ(pids_of(table), everybody);
  EXPECT_EQ(table.notes(),
            std::vector<std::string>{fmt::format(
                "task {:x} (PID 2, \"task\") is in the task list but has no "
                "pid",
                base + task_place(2))});
}

TEST(TaskTable, ShowsATaskThatWasTakenOffTheList) {
  Machine machine;
  machine.ring({init_task + list, task_place(2) + list});
  TaskKernel kernel(machine);
  TaskTable table(kernel);
  EXPECT_EQ(pids_of(table), everybody);
  ASSERT_EQ(table.notes().size(), 1U);
  EXPECT_NE(table.notes()[0].find("(PID 1, \"task\") has a pid but is not in "
                                  "the task list"),
            std::string::npos);
}

TEST(TaskTable, ShowsATaskThatOnlyARunQueueHas) {
  Machine machine;
  machine.set(Machine::pid_place(3), 0);
  machine.ring({0x2100, task_place(2) + thread_node});
  TaskKernel kernel(machine);
  TaskTable table(kernel);
  EXPECT_EQ(pids_of(table), everybody);
  ASSERT_EQ(table.notes().size(), 1U);
  EXPECT_NE(table.notes()[0].find("is on the run queue of CPU 0"),
            std::string::npos);
}

TEST(TaskTable, SurvivesABrokenListAndABrokenTree) {
  for (std::uint64_t broken :
       {init_task + list, task_place(1) + list, task_place(2) + thread_node,
        space, node + 16, Machine::pid_place(1)}) {
    Machine machine;
    machine.set(broken, 0xffff800000000000);
    TaskKernel kernel(machine);
    TaskTable table(kernel);
    EXPECT_EQ(pids_of(table), everybody) << std::hex << broken;
    EXPECT_EQ(table.problem(), nullptr) << std::hex << broken;
    EXPECT_FALSE(table.notes().empty()) << std::hex << broken;
  }
}

TEST(TaskTable, SaysWhenTasksAreMissing) {
  Machine machine;
  machine.set(space, 0xffff800000000002);
  machine.set(init_task + list, 0xffff800000000000);
  machine.set(init_task + list + 8, 0xffff800000000000);
  TaskKernel kernel(machine);
  TaskTable table(kernel);
  EXPECT_EQ(pids_of(table), (std::vector<std::uint64_t>{0, 1, 3}));
  EXPECT_NE(table.problem(), nullptr);
}

TEST(TaskTable, KeepsQuietOfTasksThatComeAndGo) {
  Machine machine;
  machine.set(Machine::pid_place(2), 0);
  machine.set(task_place(2) + exit_state, 0x20);
  machine.ring({init_task + list, task_place(2) + list});
  machine.set(task_place(1) + state, 0x800);
  TaskKernel kernel(machine);
  TaskTable table(kernel);
  EXPECT_EQ(pids_of(table), everybody);
  EXPECT_TRUE(table.notes().empty()) << table.notes().front();
}

}  // namespace
}  // namespace inquest
