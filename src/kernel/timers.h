// SPDX-License-Identifier: GPL-3.0-or-later
// Timers: those of the wheel, which count jiffies, and high-resolution ones,
// which count nanoseconds of one of several clocks.

#pragma once

#include <string>
#include <vector>

#include "kernel/faults.h"
#include "kernel/kernel.h"

namespace inquest {

// The kernel's count of ticks.
Result<std::uint64_t> jiffies(const Kernel& kernel);
// Ticks per second. Source: the clock source that counts them.
Result<std::uint64_t> tick_rate(const Kernel& kernel);

struct WheelTimer {
  Address at;  // struct timer_list
  std::uint64_t expires = 0;
  Address function;
};
// A timer wheel of a CPU.
struct WheelBase {
  Address at;        // struct timer_base
  std::string name;  // "BASE_STD", "BASE_DEF", "BASE_LOCAL", ...
  std::vector<WheelTimer> timers = {};  // by expiry
  Faults faults = {};                   // why some may be missing
};
// |unsupported| before 4.8, which had other wheels.
Result<std::vector<WheelBase>> timer_wheels(const Kernel& kernel, unsigned cpu);

struct Hrtimer {
  Address at;  // struct hrtimer
  Result<std::int64_t> soft_expires, expires;
  Result<Address> function;
};
// A clock of a CPU that timers wait for.
struct HrtimerClock {
  Address at;                        // struct hrtimer_clock_base
  std::string clock;                 // what reads it: "ktime_get"
  Result<std::int64_t> now;          // at the last tick that was counted
  std::vector<Hrtimer> timers = {};  // by expiry
  Faults faults = {};                // why some may be missing
};
struct HrtimerCpu {
  Address at;  // struct hrtimer_cpu_base
  std::vector<HrtimerClock> clocks;
};
Result<HrtimerCpu> hrtimers(const Kernel& kernel, unsigned cpu);

}  // namespace inquest
