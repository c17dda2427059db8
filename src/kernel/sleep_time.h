// SPDX-License-Identifier: GPL-3.0-or-later
// For how long tasks have not run.

#pragma once

#include <vector>

#include "kernel/kernel.h"

namespace inquest {

class SleepMeter {
 public:
  // Looks at the clocks of all run queues. That of an idle CPU may have
  // stopped: now is what the latest one says.
  explicit SleepMeter(const Kernel& kernel);

  // In ns, since |task| last left its CPU. Times on which a CPU served
  // interrupts are corrected for as far as the CPU is the same.
  Result<std::uint64_t> slept(const Object& task) const;

 private:
  const Kernel& kernel_;
  std::uint64_t now_ = 0;
  // By CPU: how far the clock of tasks is behind that of the run queue.
  std::vector<std::uint64_t> behind_;
};

}  // namespace inquest
