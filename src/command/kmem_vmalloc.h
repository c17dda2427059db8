// SPDX-License-Identifier: GPL-3.0-or-later
// vmalloc areas as kmem -v and kmem ADDRESS show them.

#pragma once

#include <string>

#include "kernel/vmalloc.h"
#include "report/report.h"

namespace inquest {

struct VmallocRow {
  VmallocArea area;
  Result<std::string> caller;  // "function+12"; "" unknown
};
VmallocRow vmalloc_row(const Kernel& kernel, const VmallocArea& area);
std::string_view vmalloc_heading();
report::Record to_record(const VmallocRow& row);
std::string to_text(const VmallocRow& row);

}  // namespace inquest
