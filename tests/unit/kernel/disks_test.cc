// SPDX-License-Identifier: GPL-3.0-or-later
// Disks and their requests, as kernels before and after 5.11 keep them.

#include "kernel/disks.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t class_at = 0x100, private_at = 0x140, disk_at = 0x1000;
constexpr std::uint64_t disk_type_at = 0x200, part_type_at = 0x210;
constexpr std::uint64_t queue_at = 0x3000, tags_at = 0x3200, bits_at = 0x3400;
constexpr std::uint64_t requests_at = 0x3600, hardware_at = 0x3100;

// A disk is at |disk_at|, its device 0x40 bytes behind, a partition's at
// 0x1100; the devices are linked in their own list.
std::string machine() {
  return words(class_at, {base + private_at}) +
         words(private_at, {base + disk_at + 0x40, 0}) +
         words(disk_at, {8, base + queue_at, 0x616473, 0}) +
         words(disk_at + 0x40, {base + 0x1140, 0, base + disk_type_at}) +
         words(0x1140, {base + private_at, 0, base + part_type_at}) +
         words(disk_type_at, {base + 0x220, 0, base + 0x228, 0}) +
         words(0x220, {0x6b736964, 0x74726170});
}

// Bits 0, 2 and 4 are set; 4 is another queue's.
std::string requests(std::uint64_t bitmap = 0x15) {
  return words(queue_at, {base + 1, 2, base + queue_at + 0x20}) +
         words(queue_at + 0x20, {base + hardware_at, base + hardware_at + 8}) +
         words(hardware_at, {base + tags_at, base + tags_at}) +
         words(tags_at, {0, base + tags_at + 0x80, base + tags_at + 0x40}) +
         words(tags_at + 0x40, {base + requests_at, 0, base + requests_at + 24,
                                0, base + requests_at + 48}) +

         words(tags_at + 0x80, {8, 6, 1, base + bits_at}) +
         words(bits_at, {bitmap, 0}) +
         words(requests_at, {base + queue_at, 0, 1, base + queue_at, 1, 1,
                             base + queue_at + 8, 1, 1});
}

class DiskKernel : public test::TestKernel {
 public:
  explicit DiskKernel(const std::string& machine)
      : test::TestKernel(machine, {{"block_class", class_at}}) {
    const Type& number = types().c_type("unsigned long");
    list.kind = TypeKind::structure;
    list.name = "list_head";
    list.byte_size = 16;
    links = {member("next", types().pointer_to(list), 0),
             member("prev", types().pointer_to(list), 8)};
    source->structure("list_head", 16, links);
    const Type& klist =
        source->structure("klist", 16, {member("k_list", list, 0)});
    const Type& node =
        source->structure("klist_node", 16, {member("n_node", list, 0)});
    const Type& own = source->structure("subsys_private", 16,
                                        {member("klist_devices", klist, 0)});
    source->structure("class", 8, {member("p", types().pointer_to(own), 0)});
    const Type& kind = source->structure(
        "device_type", 16,
        {member("name", types().pointer_to(types().c_type("char")), 0)});
    const Type& device =
        source->structure("device", 24,
                          {member("knode_class", node, 0),
                           member("type", types().pointer_to(kind), 16)});
    const Type& part =
        source->structure("hd_struct", 0x18, {member("__dev", device, 0)});
    source->structure(
        "gendisk", 0x60,
        {member("major", number, 0),
         member("queue", types().pointer_to(queue_type()), 8),
         member("disk_name", types().array_of(types().c_type("char"), 16), 16),
         member("part0", part, 0x40)});
  }

 private:
  const Type& queue_type() {
    const Type& number = types().c_type("unsigned long");
    const Type& word = source->structure(
        "sbitmap_word", 16,
        {member("word", number, 0), member("cleared", number, 8)});
    const Type& bitmap = source->structure(
        "sbitmap", 32,
        {member("depth", number, 0), member("shift", number, 8),
         member("map_nr", number, 16),
         member("map", types().pointer_to(word), 24)});
    const Type& tags_queue =
        source->structure("sbitmap_queue", 32, {member("sb", bitmap, 0)});
    source->enumeration("mq_rq_state", {{"MQ_RQ_IN_FLIGHT", 1}});
    queue.kind = TypeKind::structure;
    queue.name = "request_queue";
    queue.byte_size = 0x40;
    const Type& request = source->structure(
        "request", 24,
        {member("q", types().pointer_to(queue), 0),
         member("cmd_flags", number, 8), member("state", number, 16)});
    const Type& pointers = types().pointer_to(types().pointer_to(request));
    const Type& tags = source->structure(
        "blk_mq_tags", 24,
        {member("nr_reserved_tags", number, 0),
         member("bitmap_tags", types().pointer_to(tags_queue), 8),
         member("breserved_tags", types().pointer_to(tags_queue), 8),
         member("rqs", pointers, 16)});
    const Type& hardware = source->structure(
        "blk_mq_hw_ctx", 8, {member("tags", types().pointer_to(tags), 0)});
    queues = {member("mq_ops", types().pointer_to(types().void_type()), 0),
              member("nr_hw_queues", number, 8),
              member("queue_hw_ctx",
                     types().pointer_to(types().pointer_to(hardware)), 16)};
    return queue;
  }

  std::vector<Member> links, queues;
  Type list{[this](const Type&, TypeBody& body) { body.members = links; }};
  Type queue{[this](const Type&, TypeBody& body) { body.members = queues; }};
};

std::vector<DiskState> states(const Kernel& kernel) {
  std::vector<DiskState> found;
  for (const Object& disk : disks(kernel)) {
    if (disk.fault() == nullptr) found.push_back(disk_state(kernel, disk));
    if (found.size() > 100) break;
  }
  return found;
}

TEST(Disks, AreNoPartitions) {
  auto found = states(DiskKernel(machine() + requests()));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].gendisk.value, base + disk_at);
  EXPECT_EQ(found[0].name.value_or(""), "sda");
  EXPECT_EQ(found[0].major.value_or(0), 8U);
}

// Both hardware queues have the same tags. Each map is read twice here, as
// reserved tags and as the others: two requests are four.
TEST(Disks, CountARequestOfSharedTagsOnce) {
  auto found = states(DiskKernel(machine() + requests()));
  ASSERT_EQ(found.size(), 1U);
  const auto& counts = found[0].in_progress;
  ASSERT_TRUE(counts) << counts.error().message();
  EXPECT_EQ(counts->reads, 2U);
  EXPECT_EQ(counts->writes, 2U);
  EXPECT_FALSE(found[0].completed);  // there are no statistics
}

TEST(Disks, SayWhatIsMissing) {
  auto found = states(DiskKernel(machine()));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].in_progress);
}

}  // namespace
}  // namespace inquest
