// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks: struct task_struct, wherever this kernel keeps its fields.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// Every task once, as struct task_struct: the idle tasks by CPU, then all
// others by pid. What hides some of them is the last item, as a fault.
// Source: Kernel::task_table().
Generator<Object> tasks(const Kernel& kernel);
// Without that item, which is noted as a loss instead.
Generator<Object> known_tasks(const Kernel& kernel);
// Where the kernel's structures disagree on which tasks there are: for the
// user of a command that lists them.
std::vector<std::string> task_notes(const Kernel& kernel);

// The threads of |task|'s thread group, itself included, leader first.
Generator<Object> threads(const Kernel& kernel, const Object& task);
// The children of |task| (not those of its threads), eldest first.
Generator<Object> children(const Kernel& kernel, const Object& task);

// In the first pid namespace; pid 0 is that of all idle tasks. No pid is used
// twice otherwise, unless something is damaged.
std::vector<Object> tasks_of_pid(const Kernel& kernel, std::uint64_t pid);
// Those whose comm is |comm|, in the order of tasks().
std::vector<Object> tasks_named(const Kernel& kernel, std::string_view comm);
// The first of tasks_of_pid(); of pid 0, the idle task of CPU 0.
Result<Object> task_of_pid(const Kernel& kernel, std::uint64_t pid);
// The task_struct at |at|, which must be one of tasks().
Result<Object> task_at(const Kernel& kernel, Address at);

// What |cpu| was running (runqueues.curr), and its idle task.
Result<Object> current_task(const Kernel& kernel, unsigned cpu);
Result<Object> idle_task(const Kernel& kernel, unsigned cpu);
// CPUs that have a run queue in use.
std::vector<unsigned> scheduled_cpus(const Kernel& kernel);

// The CPU that panicked and what it was running: panic_cpu (4.5 on), else
// crashing_cpu. |not_found| when the kernel did not panic.
Result<unsigned> panic_cpu(const Kernel& kernel);
Result<Object> panic_task(const Kernel& kernel);

// What a task is doing. The bits moved in 3.14 and 4.14; this is their sense.
struct TaskState {
  bool interruptible = false, uninterruptible = false;
  bool stopped = false, traced = false;
  bool exit_dead = false, zombie = false, dead = false;
  bool parked = false, wake_kill = false, waking = false;
  bool no_load = false, is_new = false;
  bool rtlock_wait = false, frozen = false;
  std::uint64_t bits = 0;  // state and exit state as the kernel has them

  std::string_view abbreviation() const;  // "RU", "IN", "UN", "ID", ...
  std::string name() const;               // "TASK_RUNNING", ...
};

// The kernel's fields of a task; each stands or falls by itself.
Result<std::int64_t> task_pid(const Object& task);
Result<std::int64_t> task_tgid(const Object& task);
Result<Object> task_parent(const Object& task);
Result<std::int64_t> task_ppid(const Object& task);  // the parent's pid
Result<std::string> task_comm(const Object& task);
Result<unsigned> task_cpu(const Kernel& kernel, const Object& task);
Result<TaskState> task_state(const Kernel& kernel, const Object& task);
Result<Address> task_mm(const Object& task);  // 0: a kernel thread
Result<Address> task_thread_info(const Object& task);
// The lowest address of the kernel stack, and the stack's size.
Result<Address> task_stack(const Object& task);
std::uint64_t stack_size(const Kernel& kernel);
// The task is current on some CPU.
bool is_active(const Kernel& kernel, const Object& task);
// Runs in the kernel only (PF_KTHREAD), idle tasks included.
bool is_kernel_thread(const Object& task);

// All of the above.
struct Task {
  Object object;
  Address address;
  Result<std::int64_t> pid, tgid, ppid;
  Result<unsigned> cpu;
  Result<std::string> comm;
  Result<TaskState> state;
  Result<Address> mm, thread_info, stack;
  bool is_active = false;
};
Task task_record(const Kernel& kernel, const Object& task);

// How much memory a task's process has mapped, and how much of that is there.
struct TaskMemory {
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
  double percent = 0;  // of all pages of the machine
};
// Measures many tasks: what is the same for all is looked up once.
class MemoryMeter {
 public:
  explicit MemoryMeter(const Kernel& kernel);
  // All zero for kernel threads and tasks that have exited.
  Result<TaskMemory> measure(const Object& task);
  // The same of a struct mm_struct that the task need not have (any more).
  Result<TaskMemory> measure(const Object& task, const Object& mm);

 private:
  Result<std::int64_t> per_cpu_sum(const Object& counter);
  std::int64_t held_back(const Object& task) const;
  Result<std::uint64_t> resident_pages(const Object& task, const Object& mm);

  const Kernel& kernel_;
  std::vector<std::uint64_t> kinds_;  // of pages
  std::vector<unsigned> cpus_;
  std::vector<std::uint64_t> per_cpu_offsets_;  // of cpus_
  std::uint64_t all_pages_ = 0;
  bool threads_hold_back_ = false;
  // Threads follow each other and share theirs.
  std::optional<Address> last_mm_;
  TaskMemory last_;
};

// When the task last came to a CPU, in ns of that CPU's clock, and the clock.
Result<std::uint64_t> task_last_run(const Object& task);
Result<std::uint64_t> run_queue_clock(const Kernel& kernel, unsigned cpu);

}  // namespace inquest
