// SPDX-License-Identifier: GPL-3.0-or-later
// A RemoteTarget behind a socket, for one gdb after the other.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "remote/session.h"

namespace inquest {

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void reset();

 private:
  int number_;
};

// Where to listen.
struct Endpoint {
  std::string host = "127.0.0.1";
  std::string port;  // "0": any that is free
};
// "1234", ":1234", "host:1234", "[::1]:1234".
Result<Endpoint> parse_endpoint(std::string_view text);

// One gdb that is connected.
class RemoteConnection {
 public:
  RemoteConnection(Descriptor socket, RemoteTarget& target)
      : socket_(std::move(socket)), session_(target) {}

  int number() const { return socket_.number(); }
  // Reads what has come, and answers; false when the connection is over.
  bool serve();

 private:
  bool send(std::string_view bytes);

  Descriptor socket_;
  RemoteSession session_;
};

class RemoteServer {
 public:
  static Result<RemoteServer> listen(const Endpoint& endpoint);

  // "127.0.0.1:1234", with the port that was found free.
  const std::string& address() const { return address_; }
  // Until Ctrl-C; |connected| is told when a gdb comes and goes.
  Result<void> serve(RemoteTarget& target,
                     const std::function<void(bool)>& connected) const;

 private:
  RemoteServer(Descriptor socket, std::string address)
      : socket_(std::move(socket)), address_(std::move(address)) {}

  Descriptor socket_;
  std::string address_;
};

// Waits until |descriptor| can be read; false when the user interrupted.
bool wait_readable(int descriptor);

}  // namespace inquest
