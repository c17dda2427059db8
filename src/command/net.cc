// SPDX-License-Identifier: GPL-3.0-or-later
// net: network devices, neighbours and sockets.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "command/socket_row.h"
#include "command/values.h"
#include "kernel/files.h"
#include "kernel/network.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "network devices, neighbours and sockets",
    .synopsis =
        "[-a | -A] [-n [pid | task] ...] [-N address] |\n"
        "      [-s | -S | -q] [-x | -d] [-R reference] [pid | task] ...",
    .description =
        "Lists the network devices of the first namespace with their IPv4 and\n"
        "IPv6 addresses, or the sockets that tasks have open.",
    .options =
        {
            {"-n [pid | task] ...",
             "the devices of the namespace in which a task lives"},
            {"-a", "the ARP cache: the neighbours' IPv4 addresses"},
            {"-A", "the same, and the IPv6 addresses"},
            {"-N address",
             "the IPv4 address that a number is, or the IPv6 address of 32 "
             "hexadecimal digits"},
            {"-s [pid | task] ...",
             "the open sockets: struct socket, struct sock, family and type, "
             "and for IP both ends"},
            {"-q [pid | task] ...",
             "the same with the state and the receive and send queues in "
             "bytes, and the names of other sockets; of one that listens, the "
             "connections that nobody has accepted"},
            {"-S [pid | task] ...", "the structures of each socket"},
            {"-R reference",
             "with -s, -q and -S: only what has this file descriptor or "
             "address of a socket or sock"},
            {"-x", "with -S: integers in hexadecimal"},
            {"-d", "with -S: integers in decimal"},
        },
    .examples =
        {
            {"Which network devices are there?", "net"},
            {"Who are the neighbours?", "net -A"},
            {"Which address is that?", "net -N 1041236234"},
            {"Which sockets has process 1?", "net -s 1"},
            {"How much waits in the sockets of all?", "foreach net -q"},
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

// What -R looks for.
struct Reference {
  std::optional<std::uint64_t> descriptor, address;

  bool is_to(const OpenSocket& socket) const {
    if (descriptor && *descriptor == socket.descriptor) return true;
    if (!address || *address == 0) return false;
    return socket.state.socket.value == *address ||
           socket.state.sock.value_or({}).value == *address;
  }
};

Result<Reference> reference_of(std::string_view text) {
  Reference found{.descriptor = parse_decimal(text),
                  .address = parse_hex(text)};
  if (found.address) return found;
  return Error(ErrorKind::not_found,
               fmt::format("not a descriptor or address: {}", text));
}

// The struct socket of a struct file; nothing: it is something else.
Result<std::optional<Object>> socket_of_file(const Kernel& kernel,
                                             const Object& file) {
  Object inode = file_inode(file);
  std::optional<Object> found;
  if (TRY(inode.to_address()).value == 0) return found;
  if (TRY(file_kind(inode)) == "SOCK") {
    found = TRY(socket_of_inode(kernel, inode));
  }
  return found;
}

// The sockets among a task's open files; what hides some is |broken|.
std::vector<OpenSocket> open_sockets(const Kernel& kernel, const Object& task,
                                     const std::optional<Reference>& reference,
                                     std::optional<Error>& broken) {
  std::vector<OpenSocket> found;
  for (const OpenFile& open : open_files(kernel, task)) {
    if (open.file.fault() != nullptr) {
      broken = *open.file.fault();
      continue;
    }
    auto socket = socket_of_file(kernel, open.file);
    if (!socket) {
      broken = socket.error();
    } else if (*socket) {
      OpenSocket row{.descriptor = open.descriptor,
                     .state = socket_state(kernel, **socket)};
      if (!reference || reference->is_to(row)) found.push_back(std::move(row));
    }
  }
  return found;
}

SocketDumpRow dump_row(const Session& session, const OpenSocket& socket,
                       const ValueStyle& style) {
  const Kernel& kernel = session.kernel;
  SocketDumpRow row{.socket = socket,
                    .socket_value = whole_instance(
                        kernel.object("socket", socket.state.socket), style),
                    .sock_value = std::nullopt};
  if (!socket.state.sock) {
    row.sock_value = socket.state.sock.error();
  } else if (socket.state.sock->value != 0) {
    row.sock_value =
        whole_instance(kernel.object("inet_sock", *socket.state.sock), style);
  }
  return row;
}

Result<void> show_sockets(const Session& session, const Options& options,
                          report::Sink& out) {
  std::optional<Reference> reference;
  if (auto text = options.argument('R')) reference = TRY(reference_of(*text));
  ValueStyle style = value_style(session, options.radix());
  auto show = [&](const Object& task, report::Sink& sink) -> Result<void> {
    std::optional<Error> broken;
    SocketsRow row{
        .header = task_header(session.kernel, task),
        .sockets = open_sockets(session.kernel, task, reference, broken),
        .has_queues = options.has('q')};
    if (reference && row.sockets.empty()) return {};
    if (options.has('S') && !row.sockets.empty()) {
      emit(sink, row.header);
      for (const OpenSocket& socket : row.sockets)
        emit(sink, dump_row(session, socket, style));
    } else {
      emit(sink, row);
    }
    if (broken) return *broken;
    return {};
  };
  return for_tasks(session, "net", options.words(), out, show);
}

// What the words ask for: one thing, and the neighbours before it.
Result<void> check(const Options& options) {
  auto wants = [&](std::string_view letters) {
    return static_cast<int>(std::ranges::count_if(
        letters, [&](char letter) { return options.has(letter); }));
  };
  bool has_sockets = wants("sSq") != 0;
  if (wants("nN") + (has_sockets ? 1 : 0) > 1) {
    return Error(ErrorKind::usage, "one of -n, -N, -s, -S and -q at a time");
  }
  if (!has_sockets && options.has('R')) {
    return Error(ErrorKind::usage, "-R goes with -s, -q or -S");
  }
  bool has_tasks = has_sockets || options.has('n');
  if (!has_tasks && !options.words().empty()) {
    return Error(ErrorKind::usage, "");
  }
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "aAnN:sSqR:xd"));
  const Kernel& kernel = session.kernel;
  TRY(check(options));
  bool has_neighbours = options.has('a') || options.has('A');
  if (has_neighbours) TRY(show_neighbours(kernel, options.has('A'), out));
  if (options.has('n')) {
    return for_tasks(session, "net", options.words(), out,
                     [&](const Object& task, report::Sink& sink) {
                       auto network = task_network(task);
                       if (!network) return Result<void>(network.error());
                       return show_devices(kernel, *network, sink);
                     });
  }
  if (auto word = options.argument('N')) return translate(kernel, *word, out);
  if (options.has('s') || options.has('S') || options.has('q')) {
    return show_sockets(session, options, out);
  }
  if (has_neighbours) return {};
  return show_devices(kernel, first_network(kernel), out);
}

}  // namespace

extern const Command net_command;
const Command net_command = {"net", &help, run};

}  // namespace inquest
