// SPDX-License-Identifier: GPL-3.0-or-later
// Disks: what was read and written, and what is still on its way.

#pragma once

#include <string>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// The struct gendisk of each disk, in the order of their registration; the
// last item may be a fault.
Generator<Object> disks(const Kernel& kernel);

struct RequestCounts {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
};

// Each field stands or falls by itself.
struct DiskState {
  Address gendisk;
  Result<std::uint64_t> major;
  Result<std::string> name;
  Result<Address> queue;  // struct request_queue
  // Handed to the driver and not answered yet: from the tags of a queue of
  // blk-mq, else as the statistics have it.
  Result<RequestCounts> in_progress;
  Result<RequestCounts> completed;  // since the disk is there
};
DiskState disk_state(const Kernel& kernel, const Object& disk);

}  // namespace inquest
