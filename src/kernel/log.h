// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's log, in each of the forms printk has kept it in.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

struct LogRecord {
  std::optional<std::uint64_t> sequence;
  std::optional<std::uint64_t> nanoseconds;  // on the log's clock
  std::optional<unsigned> level;             // 0 (emergency) to 7 (debug)
  std::optional<unsigned> facility;          // 0: the kernel itself
  // "T1": a thread by pid; "C2": a CPU in interrupt context.
  std::optional<std::string> caller;
  std::string text;                     // raw; may have several lines
  std::vector<std::string> properties;  // "SUBSYSTEM=pci", "DEVICE=+pci:..."
};

// From the oldest to the newest. A record that cannot be read is an error in
// its place; a log that makes no sense as a whole is a single error. Never
// more items than the log has room for.
Generator<Result<LogRecord>> log_records(const Kernel& kernel);

}  // namespace inquest
