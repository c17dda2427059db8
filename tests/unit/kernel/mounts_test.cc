// SPDX-License-Identifier: GPL-3.0-or-later
// What a task sees mounted, and what waits to be written back, whole and
// damaged.

#include "kernel/mounts.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t nowhere = base + 0x900000;
constexpr std::uint64_t task_at = 0x100, proxy_at = 0x140, space_at = 0x180;
constexpr std::uint64_t super_at = 0x800, device_at = 0x840;
constexpr std::uint64_t fault = ~std::uint64_t{0};

// |is_tree|: a namespace as since 6.8.
class MountKernel : public test::TestKernel {
 public:
  explicit MountKernel(const std::string& machine, bool is_tree = false)
      : test::TestKernel(machine, {}) {
    const Type& any = types().pointer_to(types().void_type());
    const Type& number = types().c_type("unsigned int");
    close(list, 16, {"next", "prev"}, 0);
    close(node, 24, {"rb_right", "rb_left"}, 8);
    source->structure("list_head", 16, links[0]);
    const Type& root = source->structure(
        "rb_root", 8, {member("rb_node", types().pointer_to(node), 0)});
    const Type& space = source->structure(
        "mnt_namespace", 16,
        {is_tree ? member("mounts", root, 0) : member("list", list, 0)});
    const Type& proxy =
        source->structure("nsproxy", 8, {to("mnt_ns", space, 0)});
    source->structure("task_struct", 8, {to("nsproxy", proxy, 0)});
    add_super();
    const Type& seen =
        source->structure("vfsmount", 16,
                          {member("mnt_flags", number, 0),
                           member("mnt_sb", types().pointer_to(*super), 8)});
    source->structure(
        "mount", 40,
        {is_tree ? member("mnt_node", node, 0) : member("mnt_list", list, 0),
         member("mnt", seen, 24), member("mnt_devname", any, 16)});
  }

  // Where the mounts lie; |fault| for one.
  std::vector<std::uint64_t> seen() const {
    return places(
        mounts(*this, object("task_struct", Address{base + task_at})));
  }
  std::vector<std::uint64_t> dirty() const {
    return places(dirty_inodes(*this, Address{base + super_at}));
  }

 private:
  static std::vector<std::uint64_t> places(Generator<Object> objects) {
    std::vector<std::uint64_t> found;
    for (const Object& one : objects) {
      bool is_fault = one.fault() != nullptr;
      found.push_back(is_fault ? fault : one.address().value - base);
      if (found.size() > 100) break;
    }
    return found;
  }
  Member to(std::string_view name, const Type& type, std::uint64_t offset) {
    return member(name, types().pointer_to(type), offset);
  }
  // A structure with two pointers to its like.
  void close(Type& type, std::uint64_t size,
             std::array<std::string_view, 2> names, std::uint64_t offset) {
    type.kind = TypeKind::structure;
    type.byte_size = size;
    const Type& link = types().pointer_to(type);
    links[offset == 0 ? 0 : 1] = {member(names[0], link, offset),
                                  member(names[1], link, offset + 8)};
  }
  void add_super() {
    const Type& device =
        source->structure("backing_dev_info", 16, {member("wb_list", list, 0)});
    super = &source->structure("super_block", 8, {to("s_bdi", device, 0)});
    const Type& inode = source->structure(
        "inode", 24, {to("i_sb", *super, 0), member("i_io_list", list, 8)});
    source->structure("dentry", 16,
                      {to("d_inode", inode, 0), to("d_sb", *super, 8)});
    source->structure(
        "bdi_writeback", 32,
        {member("bdi_node", list, 0), member("b_dirty", list, 16)});
  }

  std::array<std::vector<Member>, 2> links;
  Type list{[this](const Type&, TypeBody& body) { body.members = links[0]; }};
  Type node{[this](const Type&, TypeBody& body) { body.members = links[1]; }};
  const Type* super = nullptr;
};

std::string namespace_of_task() {
  return words(task_at, {base + proxy_at}) + words(proxy_at, {base + space_at});
}

// A mount whose link in the list leads to |next|.
std::string mount(std::uint64_t at, std::uint64_t next,
                  std::uint64_t flags = 0) {
  return words(at, {base + next, 0, 0, flags, base + super_at});
}

