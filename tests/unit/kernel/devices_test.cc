// SPDX-License-Identifier: GPL-3.0-or-later
// Device numbers, resources and device dumps, whole and damaged.

#include "kernel/devices.h"

#include <gtest/gtest.h>

#include "kernel/device_dumps.h"
#include "kernel/resources.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t numbers_at = 0x1000, map_at = 0x2000, maps_at = 0x900;
constexpr std::uint64_t fault = ~std::uint64_t{0};

// ---- Device numbers ----

// A driver's numbers: those from |major|:|minor| on.
std::string numbers(std::uint64_t at, std::uint64_t next, std::uint64_t major,
                    std::uint64_t minor, std::uint64_t cdev = 0) {
  return words(at, {next, major, minor, cdev});
}

std::string probe(std::uint64_t at, std::uint64_t next, std::uint64_t dev,
                  std::uint64_t range, std::uint64_t data) {
  return words(at, {next, dev, range, data});
}

class NumberKernel : public test::TestKernel {
 public:
  explicit NumberKernel(const std::string& machine)
      : test::TestKernel(machine + words(maps_at, {base + map_at}),
                         {{"chrdevs", numbers_at}, {"cdev_map", maps_at}}) {
    const Type& number = types().c_type("unsigned long");
    const Type& any = types().pointer_to(types().void_type());
    entry.kind = probes.kind = TypeKind::structure;
    entry.name = "char_device_struct";
    entry.byte_size = probes.byte_size = 32;
    const Type& operations =
        source->structure("cdev", 8, {member("ops", any, 0)});
    const Type& table = types().array_of(types().pointer_to(probes), 255);
    source->structure("kobj_map", 2040, {member("probes", table, 0)});
    entries = {member("next", types().pointer_to(entry), 0),
               member("major", number, 8), member("baseminor", number, 16),
               member("cdev", types().pointer_to(operations), 24)};
    source->structure("char_device_struct", 32, entries);
    ranges = {member("next", types().pointer_to(probes), 0),
              member("dev", number, 8), member("range", number, 16),
              member("data", any, 24)};
  }

  std::vector<Member> entries, ranges;
  Type entry{[this](const Type&, TypeBody& body) { body.members = entries; }};
  Type probes{[this](const Type&, TypeBody& body) { body.members = ranges; }};
};

TEST(DeviceMajors, FindTheSmallestRangeOfTheMap) {
  NumberKernel kernel(
      words(numbers_at + 8, {0, 0, 0, base + 0x4000}) +
      words(numbers_at + 254 * 8, {0}) + numbers(0x4000, 0, 4, 64) +
      words(map_at + 4 * 8, {base + 0x5000}) +
      probe(0x5000, base + 0x5040, 4 << 20, 1 << 20, base + 0x6000) +
      probe(0x5040, base + 0x5080, 4 << 20 | 64, 4, base + 0x6040) +
      probe(0x5080, 0, 1, ~std::uint64_t{0}, 0) +
      words(0x6040, {base + 0x7000}));
  auto found = character_majors(kernel);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->majors.size(), 1U);
  EXPECT_EQ(found->majors[0].major, 4U);
  EXPECT_EQ(found->majors[0].device.value_or({}).value, base + 0x6040);
  EXPECT_EQ(found->majors[0].operations.value_or({}).value, base + 0x7000);
  EXPECT_TRUE(found->faults.empty());
}

TEST(DeviceMajors, KeepWhatIsBesideALoop) {
  NumberKernel kernel(words(numbers_at + 8, {base + 0x4000, base + 0x4040}) +
                      words(numbers_at + 254 * 8, {0}) +
                      numbers(0x4000, base + 0x4000, 1, 0, base + 0x6000) +
                      numbers(0x4040, 0, 2, 0, base + 0x6000) +
                      words(0x6000, {0}));
  auto found = character_majors(kernel);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->faults.size(), 1U);
  EXPECT_GE(found->majors.size(), 2U);
  EXPECT_LT(found->majors.size(), 10U);
  EXPECT_EQ(found->majors.back().major, 2U);
}

// ---- Resources ----

class ResourceKernel : public test::TestKernel {
 public:
  explicit ResourceKernel(const std::string& machine)
      : test::TestKernel(machine, {{"iomem_resource", 0x100}}) {
    resource.kind = TypeKind::structure;
    resource.byte_size = 16;
    links = {member("sibling", types().pointer_to(resource), 0),
             member("child", types().pointer_to(resource), 8)};
    source->structure("resource", 16, links);
  }

  // Where they lie and how deep.
  std::vector<std::pair<std::uint64_t, unsigned>> seen() const {
    std::vector<std::pair<std::uint64_t, unsigned>> found;
    for (const IoResource& each : io_resources(*this, "iomem_resource")) {
      bool is_fault = each.object.fault() != nullptr;
      found.emplace_back(is_fault ? fault : each.object.address().value - base,
                         each.depth);
      if (found.size() > 1000) break;
    }
    return found;
  }

  std::vector<Member> links;
  Type resource{[this](const Type&, TypeBody& body) { body.members = links; }};
};

TEST(IoResources, ComeBeforeWhatIsInside) {
  ResourceKernel kernel(words(0x100, {0, base + 0x200}) +
                        words(0x200, {base + 0x300, base + 0x400}) +
                        words(0x300, {0, 0}) + words(0x400, {0, 0}));
  using Seen = std::vector<std::pair<std::uint64_t, unsigned>>;
  EXPECT_EQ(kernel.seen(),
            (Seen{{0x100, 0}, {0x200, 1}, {0x400, 2}, {0x300, 1}}));
}

TEST(IoResources, EndAtALoopAndAtWhatIsMissing) {
  ResourceKernel loop(words(0x100, {0, base + 0x200}) +
                      words(0x200, {0, base + 0x300}) +
                      words(0x300, {0, base + 0x200}));
  EXPECT_EQ(loop.seen().back().first, fault);
  EXPECT_LT(loop.seen().size(), 20U);
  ResourceKernel missing(words(0x100, {0, base + 0x200}) +
                         words(0x200, {base + 0x900000, 0}));
  EXPECT_EQ(missing.seen().back().first, fault);
  EXPECT_EQ(missing.seen().size(), 4U);
}

// ---- Device dumps ----

TEST(DeviceDumps, AreNotesWithAName) {
  DumpInfo info;
  auto add = [&](std::string_view name, std::uint32_t type,
                 std::string contents) {
    Bytes bytes = as_bytes(contents);
    info.notes.push_back({.name = std::string(name),
                          .type = type,
                          .contents = {bytes.begin(), bytes.end()},
                          .at = FileOffset{0x200}});
  };
  std::string name = "card";
  name.resize(44);
  add("CORE", 0x700, name + "other");
  add("LINUX", 1, name + "other");
  add("LINUX", 0x700, "short");
  add("LINUX", 0x700, name + "data");
  auto found = device_dumps(info);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "card");
  EXPECT_EQ(found[0].at.value, 0x22cU);
  EXPECT_EQ(as_text(found[0].data), "data");
}

}  // namespace
}  // namespace inquest
