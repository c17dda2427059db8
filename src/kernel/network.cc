// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/network.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/interrupt.h"
#include "kernel/driver_types.h"
#include "kernel/list.h"

namespace inquest {
namespace {

// A device may have many; no table of the kernel is that large.
constexpr std::size_t most_addresses = 1 << 16;
constexpr std::uint64_t longest_hardware_address = 32;
constexpr std::uint64_t largest_hash_shift = 24;

Result<std::vector<std::uint8_t>> raw_bytes(const AddressSpace& space,
                                            Address at, std::uint64_t size) {
  auto raw = TRY(space.bytes(at, std::min(size, longest_hardware_address)));
  std::vector<std::uint8_t> bytes;
  bytes.reserve(raw.size());
  for (std::byte byte : raw)
    bytes.push_back(std::to_integer<std::uint8_t>(byte));
  return bytes;
}

Result<std::string> own_hardware_address(const Object& device) {
  Address at = TRY(device["dev_addr"].to_address());
  std::uint64_t size = TRY(device["addr_len"].to_unsigned());
  if (at.value == 0 || size == 0) return std::string();
  auto bytes = TRY(raw_bytes(device.space(), at, size));
  return fmt::format("{:02x}", fmt::join(bytes, ":"));
}

// The local address: ifa_address is the other end's of a point-to-point link.
Result<void> take_v4(const Object& device,
                     std::vector<DeviceAddress>& addresses) {
  Object own = device["ip_ptr"];
  if (TRY(own.to_address()).value == 0) return {};
  Object link = own["ifa_list"];
  CycleCheck check;
  while (!interrupted()) {
    Address at = TRY(link.to_address());
    if (at.value == 0) return {};
    if (check.is_repeated(at.value) || addresses.size() >= most_addresses) {
      return Error(ErrorKind::corrupt, "the addresses loop", at.value);
    }
    addresses.push_back({.address = TRY(ip_address(link["ifa_local"])),
                         .prefix = link["ifa_prefixlen"].to_unsigned()});
    link = link["ifa_next"];
  }
  return {};
}

Result<void> take_v6(const Kernel& kernel, const Object& device,
                     std::vector<DeviceAddress>& addresses) {
  Address at = TRY(device["ip6_ptr"].to_address());
  if (at.value == 0) return {};
  DriverTypes types(kernel, "ipv6");
  Object own = types.object("inet6_dev", at);
  for (const Object& entry : list_entries(
           own["addr_list"], kernel.structure("inet6_ifaddr"), "if_list")) {
    if (entry.fault() != nullptr) return *entry.fault();
    if (addresses.size() >= most_addresses) break;
    addresses.push_back({.address = TRY(ip_address(entry["addr"])),
                         .prefix = entry["prefix_len"].to_unsigned()});
  }
  return {};
}

Result<Object> neighbour_table(const Kernel& kernel, bool is_v6) {
  Address at = TRY(kernel.symbol(is_v6 ? "nd_tbl" : "arp_tbl"));
  return kernel.object("neigh_table", at);
}

Neighbour neighbour_record(const Object& entry, bool is_v6) {
  Object device = entry["dev"];
  Neighbour found{
      .address = entry.address(),
      .ip = ip_address_at(entry.space(), entry["primary_key"].address(), is_v6),
      .hardware_kind = device["type"].to_unsigned(),
      .hardware_address = std::vector<std::uint8_t>(),
      .device = device["name"].to_string(),
      .state = entry["nud_state"].to_unsigned()};
  auto size = device["addr_len"].to_unsigned();
  if (size) {
    found.hardware_address =
        raw_bytes(entry.space(), entry["ha"].address(), *size);
  } else {
    found.hardware_address = size.error();
  }
  return found;
}

// The entries of a bucket: linked by "next"; since 6.13 a hlist (commit
// 41b3caa7c076).
Generator<Object> bucket_entries(const Kernel& kernel, Object hash,
                                 std::uint64_t bucket) {
  if (hash.has_member("hash_heads")) {
    for (const Object& entry :
         hlist_entries(hash["hash_heads"].at(bucket),
                       kernel.structure("neighbour"), "hash")) {
      co_yield entry;
    }
    co_return;
  }
  Object link = hash["hash_buckets"].at(bucket);
  CycleCheck check;
  while (!interrupted()) {
    auto at = link.to_address();
    if (at && at->value == 0) co_return;
    Object entry = at ? link.dereference() : Object(at.error());
    if (at && check.is_repeated(at->value)) {
      entry = Error(ErrorKind::corrupt, "the chain loops", at->value);
    }
    link = entry["next"];
    co_yield entry;
    if (entry.fault() != nullptr) co_return;
  }
}

}  // namespace

Object first_network(const Kernel& kernel) {
  return kernel.variable("init_net", "struct net");
}

Result<Object> task_network(const Object& task) {
  Object proxy =
      TRY(pointed(task["nsproxy"], "the task has no network namespace"));
  return proxy["net_ns"].dereference();
}

NetworkDevice network_device(const Kernel& kernel, const Object& device) {
  NetworkDevice found{.address = device.address(),
                      .name = device["name"].to_string(),
                      .index = device["ifindex"].to_unsigned(),
                      .mtu = device["mtu"].to_unsigned(),
                      .flags = device["flags"].to_unsigned(),
                      .hardware_address = own_hardware_address(device),
                      .addresses = {},
                      .fault = std::nullopt};
  auto v4 = take_v4(device, found.addresses);
  auto v6 = take_v6(kernel, device, found.addresses);
  if (!v6) found.fault = v6.error();
  if (!v4) found.fault = v4.error();
  return found;
}

Generator<Object> network_devices(const Kernel& kernel, const Object& network) {
  return list_entries(network["dev_base_head"], kernel.structure("net_device"),
                      "dev_list");
}

std::string neighbour_state_text(std::uint64_t state) {
  static constexpr std::array<std::pair<std::uint64_t, std::string_view>, 8>
      names = {{{0x01, "INCOMPLETE"},
                {0x02, "REACHABLE"},
                {0x04, "STALE"},
                {0x08, "DELAY"},
                {0x10, "PROBE"},
                {0x20, "FAILED"},
                {0x40, "NOARP"},
                {0x80, "PERMANENT"}}};
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((state & bit) == 0) continue;
    if (!text.empty()) text += '|';
    text += name;
  }
  return text;
}

Result<Neighbours> neighbours(const Kernel& kernel, bool is_v6) {
  Object hash = TRY(neighbour_table(kernel, is_v6))["nht"];
  std::uint64_t shift = TRY(hash["hash_shift"].to_unsigned());
  if (shift > largest_hash_shift) {
    return Error(ErrorKind::corrupt,
                 fmt::format("neigh_hash_table.hash_shift is {}", shift));
  }
  Neighbours all;
  std::uint64_t buckets = std::uint64_t{1} << shift;
  for (std::uint64_t i = 0; i < buckets && !interrupted(); ++i) {
    for (const Object& entry : bucket_entries(kernel, hash, i)) {
      if (entry.fault() != nullptr) {
        all.faults.push_back(
            Error(*entry.fault()).while_doing(fmt::format("bucket {}", i)));
      } else {
        all.found.push_back(neighbour_record(entry, is_v6));
      }
    }
  }
  return all;
}

}  // namespace inquest
