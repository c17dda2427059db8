// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets: what they are connected to, and how much waits in them.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernel/ip_address.h"
#include "kernel/kernel.h"

namespace inquest {

// The struct socket of an inode that is one (S_IFSOCK).
Result<Object> socket_of_inode(const Kernel& kernel, const Object& inode);

struct SocketAddress {
  IpAddress address;
  std::uint64_t port = 0;
};

// A struct socket with its struct sock; each field stands or falls by itself.
struct SocketState {
  Address socket;
  Result<Address> sock;          // 0: it has been closed, or never opened
  Result<std::uint64_t> family;  // AF_INET, ...
  Result<std::uint64_t> type;    // SOCK_STREAM, ...
  Result<std::uint64_t> protocol = std::uint64_t{0};
  Result<std::uint64_t> state = std::uint64_t{0};  // TCP_ESTABLISHED, ...
  Result<std::uint64_t> inode = std::uint64_t{0};  // its number
  // Bytes that nobody has read or the other side has not confirmed; connections
  // that nobody has accepted of a socket that listens; memory in use where the
  // kernel counts that instead (UDP, netlink, packet, what is sent to UNIX
  // sockets).
  Result<std::uint64_t> receive_queue = std::uint64_t{0};
  Result<std::uint64_t> send_queue = std::uint64_t{0};
  // INET and INET6.
  std::optional<Result<SocketAddress>> source = {}, destination = {};
  // UNIX: the path, "@name" for an abstract one; netlink: the port's number;
  // packet: the interface's number.
  std::optional<Result<std::string>> name = {};
  std::optional<Result<Address>> peer = {};  // UNIX: struct sock
};
SocketState socket_state(const Kernel& kernel, const Object& socket);

// "INET", "UNIX", ...; "" where there is no name for the number.
std::string_view family_name(std::uint64_t family);
std::string_view socket_type_name(std::uint64_t type);
// "ESTABLISHED", "LISTEN", ...
std::string_view socket_state_name(std::uint64_t state);

}  // namespace inquest
