// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "unit/remote/fake_target.h"

namespace inquest {
namespace {

TEST(RemoteServer, EndpointsAreTakenApart) {
  struct Case {
    const char* text;
    const char* host;
    const char* port;
  };
  for (const Case& each :
       {Case{"1234", "127.0.0.1", "1234"}, Case{":0", "127.0.0.1", "0"},
        Case{"example.org:99", "example.org", "99"},
        Case{"[::1]:65535", "::1", "65535"}}) {
    auto endpoint = parse_endpoint(each.text);
    ASSERT_TRUE(endpoint) << each.text;
    EXPECT_EQ(endpoint->host, each.host);
    EXPECT_EQ(endpoint->port, each.port);
  }
  for (const char* bad : {"", "x", "host", "host:", "65536", "-1", "1x"})
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
}

TEST(RemoteServer, AConnectionEndsWhenGdbLeaves) {
  FakeTarget target;
  for (std::string_view last : {"", "$D#44", "$k#6b"}) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    RemoteConnection connection(Descriptor(ends[0]), target);
    Descriptor gdb(ends[1]);
    ASSERT_EQ(send(gdb.number(), "$qC#b4", 6, 0), 6);
    EXPECT_TRUE(connection.serve());
    char reply[64] = {};
    EXPECT_GT(recv(gdb.number(), reply, sizeof(reply) - 1, 0), 0);
    EXPECT_EQ(std::string(reply), "+" + framed("QC1f"));
    if (last.empty()) {
      gdb.reset();
    } else {
      send(gdb.number(), last.data(), last.size(), 0);
    }
    EXPECT_FALSE(connection.serve());
  }
}

}  // namespace
}  // namespace inquest
