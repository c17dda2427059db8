// SPDX-License-Identifier: GPL-3.0-or-later
// The machine under the kernel: clock ticks, where its memory is mapped, the
// stacks of its CPUs, and the memory map of its firmware.

#pragma once

#include <string>
#include <vector>

#include "kernel/address_ranges.h"
#include "kernel/kernel.h"

namespace inquest {

// HZ.
Result<std::uint64_t> ticks_per_second(const Kernel& kernel);

// "KVM", "VMware", ...; "" on hardware, or where the kernel does not know.
std::string hypervisor(const Kernel& kernel);

// Where each kind of kernel memory begins, ascending. The image only where it
// has addresses of its own.
std::vector<KernelRange> memory_bases(const Kernel& kernel);

// A kind of stack that CPUs have besides those of the tasks.
struct CpuStack {
  unsigned cpu = 0;
  Address base;
  bool is_available = true;  // in the dump at all
};
struct CpuStacks {
  std::string name;  // "IRQ", "DOUBLEFAULT", ...
  std::uint64_t size = 0;
  std::vector<CpuStack> stacks;  // by CPU
};
std::vector<CpuStacks> cpu_stack_kinds(const Kernel& kernel);

// What the firmware said of physical memory. |not_found| names what this
// architecture lacks for that.
struct FirmwareRange {
  PhysAddress start;
  std::uint64_t size = 0;
  std::string type;  // "E820_RAM", ...
};
Result<std::vector<FirmwareRange>> firmware_memory(const Kernel& kernel);

// The structure in which the kernel describes a CPU. |not_found| as above.
Result<Object> cpu_description(const Kernel& kernel, unsigned cpu);

}  // namespace inquest
