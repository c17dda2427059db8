// SPDX-License-Identifier: GPL-3.0-or-later
// net: network devices, neighbours and sockets.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "kernel/network.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "network devices, neighbours and sockets",
    .synopsis = "[-a | -A] [-n [pid | task] ...] [-N address]",
    .description =
        "Lists the network devices of the first namespace with their IPv4 and\n"
        "IPv6 addresses.",
    .options =
        {
            {"-n [pid | task] ...",
             "the devices of the namespace in which a task lives"},
            {"-a", "the ARP cache: the neighbours' IPv4 addresses"},
            {"-A", "the same, and the IPv6 addresses"},
            {"-N address",
             "the IPv4 address that a number is, or the IPv6 address of 32 "
             "hexadecimal digits"},
        },
    .examples =
        {
            {"Which network devices are there?", "net"},
            {"Who are the neighbours?", "net -A"},
            {"Which address is that?", "net -N 1041236234"},
        },
};

// ---- What we answer ----

constexpr std::size_t address_width = 16;

struct DeviceRow {
  NetworkDevice device;
};

report::Record to_record(const DeviceRow& row) {
  report::List addresses;
  for (const DeviceAddress& each : row.device.addresses) {
    addresses.emplace_back(report::Record()
                               .with("address", each.address.text())
                               .with("prefix", each.prefix));
  }
  return report::Record()
      .with("net_device", row.device.address)
      .with("name", row.device.name)
      .with("index", row.device.index)
      .with("mtu", row.device.mtu)
      .with("flags", row.device.flags)
      .with("hardware_address", row.device.hardware_address)
      .with("addresses", std::move(addresses));
}

std::string to_text(const DeviceRow& row) {
  std::vector<std::string> addresses;
  for (const DeviceAddress& each : row.device.addresses)
    addresses.push_back(each.address.text());
  if (row.device.fault) {
    addresses.push_back(report::cell_text(*row.device.fault));
  }
  return fmt::format("{:x}  {:<10} {}\n", row.device.address.value,
                     cell(row.device.name), fmt::join(addresses, ", "));
}

struct NeighbourRow {
  Neighbour neighbour;
};

// Only those that crash names: its table ends with the last one.
std::string_view hardware_name(std::uint64_t kind) {
  switch (kind) {
    case 0:
      return "NETROM";
    case 1:
      return "ETHER";
    case 2:
      return "EETHER";
    case 3:
      return "AX25";
    case 4:
      return "PRONET";
    case 5:
      return "CHAOS";
    case 6:
      return "IEEE802";
    case 7:
      return "ARCNET";
    case 8:
      return "APPLETLK";
    case 15:
      return "DLCI";
    case 23:
      return "METRICOM";
    default:
      return "UNKNOWN";
  }
}

std::string hardware_text(const Neighbour& row) {
  if (!row.hardware_address) {
    return report::cell_text(row.hardware_address.error());
  }
  // Only addresses whose look is known have colons.
  bool is_known =
      row.hardware_kind && hardware_name(*row.hardware_kind) != "UNKNOWN";
  return fmt::format("{:02x}",
                     fmt::join(*row.hardware_address, is_known ? ":" : " "));
}

report::Record to_record(const NeighbourRow& row) {
  const Neighbour& at = row.neighbour;
  report::Value ip =
      at.ip ? report::Value(at.ip->text()) : report::Value(at.ip.error());
  report::Value state = at.state
                            ? report::Value(neighbour_state_text(*at.state))
                            : report::Value(at.state.error());
  return report::Record()
      .with("neighbour", at.address)
      .with("ip_address", std::move(ip))
      .with("hardware_type", at.hardware_kind)
      .with("hardware_address", hardware_text(at))
      .with("device", at.device)
      .with("state", std::move(state));
}

std::string to_text(const NeighbourRow& row) {
  const Neighbour& at = row.neighbour;
  std::string ip = at.ip ? at.ip->text() : report::cell_text(at.ip.error());
  std::string kind = at.hardware_kind
                         ? std::string(hardware_name(*at.hardware_kind))
                         : report::cell_text(at.hardware_kind.error());
  std::string state = at.state ? neighbour_state_text(*at.state)
                               : report::cell_text(at.state.error());
  return fmt::format("{:<16x} {:<15} {:<10} {:<18} {:<6}  {}\n",
                     at.address.value, ip, kind, hardware_text(at),
                     cell(at.device), state);
}

struct AddressRow {
  IpAddress address;
};

report::Record to_record(const AddressRow& row) {
  return report::Record().with("address", row.address.text());
}

std::string to_text(const AddressRow& row) {
  return row.address.text() + "\n";
}

// ---- How we find it ----

Result<void> show_devices(const Kernel& kernel, const Object& network,
                          report::Sink& out) {
  if (network.fault() != nullptr) return *network.fault();
  out.layout(fmt::format("{}  {:<10} IP ADDRESS(ES)\n",
                         centred("NET_DEVICE", address_width), "NAME"));
  for (const Object& device : network_devices(kernel, network)) {
    if (interrupted()) break;
    if (device.fault() != nullptr) return *device.fault();
    DeviceRow row{network_device(kernel, device)};
    emit(out, row);
    if (row.device.fault) {
      out.problem(Error(*row.device.fault)
                      .while_doing("net: " + row.device.name.value_or("?")));
    }
  }
  return {};
}

Result<void> show_neighbours(const Kernel& kernel, bool has_v6,
                             report::Sink& out) {
  out.layout(
      "NEIGHBOUR        IP ADDRESS      HW TYPE    HW ADDRESS         DEVICE  "
      "STATE\n");
  for (bool is_v6 : {false, true}) {
    if (is_v6 && !has_v6) break;
    Neighbours all = TRY(neighbours(kernel, is_v6));
    for (Neighbour& each : all.found)
      emit(out, NeighbourRow{std::move(each)});
    for (const Error& fault : all.faults)
      out.problem(Error(fault).while_doing("net: neighbours"));
  }
  return {};
}

Result<void> translate(const Kernel& kernel, std::string_view word,
                       report::Sink& out) {
  auto address = ip_address_of_number(word, kernel.memory().endian());
  if (!address) {
    return Error(ErrorKind::not_found,
                 fmt::format("not a valid number: {}", word));
  }
  emit(out, AddressRow{*address});
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "aAnN:"));
  const Kernel& kernel = session.kernel;
  if (options.has('n')) {
    return for_tasks(session, "net", options.words(), out,
                     [&](const Object& task, report::Sink& sink) {
                       auto network = task_network(task);
                       if (!network) return Result<void>(network.error());
                       return show_devices(kernel, *network, sink);
                     });
  }
  if (!options.words().empty()) return Error(ErrorKind::usage, "");
  if (auto word = options.argument('N')) return translate(kernel, *word, out);
  if (options.has('a') || options.has('A')) {
    return show_neighbours(kernel, options.has('A'), out);
  }
  return show_devices(kernel, first_network(kernel), out);
}

}  // namespace

extern const Command net_command;
const Command net_command = {"net", &help, run};

}  // namespace inquest
