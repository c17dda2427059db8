// SPDX-License-Identifier: GPL-3.0-or-later
// What net answers about the sockets of a task.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command/context.h"
#include "command/structure_row.h"
#include "kernel/sockets.h"

namespace inquest {

struct OpenSocket {
  unsigned descriptor = 0;
  SocketState state;
};

// -s: a line each; with |has_queues|, -q, states and queues too.
struct SocketsRow {
  TaskHeader header;
  std::vector<OpenSocket> sockets;
  bool has_queues = false;
};
report::Record to_record(const SocketsRow& row);
std::string to_text(const SocketsRow& row);

// -S: the structures of one of them.
struct SocketDumpRow {
  OpenSocket socket;
  Result<InstanceRow> socket_value;
  std::optional<Result<InstanceRow>> sock_value;  // absent: there is none
};
report::Record to_record(const SocketDumpRow& row);
std::string to_text(const SocketDumpRow& row);

}  // namespace inquest
