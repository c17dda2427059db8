// SPDX-License-Identifier: GPL-3.0-or-later
// Who has which I/O ports and which physical addresses.

#pragma once

#include <string>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

struct IoResource {
  Object object;       // struct resource, or why the walk ended early
  unsigned depth = 0;  // how many it is inside of
};
// The trees ioport_resource and iomem_resource, each with its root, a resource
// before those inside of it; the last item may be a fault.
Generator<IoResource> io_resources(const Kernel& kernel, std::string root);

}  // namespace inquest
