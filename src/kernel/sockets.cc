// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/sockets.h"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/driver_types.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::uint64_t family_unix = 1;
constexpr std::uint64_t family_inet = 2;
constexpr std::uint64_t family_inet6 = 10;
constexpr std::uint64_t family_netlink = 16;
constexpr std::uint64_t family_packet = 17;
constexpr std::uint64_t protocol_tcp = 6;
constexpr std::uint64_t protocol_udp = 17;
constexpr std::uint64_t state_listen = 10;

// Numbers that wrap around at 2^32 (sequence numbers), never below 0.
Result<std::uint64_t> distance(const Object& from, const Object& to) {
  auto first = static_cast<std::uint32_t>(TRY(from.to_unsigned()));
  auto last = static_cast<std::uint32_t>(TRY(to.to_unsigned()));
  std::uint32_t bytes = last - first;
  bool is_negative = std::bit_cast<std::int32_t>(bytes) < 0;
  return std::uint64_t{is_negative ? 0 : bytes};
}

Result<std::uint64_t> not_negative(const Object& counter, std::int64_t less) {
  std::int64_t value = TRY(counter.to_signed()) - less;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

// One byte is held back for the socket itself; refcount_t since 4.13 (commit
// 14afee4b6092), atomic_t before.
Result<std::uint64_t> sent_memory(const Object& sock) {
  Object count = sock["sk_wmem_alloc"];
  if (count.has_member("refs")) count = count["refs"];
  return not_negative(count["counter"], 1);
}

Result<std::uint64_t> received_memory(const Object& sock) {
  return not_negative(sock["sk_backlog"]["rmem_alloc"]["counter"], 0);
}

// All packets in a struct sk_buff_head, which looks like a list_head of them.
Result<std::uint64_t> queued_bytes(const Object& queue) {
  Object link = queue["next"];
  std::uint64_t bytes = 0;
  CycleCheck check;
  while (!interrupted()) {
    Address at = TRY(link.to_address());
    if (at == queue.address()) break;
    if (check.is_repeated(at.value)) {
      return Error(ErrorKind::corrupt, "the queue loops", at.value);
    }
    bytes += TRY(link["len"].to_unsigned());
    link = link["next"];
  }
  return bytes;
}

Result<SocketAddress> socket_address(const Object& address,
                                     const Object& port) {
  auto raw = TRY(port.space().bytes(port.address(), 2));
  return SocketAddress{.address = TRY(ip_address(address)),
                       .port = std::to_integer<std::uint64_t>(raw[0]) << 8 |
                               std::to_integer<std::uint64_t>(raw[1])};
}

// Since 3.13 the addresses of IPv6 are in sock_common (commit efe4208f47f9).
void read_inet(const Kernel& kernel, const Object& sock, SocketState& state) {
  const Object common = sock["__sk_common"];
  bool is_v6 = state.family && *state.family == family_inet6;
  std::string_view own = is_v6 ? "skc_v6_rcv_saddr" : "skc_rcv_saddr";
  std::string_view other = is_v6 ? "skc_v6_daddr" : "skc_daddr";
  Object inet = kernel.object("inet_sock", sock.address());
  auto read = [&](std::string_view address,
                  const Object& port) -> Result<SocketAddress> {
    if (port.fault() != nullptr) return *port.fault();
    return socket_address(common[address], port);
  };
  state.source = read(own, inet["inet_sport"]);
  state.destination = read(other, common["skc_dport"]);
}

void read_tcp(const Kernel& kernel, const Object& sock, SocketState& state) {
  Object tcp = kernel.object("tcp_sock", sock.address());
  if (state.state && *state.state == state_listen) {
    state.receive_queue = sock["sk_ack_backlog"].to_unsigned();
    return;
  }
  state.receive_queue = distance(tcp["copied_seq"], tcp["rcv_nxt"]);
  state.send_queue = distance(tcp["snd_una"], tcp["write_seq"]);
}

// What was read is given back late since 4.10 (commit 6b229cf77d68).
Result<std::uint64_t> udp_received(const Kernel& kernel, const Object& sock) {
  std::uint64_t bytes = TRY(received_memory(sock));
  Object udp = kernel.object("udp_sock", sock.address());
  if (!udp.has_member("forward_deficit")) return bytes;
  std::uint64_t late = TRY(not_negative(udp["forward_deficit"], 0));
  return bytes - std::min(bytes, late);
}

Result<std::string> unix_name(const DriverTypes& types, const Object& own) {
  Address at = TRY(own["addr"].to_address());
  if (at.value == 0) return std::string();
  Object address = types.object("unix_address", at);
  std::uint64_t size = TRY(address["len"].to_unsigned());
  Object first = address["name"].at(0);
  Object path = first["sun_path"];
  std::uint64_t before = path.address().value - first.address().value;
  constexpr std::uint64_t longest = 108;
  if (size <= before) return std::string();
  auto raw =
      TRY(path.space().bytes(path.address(), std::min(size - before, longest)));
  bool is_abstract = raw[0] == std::byte{0};
  std::string name;
  for (std::byte byte : raw) {
    char c = std::to_integer<char>(byte);
    if (c == '\0' && !is_abstract) break;
    name += c == '\0' ? '@' : c;
  }
  return name;
}

void read_unix(const Kernel& kernel, const Object& sock, SocketState& state) {
  DriverTypes types(kernel, "unix");
  Object own = types.object("unix_sock", sock.address());
  state.name = unix_name(types, own);
  state.peer = own["peer"].to_address();
  bool is_listening = state.state && *state.state == state_listen;
  state.receive_queue = is_listening
                            ? sock["sk_receive_queue"]["qlen"].to_unsigned()
                            : queued_bytes(sock["sk_receive_queue"]);
}

Result<std::string> number_text(const Object& number) {
  return fmt::to_string(TRY(number.to_unsigned()));
}

void read_sock(const Kernel& kernel, const Object& sock, SocketState& state) {
  state.protocol = sock["sk_protocol"].to_unsigned();
  state.state = sock["__sk_common"]["skc_state"].to_unsigned();
  state.receive_queue = received_memory(sock);
  state.send_queue = sent_memory(sock);
  std::uint64_t protocol = state.protocol.value_or(0);
  switch (state.family.value_or(0)) {
    case family_inet:
    case family_inet6:
      read_inet(kernel, sock, state);
      if (protocol == protocol_tcp) read_tcp(kernel, sock, state);
      if (protocol == protocol_udp) {
        state.receive_queue = udp_received(kernel, sock);
      }
      break;
    case family_unix:
      read_unix(kernel, sock, state);
      break;
    case family_netlink:
      state.name =
          number_text(kernel.object("netlink_sock", sock.address())["portid"]);
      break;
    case family_packet: {
      DriverTypes types(kernel, "af_packet");
      state.name =
          number_text(types.object("packet_sock", sock.address())["ifindex"]);
      break;
    }
    default:
      break;
  }
}

template <std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names,
                         std::uint64_t number) {
  return number < N ? names.at(number) : std::string_view();
}

}  // namespace

