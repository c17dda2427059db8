// SPDX-License-Identifier: GPL-3.0-or-later
// Blocks of memory, which can be taken into use and out of it: those of
// /sys/devices/system/memory.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A struct memory_block; each field stands or falls by itself.
struct MemoryBlock {
  Address at;
  Result<std::string> name;
  Result<std::uint64_t> first_section;
  Result<std::int64_t> node;
  Result<std::string> state;  // "ONLINE", "OFFLINE", "GOING_OFFLINE", ...
};

struct MemoryBlocks {
  std::vector<MemoryBlock> found;
  std::optional<Error> incomplete;
  // How many sections each has.
  Result<std::uint64_t> sections = std::uint64_t{0};
};
// |not_found|: this kernel has none.
Result<MemoryBlocks> memory_blocks(const Kernel& kernel);

}  // namespace inquest
