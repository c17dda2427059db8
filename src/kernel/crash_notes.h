// SPDX-License-Identifier: GPL-3.0-or-later
// The registers that a dump holds of a CPU.

#pragma once

#include <optional>

#include "kernel/kernel.h"
#include "unwind/unwind.h"

namespace inquest {

struct CpuRegisters {
  std::optional<Registers> registers;  // absent: the dump has none
  // The CPU's state when the dump was made (a virtual machine's dump), and not
  // what kdump's stop request interrupted.
  bool is_exact = false;
};

// From the notes of a virtual machine's dump, where note i is CPU i's; from
// the kernel's own crash_notes; from the dump's notes, where kdump's note i
// belongs to the i-th online CPU.
CpuRegisters cpu_registers(const Kernel& kernel, unsigned cpu);

}  // namespace inquest
