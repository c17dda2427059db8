// SPDX-License-Identifier: GPL-3.0-or-later
// What sys shows, and a session begins with.

#pragma once

#include <string>

#include "dump/dump.h"
#include "kernel/kernel.h"
#include "report/report.h"

namespace inquest {

struct SystemRow {
  std::string kernel, dump;
  bool is_tainted = false, is_livepatched = false;
  bool is_partial = false, is_incomplete = false;
  std::size_t cpus = 0, offline = 0;
  Result<std::string> date = std::string();
  Result<std::string> uptime = std::string();
  Result<std::string> load = std::string();
  std::uint64_t tasks = 0;
  Result<UtsName> uts = UtsName();
  Result<std::uint64_t> megahertz = std::uint64_t{0};
  Result<std::string> memory = std::string();
  std::string panic;
  bool is_live = false;  // and has no panic
};

SystemRow system_row(const Kernel& kernel);
report::Record to_record(const SystemRow& row);
std::string to_text(const SystemRow& row);

}  // namespace inquest
