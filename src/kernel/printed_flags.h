// SPDX-License-Identifier: GPL-3.0-or-later
// Flags by the names that the kernel prints them with.

#pragma once

#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct PrintedFlags {
  std::vector<std::string> names;  // lower case
  std::uint64_t rest = 0;          // bits without a name
};

// |table|: an array of struct trace_print_flags. |not_found| where there is
// none.
Result<PrintedFlags> printed_flags(const Kernel& kernel, std::string_view table,
                                   std::uint64_t flags);

}  // namespace inquest
