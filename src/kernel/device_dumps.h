// SPDX-License-Identifier: GPL-3.0-or-later
// What drivers added to the dump when the kernel crashed (NT_VMCOREDD notes).

#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct DeviceDump {
  std::string name;  // "cxgb4_0000:02:00.4"
  FileOffset at;     // of the data in the dump file
  Bytes data;        // the dump's own: as long as it is open
};
// In the order of the notes; one that is too short for its name is left out.
std::vector<DeviceDump> device_dumps(const DumpInfo& dump);

}  // namespace inquest