using Places = std::vector<std::uint64_t>;

TEST(Mounts, AreInTheOrderOfTheList) {
  MountKernel kernel(namespace_of_task() + words(space_at, {base + 0x400, 0}) +
                     mount(0x400, 0x440) + mount(0x440, space_at));
  EXPECT_EQ(kernel.seen(), (Places{0x400, 0x440}));
}

TEST(Mounts, AreNotTheMarksOfReaders) {
  MountKernel kernel(namespace_of_task() + words(space_at, {base + 0x400, 0}) +
                     mount(0x400, 0x440, 0x10000000) +
                     mount(0x440, space_at, 0x20));
  EXPECT_EQ(kernel.seen(), (Places{0x440}));
}

TEST(Mounts, AreInATreeSince68) {
  // The right one of the two below the topmost cannot be read.
  MountKernel kernel(namespace_of_task() + words(space_at, {base + 0x400}) +
                         words(0x400, {0, nowhere, base + 0x440}) +
                         words(0x440, {0, 0, 0}),
                     true);
  EXPECT_EQ(kernel.seen(), (Places{0x440, 0x400, fault}));
}

TEST(Mounts, OfAListThatLoopsOrBreaksEnd) {
  MountKernel loop(namespace_of_task() + words(space_at, {base + 0x400, 0}) +
                   mount(0x400, 0x440) + mount(0x440, 0x400));
  Places found = loop.seen();
  EXPECT_LT(found.size(), 20U);
  EXPECT_EQ(found.back(), fault);
  MountKernel broken(namespace_of_task() + words(space_at, {base + 0x400, 0}) +
                     mount(0x400, 0x900000));
  EXPECT_EQ(broken.seen(), (Places{0x400, 0x900000, fault}));
}

TEST(Mounts, OfATaskWithoutANamespaceAreAnError) {
  EXPECT_EQ(MountKernel(words(task_at, {0})).seen(), (Places{fault}));
  EXPECT_EQ(MountKernel(words(task_at, {nowhere})).seen(), (Places{fault}));
}

TEST(Mounts, AreFoundByDentryAndInode) {
  MountKernel kernel(words(0x600, {base + 0x640, base + super_at}) +
                     words(0x640, {base + super_at, 0, 0}) +
                     words(0x680, {0, base + super_at}) +
                     words(0x6c0, {17, 42}));
  for (std::uint64_t at : {0x600U, 0x640U, 0x680U}) {
    auto found = super_block_of(kernel, Address{base + at});
    ASSERT_TRUE(found) << at;
    EXPECT_EQ(found->value, base + super_at) << at;
  }
  EXPECT_FALSE(super_block_of(kernel, Address{base + 0x6c0}));
  EXPECT_FALSE(super_block_of(kernel, Address{nowhere}));
}

// A device with one queue, at 0xa00, whose dirty inodes begin at |first|.
std::string device(std::uint64_t first) {
  return words(super_at, {base + device_at}) +
         words(device_at, {base + 0xa00, 0}) +
         words(0xa00, {base + device_at, 0, base + first + 8, 0});
}

std::string inode(std::uint64_t at, std::uint64_t super, std::uint64_t next) {
  return words(at, {base + super, base + next, 0});
}

TEST(DirtyInodes, AreThoseOfTheFileSystem) {
  MountKernel kernel(device(0xb00) + inode(0xb00, super_at, 0xb48) +
                     inode(0xb40, 0x880, 0xb88) +
                     inode(0xb80, super_at, 0xa10));
  EXPECT_EQ(kernel.dirty(), (Places{0xb00, 0xb80}));
}

TEST(DirtyInodes, OfABrokenListEndInAFault) {
  MountKernel kernel(device(0xb00) + inode(0xb00, super_at, 0x900008));
  EXPECT_EQ(kernel.dirty(), (Places{0xb00, fault}));
  MountKernel loop(device(0xb00) + inode(0xb00, super_at, 0xb08));
  EXPECT_EQ(loop.dirty().back(), fault);
  EXPECT_EQ(MountKernel(words(super_at, {nowhere})).dirty(), (Places{fault}));
}

}  // namespace
}  // namespace inquest
