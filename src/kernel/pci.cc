// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/pci.h"

#include <array>

#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

// There are 256 buses in each domain.
constexpr std::size_t most_buses = 1 << 16;

// driver core: kobject_name() of a struct device.
Result<std::string> device_name(const Object& device) {
  return device["kobj"]["name"].to_string();
}

PciBus bus_record(const Object& bus) {
  return {.object = bus,
          .parent = bus["parent"].to_address(),
          .name = device_name(bus["dev"])};
}

// The buses of a list come before those that wait already.
void put_first(std::vector<Object>& waiting, const Object& list,
               const Result<const Type*>& type) {
  std::vector<Object> found;
  for (const Object& bus : list_entries(list, type, "node"))
    found.push_back(bus);
  waiting.insert(waiting.end(), found.rbegin(), found.rend());
}

}  // namespace

Generator<PciBus> pci_buses(const Kernel& kernel) {
  auto type = kernel.structure("pci_bus");
  std::vector<Object> waiting;  // the next one last
  put_first(waiting, kernel.variable("pci_root_buses", "struct list_head"),
            type);
  for (std::size_t i = 0; !waiting.empty() && !interrupted(); ++i) {
    PciBus next = bus_record(waiting.back());
    waiting.pop_back();
    if (i >= most_buses) {
      next.object = Error(ErrorKind::corrupt, "the tree of PCI buses loops");
    }
    co_yield next;
    if (i >= most_buses) co_return;
    if (next.object.fault() != nullptr) continue;
    put_first(waiting, next.object["children"], type);
  }
}

Generator<Object> pci_devices(const Kernel& kernel, const Object& bus) {
  return list_entries(bus["devices"], kernel.structure("pci_dev"), "bus_list");
}

PciDevice pci_device(const Object& device) {
  return {.address = device.address(),
          .name = device_name(device["dev"]),
          .class_code = device["class"].to_unsigned(),
          .vendor = device["vendor"].to_unsigned(),
          .device = device["device"].to_unsigned(),
          .express_flags = device["pcie_flags_reg"].to_unsigned(),
          .header_type = device["hdr_type"].to_unsigned()};
}

// PCI Express capabilities register, device/port type.
std::string_view pci_port_name(std::uint64_t express_flags) {
  static constexpr std::array<std::string_view, 16> names = {"ENDPOINT",
                                                             "LEG_END",
                                                             "",
                                                             "",
                                                             "ROOT_PORT",
                                                             "UPSTREAM",
                                                             "DOWNSTREAM",
                                                             "PCI_BRIDGE",
                                                             "PCIE_BRIDGE",
                                                             "RC_END",
                                                             "RC_EC",
                                                             "",
                                                             "",
                                                             "",
                                                             "",
                                                             ""};
  return names.at(express_flags >> 4 & 15);
}

}  // namespace inquest
