// SPDX-License-Identifier: GPL-3.0-or-later
// What time the kernel had when it stopped.

#pragma once

#include <cstdint>
#include <string>

#include "kernel/kernel.h"

namespace inquest {

// Seconds since 1970 on the wall clock, from the timekeeper.
Result<std::int64_t> wall_clock(const Kernel& kernel);
// Seconds since boot, suspended time included.
Result<std::int64_t> uptime(const Kernel& kernel);
// When the kernel's log clock stood at 0, in seconds since 1970.
Result<std::int64_t> boot_time(const Kernel& kernel);

// "Sun Nov 22 14:51:56 UTC 2026", in the zone of whoever looks.
std::string date_text(std::int64_t seconds);
// "00:01:13", "3 days, 00:01:13".
std::string duration_text(std::int64_t seconds);

}  // namespace inquest
