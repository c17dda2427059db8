// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/socket_row.h"

#include <array>

#include <fmt/format.h>

#include "command/columns.h"

namespace inquest {
namespace {

constexpr std::size_t address_width = 16;
constexpr std::uint64_t family_netlink = 16;

// Who is spoken to through a netlink socket.
std::string netlink_name(std::uint64_t protocol) {
  static constexpr std::array<std::string_view, 23> names = {
      "ROUTE",          "UNUSED",    "USERSOCK",  "FIREWALL",      "SOCK_DIAG",
      "NFLOG",          "XFRM",      "SELINUX",   "ISCSI",         "AUDIT",
      "FIB_LOOKUP",     "CONNECTOR", "NETFILTER", "IP6_FW",        "DNRTMSG",
      "KOBJECT_UEVENT", "GENERIC",   "",          "SCSITRANSPORT", "ECRYPTFS",
      "RDMA",           "CRYPTO",    "SMC"};
  std::string_view name = protocol < names.size() ? names.at(protocol) : "";
  return name.empty() ? fmt::to_string(protocol) : std::string(name);
}

std::string named(std::string_view name, std::uint64_t number) {
  return name.empty() ? fmt::to_string(number) : std::string(name);
}

// "INET:STREAM", "NETLINK/ROUTE:RAW".
std::string kind_text(const SocketState& state) {
  std::string family = state.family
                           ? named(family_name(*state.family), *state.family)
                           : report::cell_text(state.family.error());
  if (state.family && *state.family == family_netlink && state.protocol) {
    family += "/" + netlink_name(*state.protocol);
  }
  std::string type = state.type
                         ? named(socket_type_name(*state.type), *state.type)
                         : report::cell_text(state.type.error());
  return family + ":" + type;
}

std::string state_text(const SocketState& state) {
  if (!state.state) return report::cell_text(state.state.error());
  if (*state.state == 0) return "-";
  return named(socket_state_name(*state.state), *state.state);
}

// crash's look of an IPv6 address: eight numbers, none left out.
std::string groups_text(const IpAddress& address) {
  std::string text;
  for (std::size_t i = 0; i < address.bytes.size(); i += 2) {
    unsigned group = address.bytes.at(i) * 256U + address.bytes.at(i + 1);
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", group);
  }
  return text;
}

std::string address_text(const Result<SocketAddress>& end) {
  if (!end) return report::cell_text(end.error());
  const IpAddress& address = end->address;
  return fmt::format("{}-{}",
                     address.is_v6 ? groups_text(address) : address.text(),
                     end->port);
}

// "10.0.2.15-22 10.0.2.2-40312"; with |has_names|, what others are called.
std::string place_text(const SocketState& state, bool has_names) {
  if (state.source && state.destination) {
    bool is_v6 = *state.source && (*state.source)->address.is_v6;
    return address_text(*state.source) + (is_v6 ? "  " : " ") +
           address_text(*state.destination);
  }
  if (!has_names || !state.name) return "";
  return cell(*state.name);
}

report::Value to_value(const Result<SocketAddress>& endpoint) {
  if (!endpoint) return endpoint.error();
  return report::Record()
      .with("address", endpoint->address.text())
      .with("port", endpoint->port);
}

report::Record to_record(const OpenSocket& socket) {
  const SocketState& state = socket.state;
  report::Record record;
  record.add("fd", socket.descriptor);
  record.add("socket", state.socket);
  record.add("sock", state.sock);
  record.add("kind", kind_text(state));
  record.add("protocol", state.protocol);
  record.add("state", state_text(state));
  record.add("inode", state.inode);
  record.add("receive_queue", state.receive_queue);
  record.add("send_queue", state.send_queue);
  if (state.source) record.add("source", to_value(*state.source));
  if (state.destination) {
    record.add("destination", to_value(*state.destination));
  }
  if (state.name) record.add("name", *state.name);
  if (state.peer) record.add("peer", *state.peer);
  return record;
}

std::string addresses_text(const SocketState& state, std::string_view gap) {
  return fmt::format("{:>{}x}{}{:>{}}", state.socket.value, address_width, gap,
                     cell(state.sock), address_width);
}

std::string heading_text(std::string_view gap) {
  return fmt::format("FD{}{}{}{}", gap, centred("SOCKET", address_width), gap,
                     centred("SOCK", address_width));
}

std::string line_text(const OpenSocket& socket, bool has_queues) {
  const SocketState& state = socket.state;
  std::string text = fmt::format("{:>2} {} {:<12}", socket.descriptor,
                                 addresses_text(state, " "), kind_text(state));
  if (has_queues) {
    text += fmt::format(" {:<11} {:>6} {:>6}", state_text(state),
                        cell(state.receive_queue), cell(state.send_queue));
  }
  std::string place = place_text(state, has_queues);
  return text + (place.empty() ? "" : " " + place) + "\n";
}

}  // namespace

report::Record to_record(const SocketsRow& row) {
  report::Record record = to_record(row.header);
  report::List sockets;
  for (const OpenSocket& socket : row.sockets)
    sockets.emplace_back(to_record(socket));
  record.add("sockets", std::move(sockets));
  return record;
}

std::string to_text(const SocketsRow& row) {
  std::string text = to_text(row.header);
  if (row.sockets.empty()) return text + "No open sockets.\n";
  text += heading_text(" ");
  text += row.has_queues
              ? " FAMILY:TYPE       STATE       RECV-Q SEND-Q SOURCE-PORT "
                "DESTINATION-PORT\n"
              : " FAMILY:TYPE SOURCE-PORT DESTINATION-PORT\n";
  for (const OpenSocket& socket : row.sockets)
    text += line_text(socket, row.has_queues);
  return text;
}

report::Record to_record(const SocketDumpRow& row) {
  report::Record record = to_record(row.socket);
  record.add("struct_socket", row.socket_value
                                  ? report::Value(to_record(*row.socket_value))
                                  : report::Value(row.socket_value.error()));
  if (row.sock_value) {
    const auto& value = *row.sock_value;
    record.add("struct_sock", value ? report::Value(to_record(*value))
                                    : report::Value(value.error()));
  }
  return record;
}

std::string to_text(const SocketDumpRow& row) {
  auto block = [](const Result<InstanceRow>& value) {
    return value ? to_text(*value) : report::cell_text(value.error()) + "\n";
  };
  std::string text = heading_text("  ") + "\n";
  text += fmt::format("{:>2}  {}\n\n", row.socket.descriptor,
                      addresses_text(row.socket.state, "  "));
  text += block(row.socket_value);
  if (row.sock_value) text += block(*row.sock_value);
  return text + "\n";
}

}  // namespace inquest
