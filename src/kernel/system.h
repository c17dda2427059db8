// SPDX-License-Identifier: GPL-3.0-or-later
// The machine as a whole: its names, load, memory, taints and last words.

#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// new_utsname of the first UTS namespace.
Result<UtsName> uts_name(const Kernel& kernel);
// Load over 1, 5 and 15 minutes in hundredths.
Result<std::array<std::uint64_t, 3>> load_averages(const Kernel& kernel);
// Memory that the nodes have, in bytes; holes not counted.
Result<std::uint64_t> memory_size(const Kernel& kernel);
// "1 GB", "15.9 GB", "512 MB".
std::string size_text(std::uint64_t bytes);
// Clock rate of the CPUs in MHz.
Result<std::uint64_t> cpu_megahertz(const Kernel& kernel);

// The mask of /proc/sys/kernel/tainted.
Result<std::uint64_t> taint_mask(const Kernel& kernel);
// A letter for each bit set, of the kernel's own table.
std::string taint_letters(const Kernel& kernel, std::uint64_t mask);
bool is_livepatched(const Kernel& kernel);

// The line of the log that says best why the kernel died; "" when none does.
std::string panic_message(const Kernel& kernel);

// Names and strings of the machine's firmware ("DMI_SYS_VENDOR", "QEMU").
Result<std::vector<std::pair<std::string, std::string>>> dmi_strings(
    const Kernel& kernel);
// The kernel's .config (CONFIG_IKCONFIG).
Result<std::string> kernel_config(const Kernel& kernel);

// The functions of the system call table, by number.
Result<std::vector<Address>> system_calls(const Kernel& kernel);

}  // namespace inquest
