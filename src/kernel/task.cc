// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/task.h"

#include <array>

#include <fmt/format.h>

#include "kernel/faults.h"
#include "kernel/task_table.h"

namespace inquest {
namespace {

constexpr std::uint64_t pf_kthread = 0x00200000;

// Which bits of task_struct.state mean what.
struct StateBits {
  std::uint64_t exit_dead, zombie, parked, dead, wake_kill, waking;
};
constexpr StateBits bits_4_14 = {0x10, 0x20, 0x40, 0x80, 0x100, 0x200};
constexpr StateBits bits_3_14 = {0x10, 0x20, 0x200, 0x40, 0x80, 0x100};
constexpr StateBits bits_2_6 = {0x20, 0x10, 0x200, 0x40, 0x80, 0x100};

// The words of /proc/PID/stat stand in the order of the state bits. 4.14
// moved "parked" to the seventh place (commit 8ef9925b02c2), 3.14 exchanged
// "dead" and "zombie" (commit ad86622b478e).
StateBits state_bits(const Kernel& kernel, const Object& task) {
  if (task.has_member("__state")) return bits_4_14;
  Object names = kernel.variable("task_state_array", "char *[16]");
  auto letter = [&](std::uint64_t index) {
    auto name = names.at(index).to_string();
    return name && !name->empty() ? name->front() : '?';
  };
  if (letter(5) == 'Z') return bits_2_6;
  char seventh = letter(7);
  return seventh == 'x' || seventh == 'K' ? bits_3_14 : bits_4_14;
}

Object first_member(const Object& object,
                    std::initializer_list<std::string_view> names) {
  std::optional<Object> first;
  for (std::string_view name : names) {
    Object found = object[name];
    if (found.fault() == nullptr) return found;
    if (!first) first = found;
  }
  return *first;
}

}  // namespace

std::string_view TaskState::abbreviation() const {
  struct Letter {
    bool is_set;
    std::string_view text;
  };
  const std::array<Letter, 14> letters = {{
      {interruptible, "IN"},
      {uninterruptible && no_load, "ID"},
      {uninterruptible, "UN"},
      {stopped, "ST"},
      {traced, "TR"},
      {zombie, "ZO"},
      {dead || exit_dead, "DE"},
      {parked, "PA"},
      {waking, "WA"},
      {is_new, "NE"},
      {rtlock_wait, "RT"},
      {frozen, "FZ"},
      {wake_kill, "WK"},
      {no_load, "NL"},
  }};
  for (const Letter& letter : letters) {
    if (letter.is_set) return letter.text;
  }
  return bits == 0 ? "RU" : "??";
}

std::string TaskState::name() const {
  struct Word {
    bool is_set;
    std::string_view text;
  };
  const std::array<Word, 14> all = {{
      {interruptible, "TASK_INTERRUPTIBLE"},
      {uninterruptible, "TASK_UNINTERRUPTIBLE"},
      {stopped, "TASK_STOPPED"},
      {traced, "TASK_TRACED"},
      {exit_dead, "EXIT_DEAD"},
      {zombie, "EXIT_ZOMBIE"},
      {dead, "TASK_DEAD"},
      {parked, "TASK_PARKED"},
      {wake_kill, "TASK_WAKEKILL"},
      {waking, "TASK_WAKING"},
      {no_load, "TASK_NOLOAD"},
      {is_new, "TASK_NEW"},
      {rtlock_wait, "TASK_RTLOCK_WAIT"},
      {frozen, "TASK_FROZEN"},
  }};
  std::string text;
  for (const Word& word : all) {
    if (!word.is_set) continue;
    if (!text.empty()) text += '|';
    text += word.text;
  }
  if (!text.empty()) return text;
  return bits == 0 ? "TASK_RUNNING" : fmt::format("{:#x}", bits);
}

Result<std::int64_t> task_pid(const Object& task) {
  return task["pid"].to_signed();
}

Result<std::int64_t> task_tgid(const Object& task) {
  return task["tgid"].to_signed();
}

Result<Object> task_parent(const Object& task) {
  return pointed(first_member(task, {"parent", "p_pptr"}), "no task");
}

Result<std::int64_t> task_ppid(const Object& task) {
  Object parent = TRY(task_parent(task));
  return task_pid(parent);
}

Result<std::string> task_comm(const Object& task) {
  return task["comm"].to_string();
}

// thread_info.cpu, except from 4.9 (task_struct.cpu, commit c65eacbe290b) to
// 5.16 (back in thread_info, commit bcf9033e5449), and the other way round for
// architectures that keep thread_info on the stack.
Result<unsigned> task_cpu(const Kernel& kernel, const Object& task) {
  if (task.has_member("cpu")) {
    return static_cast<unsigned>(TRY(task["cpu"].to_unsigned()));
  }
  Object within = task["thread_info"];
  bool is_within = within.fault() == nullptr && !within.type().is_pointer();
  Object info = is_within
                    ? within
                    : kernel.object("thread_info", TRY(task_thread_info(task)));
  return static_cast<unsigned>(TRY(info["cpu"].to_unsigned()));
}

Result<TaskState> task_state(const Kernel& kernel, const Object& task) {
  // 5.14, commit 2f064a59a11f.
  std::uint64_t running =
      TRY(first_member(task, {"__state", "state"}).to_unsigned());
  std::uint64_t exit = TRY(task["exit_state"].to_unsigned());
  StateBits known = state_bits(kernel, task);
  std::uint64_t bits = running | exit;
  auto is_set = [bits](std::uint64_t bit) { return (bits & bit) != 0; };
  return TaskState{.interruptible = is_set(1),
                   .uninterruptible = is_set(2),
                   .stopped = is_set(4),
                   .traced = is_set(8),
                   .exit_dead = is_set(known.exit_dead),
                   .zombie = is_set(known.zombie),
                   .dead = is_set(known.dead),
                   .parked = is_set(known.parked),
                   .wake_kill = is_set(known.wake_kill),
                   .waking = is_set(known.waking),
                   .no_load = is_set(0x400),
                   .is_new = is_set(0x800),
                   .rtlock_wait = is_set(0x1000),
                   .frozen = is_set(0x8000),
                   .bits = bits};
}

Result<Address> task_mm(const Object& task) {
  return task["mm"].to_address();
}

Result<Address> task_thread_info(const Object& task) {
  Object within = task["thread_info"];
  bool is_within = within.fault() == nullptr && !within.type().is_pointer();
  if (is_within) return within.address();
  return first_member(task, {"stack", "thread_info"}).to_address();
}

Result<Address> task_stack(const Object& task) {
  return first_member(task, {"stack", "thread_info"}).to_address();
}

std::uint64_t stack_size(const Kernel& kernel) {
  constexpr std::uint64_t usual = 16384;
  auto stack = kernel.types().parse("union thread_union");
  return stack && (*stack)->size() != 0 ? (*stack)->size() : usual;
}

bool is_active(const Kernel& kernel, const Object& task) {
  if (auto table = kernel.made_task_table()) {
    return table->is_current(task.address());
  }
  auto cpu = task_cpu(kernel, task);
  if (!cpu) return false;
  auto current = current_task(kernel, *cpu);
  return current && current->address() == task.address();
}

bool is_kernel_thread(const Object& task) {
  auto flags = task["flags"].to_unsigned();
  auto pid = task_pid(task);
  if (pid && *pid == 0) return true;
  return flags && (*flags & pf_kthread) != 0;
}

Task task_record(const Kernel& kernel, const Object& task) {
  return {.object = task,
          .address = task.address(),
          .pid = task_pid(task),
          .tgid = task_tgid(task),
          .ppid = task_ppid(task),
          .cpu = task_cpu(kernel, task),
          .comm = task_comm(task),
          .state = task_state(kernel, task),
          .mm = task_mm(task),
          .thread_info = task_thread_info(task),
          .stack = task_stack(task),
          .is_active = is_active(kernel, task)};
}

Result<Object> current_task(const Kernel& kernel, unsigned cpu) {
  if (auto taken = kernel.taken_as_current(cpu)) {
    return kernel.object("task_struct", *taken);
  }
  return pointed(kernel.per_cpu("runqueues", "struct rq", cpu)["curr"],
                 "no task");
}

Result<Object> idle_task(const Kernel& kernel, unsigned cpu) {
  return pointed(kernel.per_cpu("runqueues", "struct rq", cpu)["idle"],
                 "no task");
}

std::vector<unsigned> scheduled_cpus(const Kernel& kernel) {
  auto present = kernel.cpus("__cpu_present_mask");
  return present && !present->empty() ? *present : kernel.possible_cpus();
}

Result<unsigned> panic_cpu(const Kernel& kernel) {
  constexpr std::uint64_t most_cpus = 1 << 16;
  auto cpu_in = [&](std::string_view name) -> Result<unsigned> {
    Address at = TRY(kernel.symbol(name));
    std::uint32_t cpu = TRY(kernel.memory().u32(at));
    if (cpu < most_cpus) return cpu;
    return Error(ErrorKind::not_found, fmt::format("{} is unset", name));
  };
  auto cpu = cpu_in("panic_cpu");
  if (cpu) return cpu;
  auto crashing = cpu_in("crashing_cpu");
  if (crashing) return crashing;
  for (const auto* unknown : {&cpu, &crashing})
    if (is_lost(unknown->error())) return *unknown;
  return Error(ErrorKind::not_found,
               "the kernel did not panic: neither panic_cpu nor crashing_cpu "
               "is set");
}

Result<Object> panic_task(const Kernel& kernel) {
  unsigned cpu = TRY(panic_cpu(kernel));
  return current_task(kernel, cpu);
}

Result<std::uint64_t> task_last_run(const Object& task) {
  return first_member(task, {"sched_info.last_arrival", "timestamp"})
      .to_unsigned();
}

Result<std::uint64_t> run_queue_clock(const Kernel& kernel, unsigned cpu) {
  Object queue = kernel.per_cpu("runqueues", "struct rq", cpu);
  return first_member(queue, {"clock", "most_recent_timestamp"}).to_unsigned();
}

}  // namespace inquest
