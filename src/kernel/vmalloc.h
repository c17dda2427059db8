// SPDX-License-Identifier: GPL-3.0-or-later
// Areas of the kernel's address space that page tables map: vmalloc() and the
// like, modules, stacks.

#pragma once

#include <optional>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A struct vmap_area in use, with its struct vm_struct; each field of that
// stands or falls by itself.
struct VmallocArea {
  Address at;
  Address start, end;  // with the page behind it that nothing is mapped to
  Address details;     // the vm_struct; 0: vm_map_ram() needs none
  Result<std::uint64_t> flags = std::uint64_t{0};
  Result<std::uint64_t> pages = std::uint64_t{0};  // 0 for other memory
  Result<Address> physical = Address{};            // what ioremap() maps
  Result<Address> caller = Address{};              // the code that asked for it

  bool contains(Address address) const {
    return address >= start && address < end;
  }
};

struct VmallocAreas {
  std::vector<VmallocArea> found;  // ascending
  std::vector<Error> faults;       // what hides others
};
Result<VmallocAreas> vmalloc_areas(const Kernel& kernel);

// The area around |at|.
std::optional<VmallocArea> vmalloc_area(const Kernel& kernel, Address at);

}  // namespace inquest
