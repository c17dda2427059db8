// SPDX-License-Identifier: GPL-3.0-or-later
// The PCI buses and what is on them.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// A bus; each field stands or falls by itself.
struct PciBus {
  Object object;  // struct pci_bus, or why the walk ended early
  Result<Address> parent = Address{0};  // 0: a root bus
  Result<std::string> name = std::string();
};
// All buses: a root bus, then those behind its bridges, as they were found.
Generator<PciBus> pci_buses(const Kernel& kernel);

struct PciDevice {
  Address address;                                   // struct pci_dev
  Result<std::string> name;                          // "0000:00:1f.2"
  Result<std::uint64_t> class_code, vendor, device;  // class: 24 bits
  Result<std::uint64_t> express_flags;  // of its PCI Express capability; or 0
  Result<std::uint64_t> header_type;    // 1 and 2: bridges
};
// The struct pci_dev of each device of |bus|; the last item may be a fault.
Generator<Object> pci_devices(const Kernel& kernel, const Object& bus);
PciDevice pci_device(const Object& device);

// "ENDPOINT", "ROOT_PORT", ...; "" for what has no name.
std::string_view pci_port_name(std::uint64_t express_flags);

}  // namespace inquest
