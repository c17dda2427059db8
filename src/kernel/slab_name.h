// SPDX-License-Identifier: GPL-3.0-or-later
// The slab cache that an address belongs to.

#pragma once

#include <optional>
#include <string>

#include "kernel/kernel.h"

namespace inquest {

// "kmalloc-256", "task_struct", ... for an address in the direct map whose
// page is a slab's; nothing for any other address. Whether the object there
// is allocated is not looked at.
std::optional<std::string> slab_cache_name(const Kernel& kernel, Address at);

}  // namespace inquest
