// SPDX-License-Identifier: GPL-3.0-or-later
// Messages that never reached their reader: audit records no daemon fetched,
// and what printk wrote while it could not take its lock.

#pragma once

#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct AuditRecord {
  unsigned type = 0;  // AUDIT_*
  std::string text;
};

// Of all queues, with why some are missing; |not_found| when this kernel has no
// audit.
Result<std::vector<Result<AuditRecord>>> audit_records(const Kernel& kernel);

// A per-CPU buffer of printk's safe or NMI context (4.10 to 5.14).
struct SafeBuffer {
  std::string name;  // of the per-CPU variable
  unsigned cpu = 0;
  Address address;
  std::uint64_t length = 0;  // as the buffer has it
  std::uint64_t lost = 0;    // messages that found no room
  std::string text;
};

// The buffers of all CPUs; |unsupported| where the kernel has none.
Result<std::vector<Result<SafeBuffer>>> safe_buffers(const Kernel& kernel);

}  // namespace inquest