Result<Object> socket_of_inode(const Kernel& kernel, const Object& inode) {
  const Type* both = TRY(kernel.structure("socket_alloc"));
  Object socket = inode.container_of(*both, "vfs_inode")["socket"];
  if (socket.fault() != nullptr) return *socket.fault();
  return socket;
}

SocketState socket_state(const Kernel& kernel, const Object& socket) {
  Object sock = socket["sk"];
  SocketState state{.socket = socket.address(),
                    .sock = sock.to_address(),
                    .family = std::uint64_t{0},
                    .type = socket["type"].to_unsigned()};
  if (auto both = kernel.structure("socket_alloc")) {
    Object inode = socket.container_of(**both, "socket")["vfs_inode"];
    state.inode = inode["i_ino"].to_unsigned();
  } else {
    state.inode = both.error();
  }
  if (state.sock && state.sock->value == 0) {
    state.family = socket["ops"]["family"].to_unsigned();
    return state;
  }
  state.family = sock["__sk_common"]["skc_family"].to_unsigned();
  read_sock(kernel, sock.dereference(), state);
  return state;
}

std::string_view family_name(std::uint64_t family) {
  static constexpr std::array<std::string_view, 46> names = {
      "UNSPEC",     "UNIX",      "INET",     "AX25",  "IPX",     "APPLETALK",
      "NETROM",     "BRIDGE",    "ATMPVC",   "X25",   "INET6",   "ROSE",
      "DECNET",     "NETBEUI",   "SECURITY", "KEY",   "NETLINK", "PACKET",
      "ASH",        "ECONET",    "ATMSVC",   "RDS",   "SNA",     "IRDA",
      "PPPOX",      "WANPIPE",   "LLC",      "IB",    "MPLS",    "CAN",
      "TIPC",       "BLUETOOTH", "IUCV",     "RXRPC", "ISDN",    "PHONET",
      "IEEE802154", "CAIF",      "ALG",      "NFC",   "VSOCK",   "KCM",
      "QIPCRTR",    "SMC",       "XDP",      "MCTP"};
  return name_in(names, family);
}

std::string_view socket_type_name(std::uint64_t type) {
  static constexpr std::array<std::string_view, 11> names = {
      "",     "STREAM", "DGRAM", "RAW", "RDM",   "SEQPACKET",
      "DCCP", "",       "",      "",    "PACKET"};
  return name_in(names, type);
}

std::string_view socket_state_name(std::uint64_t state) {
  static constexpr std::array<std::string_view, 14> names = {
      "",          "ESTABLISHED", "SYN_SENT",     "SYN_RECV",      "FIN_WAIT1",
      "FIN_WAIT2", "TIME_WAIT",   "CLOSE",        "CLOSE_WAIT",    "LAST_ACK",
      "LISTEN",    "CLOSING",     "NEW_SYN_RECV", "BOUND_INACTIVE"};
  return name_in(names, state);
}

}  // namespace inquest
