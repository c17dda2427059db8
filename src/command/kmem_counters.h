// SPDX-License-Identifier: GPL-3.0-or-later
// Counters as kmem -V and -z show them.

#pragma once

#include <string>
#include <vector>

#include "kernel/vm_counters.h"
#include "report/report.h"

namespace inquest {

// "NR_FREE_PAGES": 3808 for each.
report::Record to_record(const std::vector<VmCounter>& counters);
// The longest name.
std::size_t name_width(const std::vector<VmCounter>& counters);
// Lines of "NAME: value", the names ending at |width|.
std::string counter_lines(const std::vector<VmCounter>& counters,
                          std::size_t width);

}  // namespace inquest
