// SPDX-License-Identifier: GPL-3.0-or-later
// CPUs as users name them: "1,3-5", "a" for all.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// The CPUs of |text|, ascending and each once. |usage| when it is no list,
// |not_found| when this machine has no such CPU.
Result<std::vector<unsigned>> cpu_list(const Kernel& kernel,
                                       std::string_view text);

// Those, or where there is no |text| all that have a run queue.
Result<std::vector<unsigned>> chosen_cpus(const Kernel& kernel,
                                          std::optional<std::string_view> text);

// The other way round: "0-3,7".
std::string cpu_list_text(std::span<const unsigned> cpus);

}  // namespace inquest
