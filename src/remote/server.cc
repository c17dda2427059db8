// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/numbers.h"

namespace inquest {
namespace {

Error host_error(std::string_view what) {
  return {ErrorKind::io, fmt::format("{}: {}", what, std::strerror(errno))};
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> addresses_of(const Endpoint& endpoint) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int status = getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(),
                           &wanted, &found);
  if (status != 0) {
    return Error(ErrorKind::io,
                 fmt::format("{}: {}", endpoint.host, gai_strerror(status)));
  }
  return Addresses(found, freeaddrinfo);
}

Result<Descriptor> listening(const addrinfo& address) {
  Descriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return host_error("cannot make a socket");
  int on = 1;
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(socket.number(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.number(), 1) != 0) {
    return host_error("cannot listen");
  }
  return socket;
}

std::string bound_address(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  std::array<char, NI_MAXHOST> host = {};
  std::array<char, NI_MAXSERV> port = {};
  if (getsockname(socket, plain, &size) != 0 ||
      getnameinfo(plain, size, host.data(), host.size(), port.data(),
                  port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "?";
  }
  return address.ss_family == AF_INET6
             ? fmt::format("[{}]:{}", host.data(), port.data())
             : fmt::format("{}:{}", host.data(), port.data());
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (number_ >= 0) close(number_);
  number_ = -1;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  std::size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.size() > 2 && host.starts_with('[') && host.ends_with(']'))
      host = host.substr(1, host.size() - 2);
    if (!host.empty()) endpoint.host = host;
  }
  auto number = parse_decimal(port);
  if (!number || *number > 65535) {
    return Error(ErrorKind::usage,
                 fmt::format("\"{}\" is neither PORT nor HOST:PORT", text));
  }
  endpoint.port = std::to_string(*number);
  return endpoint;
}

bool wait_readable(int descriptor) {
  constexpr int look_again = 200;  // ms; a signal may come just before poll
  while (!interrupted()) {
    pollfd waiting = {descriptor, POLLIN, 0};
    int ready = poll(&waiting, 1, look_again);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // reading will tell
  }
  return false;
}

bool RemoteConnection::serve() {
  std::array<char, 65536> bytes;
  ssize_t size = recv(socket_.number(), bytes.data(), bytes.size(), 0);
  if (size < 0 && errno == EINTR) return true;
  if (size <= 0) return false;
  std::string reply =
      session_.answer({bytes.data(), static_cast<std::size_t>(size)});
  return send(reply) && !session_.is_over();
}

bool RemoteConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent =
        ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno != EINTR || interrupted())) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Result<RemoteServer> RemoteServer::listen(const Endpoint& endpoint) {
  auto addresses = TRY(addresses_of(endpoint));
  Error last(ErrorKind::io, "no address to listen on");
  for (const addrinfo* each = addresses.get(); each != nullptr;
       each = each->ai_next) {
    auto socket = listening(*each);
    if (socket) {
      std::string address = bound_address(socket->number());
      return RemoteServer(std::move(socket).value(), std::move(address));
    }
    last = socket.error();
  }
  return std::move(last).while_doing(
      fmt::format("{}:{}", endpoint.host, endpoint.port));
}

Result<void> RemoteServer::serve(
    RemoteTarget& target, const std::function<void(bool)>& connected) const {
  while (wait_readable(socket_.number())) {
    Descriptor socket(
        accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return host_error("cannot accept a connection");
    }
    int on = 1;
    setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connected(true);
    RemoteConnection connection(std::move(socket), target);
    while (wait_readable(connection.number()) && connection.serve()) {
    }
    connected(false);
  }
  return {};
}

}  // namespace inquest
