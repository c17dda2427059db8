// SPDX-License-Identifier: GPL-3.0-or-later
// Network devices, their addresses, and what they know of their neighbours.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/generator.h"
#include "kernel/ip_address.h"
#include "kernel/kernel.h"

namespace inquest {

// The first struct net, and the one that |task| lives in: |not_found| for a
// task that has given it up.
Object first_network(const Kernel& kernel);
Result<Object> task_network(const Object& task);

// An address of a device with the length of its network's prefix.
struct DeviceAddress {
  IpAddress address;
  Result<std::uint64_t> prefix;
};

// A struct net_device; each field stands or falls by itself.
struct NetworkDevice {
  Address address;
  Result<std::string> name;
  Result<std::uint64_t> index, mtu, flags;
  Result<std::string> hardware_address;  // "52:54:00:12:34:56"
  std::vector<DeviceAddress> addresses;  // IPv4 ones first
  std::optional<Error> fault;            // why there may be more addresses
};
NetworkDevice network_device(const Kernel& kernel, const Object& device);

// The struct net_device of each device of a struct net, in the order of their
// making; the last item may be a fault.
Generator<Object> network_devices(const Kernel& kernel, const Object& network);

// What is known of a machine next to this one.
struct Neighbour {
  Address address;  // struct neighbour
  Result<IpAddress> ip;
  Result<std::uint64_t> hardware_kind;  // ARPHRD_ETHER, ...
  Result<std::vector<std::uint8_t>> hardware_address;
  Result<std::string> device;
  Result<std::uint64_t> state;  // NUD_ bits
};
// "STALE", "NOARP|PERMANENT"; bits without a name are left out.
std::string neighbour_state_text(std::uint64_t state);

struct Neighbours {
  std::vector<Neighbour> found;  // of all namespaces
  std::vector<Error> faults;
};
// The tables of ARP (IPv4) and of neighbour discovery (IPv6), in the order of
// their hash buckets. |not_found| where the kernel has no such table.
Result<Neighbours> neighbours(const Kernel& kernel, bool is_v6);

}  // namespace inquest
