// SPDX-License-Identifier: GPL-3.0-or-later
// Where the CPUs have their per-CPU variables.

#pragma once

#include <optional>
#include <string>

#include "kernel/kernel.h"

namespace inquest {

// An address in the first area of a CPU.
struct PerCpuPlace {
  unsigned cpu = 0;
  Address start;             // of the area
  std::uint64_t offset = 0;  // in it
  // The variable there; "" in what is given out at run time.
  std::string symbol = {};
  std::uint64_t symbol_offset = 0;
};
std::optional<PerCpuPlace> per_cpu_place(const Kernel& kernel, Address at);

}  // namespace inquest
