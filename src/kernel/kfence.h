// SPDX-License-Identifier: GPL-3.0-or-later
// KFENCE's objects: a few of all allocations, each in a page of its own, that
// come from no slab although their pages say so.

#pragma once

#include <optional>
#include <string>

#include "kernel/kernel.h"

namespace inquest {

struct KfenceObject {
  Address at;
  std::uint64_t size = 0;
  Result<std::string> cache;  // that was asked for it
  std::string state;          // "allocated", "freed", "unused", or a number
};

// What an address is to KFENCE: nothing where the kernel has none or it lies
// elsewhere.
std::optional<KfenceObject> kfence_object(const Kernel& kernel, Address at);

}  // namespace inquest
