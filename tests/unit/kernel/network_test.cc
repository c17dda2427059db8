// SPDX-License-Identifier: GPL-3.0-or-later
// Neighbours in both layouts of their table, and addresses.

#include "kernel/network.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t table_at = 0x100, hash_at = 0x140, buckets_at = 0x180;
constexpr std::uint64_t device_at = 0x200;

// |is_list|: buckets are hlists, as since 6.13.
class NeighbourKernel : public test::TestKernel {
 public:
  NeighbourKernel(const std::string& machine, bool is_list)
      : test::TestKernel(machine + words(table_at, {base + hash_at}) +
                             words(device_at, {0x30687465, 6}),
                         {{"arp_tbl", table_at}}) {
    const Type& number = types().c_type("unsigned long");
    const Type& byte = types().c_type("unsigned char");
    entry.kind = node.kind = TypeKind::structure;
    entry.name = "neighbour";
    entry.byte_size = 48;
    node.byte_size = 16;
    node_members = {member("next", types().pointer_to(node), 0)};
    const Type& device = source->structure(
        "net_device", 16,
        {member("name", types().array_of(types().c_type("char"), 8), 0),
         member("type", byte, 8), member("addr_len", byte, 8)});
    const Type& head = source->structure(
        "hlist_head", 8, {member("first", types().pointer_to(node), 0)});
    entries = {member("next", types().pointer_to(entry), 0),
               member("hash", node, 0),
               member("dev", types().pointer_to(device), 16),
               member("nud_state", byte, 24),
               member("ha", types().array_of(byte, 8), 32),
               member("primary_key", source->flexible(byte), 40)};
    source->structure("neighbour", 48, entries);
    const Type& buckets = is_list
                              ? types().pointer_to(head)
                              : types().pointer_to(types().pointer_to(entry));
    const Type& hash = source->structure(
        "neigh_hash_table", 16,
        {member(is_list ? "hash_heads" : "hash_buckets", buckets, 0),
         member("hash_shift", number, 8)});
    source->structure("neigh_table", 8,
                      {member("nht", types().pointer_to(hash), 0)});
  }

  std::vector<Member> entries, node_members;
  Type entry{[this](const Type&, TypeBody& body) { body.members = entries; }};
  Type node{
      [this](const Type&, TypeBody& body) { body.members = node_members; }};
};

std::string neighbour(std::uint64_t at, std::uint64_t next, std::uint64_t key) {
  return words(at, {next, 0, base + device_at, 4, 0x060504030201, key});
}

std::string two_buckets() {
  return words(hash_at, {base + buckets_at, 1}) +
         words(buckets_at, {0, base + 0x400}) +
         neighbour(0x400, base + 0x440, 0x0202000a) +
         neighbour(0x440, 0, 0x0302000a);
}

TEST(Neighbours, AreFoundInBothLayouts) {
  for (bool is_list : {false, true}) {
    NeighbourKernel kernel(two_buckets(), is_list);
    auto all = neighbours(kernel, false);
    ASSERT_TRUE(all) << all.error().message();
    ASSERT_EQ(all->found.size(), 2U) << is_list;
    EXPECT_EQ(all->found[0].ip.value_or({}).text(), "10.0.2.2");
    EXPECT_EQ(all->found[1].ip.value_or({}).text(), "10.0.2.3");
    EXPECT_EQ(all->found[0].device.value_or(""), "eth0");
    EXPECT_EQ(all->found[0].hardware_address.value_or({}),
              (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(neighbour_state_text(*all->found[0].state), "STALE");
    EXPECT_TRUE(all->faults.empty());
  }
}

TEST(Neighbours, OfALoopAreKept) {
  for (bool is_list : {false, true}) {
    NeighbourKernel kernel(words(hash_at, {base + buckets_at, 0}) +
                               words(buckets_at, {base + 0x400}) +
                               neighbour(0x400, base + 0x400, 1),
                           is_list);
    auto all = neighbours(kernel, false);
    ASSERT_TRUE(all);
    EXPECT_GE(all->found.size(), 1U);
    EXPECT_LT(all->found.size(), 5U);
    EXPECT_EQ(all->faults.size(), 1U);
  }
}

TEST(Neighbours, OfNoTableAndOfTooLargeATable) {
  NeighbourKernel kernel(words(hash_at, {base + buckets_at, 60}), false);
  EXPECT_FALSE(neighbours(kernel, false));
  EXPECT_FALSE(neighbours(kernel, true));  // there is no nd_tbl
}

TEST(NeighbourState, HasItsBitsNames) {
  EXPECT_EQ(neighbour_state_text(0), "");
  EXPECT_EQ(neighbour_state_text(0xc0), "NOARP|PERMANENT");
}

TEST(IpAddress, IsMadeOfNumbers) {
  auto text = [](std::string_view word, std::endian endian) {
    auto address = ip_address_of_number(word, endian);
    return address ? address->text() : "";
  };
  EXPECT_EQ(text("0x0100007f", std::endian::little), "127.0.0.1");
  EXPECT_EQ(text("1041236234", std::endian::little), "10.1.16.62");
  EXPECT_EQ(text("0x7f000001", std::endian::big), "127.0.0.1");
  EXPECT_EQ(text("fe80000000000000505400fffe123456", std::endian::little),
            "fe80::5054:ff:fe12:3456");
  EXPECT_EQ(text("0x100000000", std::endian::little), "");
  EXPECT_EQ(text("fe8000000000000050540zfffe123456", std::endian::little), "");
  EXPECT_EQ(text("net", std::endian::little), "");
}

}  // namespace
}  // namespace inquest
