// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/sleep_time.h"

#include <algorithm>

#include "kernel/run_queues.h"
#include "kernel/task.h"

namespace inquest {

SleepMeter::SleepMeter(const Kernel& kernel) : kernel_(kernel) {
  constexpr unsigned most_cpus = 1 << 16;
  for (unsigned cpu : scheduled_cpus(kernel)) {
    if (cpu >= most_cpus) break;
    auto clock = run_queue_clock(kernel, cpu);
    auto of_tasks = run_queue(kernel, cpu)["clock_task"].to_unsigned();
    if (!clock) continue;
    now_ = std::max(now_, *clock);
    behind_.resize(std::max<std::size_t>(behind_.size(), cpu + 1));
    if (of_tasks && *of_tasks < *clock) behind_[cpu] = *clock - *of_tasks;
  }
}

// sched_entity.exec_start is brought up to date when the task is taken from its
// CPU, in rq.clock_task, of every scheduling class.
Result<std::uint64_t> SleepMeter::slept(const Object& task) const {
  std::uint64_t since = 0;
  if (task.has_member("se.exec_start")) {
    since = TRY(task["se"]["exec_start"].to_unsigned());
    unsigned cpu = TRY(task_cpu(kernel_, task));
    if (cpu < behind_.size()) since += behind_[cpu];
  } else {
    since = TRY(task_last_run(task));
  }
  return now_ > since ? now_ - since : 0;
}

}  // namespace inquest
