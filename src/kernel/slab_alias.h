// SPDX-License-Identifier: GPL-3.0-or-later
// Names of slab caches that share one with others.

#pragma once

#include <optional>
#include <string_view>

#include "kernel/kernel.h"

namespace inquest {

// The struct kmem_cache that |name| stands for: SLUB merges caches of like
// objects and keeps only the first one's name; the others are links in
// /sys/kernel/slab, where this looks. Nothing without sysfs.
std::optional<Address> slab_alias(const Kernel& kernel, std::string_view name);

}  // namespace inquest
