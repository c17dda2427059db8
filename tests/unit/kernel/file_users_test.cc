// SPDX-License-Identifier: GPL-3.0-or-later
// What a task does with a file, and what keeps us from knowing.

#include "kernel/file_users.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t nowhere = base + 0x900000;
constexpr std::uint64_t task_at = 0x100, fs_at = 0x140, files_at = 0x180;
constexpr std::uint64_t table_at = 0x1c0, memory_at = 0x200, area_at = 0x240;
constexpr std::uint64_t file_at = 0x280, inode_at = 0x2c0;
constexpr std::uint64_t root_at = 0x300, own_at = 0x340;  // dentries
constexpr std::uint64_t used_at = 0x400, slots_at = 0x440;

class UserKernel : public test::TestKernel {
 public:
  explicit UserKernel(const std::string& machine)
      : test::TestKernel(machine, {}) {
    const Type& any = types().pointer_to(types().void_type());
    const Type& number = types().c_type("unsigned int");
    const Type& text = types().pointer_to(types().c_type("char"));
    const Type& name = source->structure("qstr", 8, {member("name", text, 0)});
    dentry.kind = TypeKind::structure;
    dentry.byte_size = 24;
    const Type& dentry_to = types().pointer_to(dentry);
    members = {member("d_inode", any, 0), member("d_parent", dentry_to, 8),
               member("d_name", name, 16)};
    const Type& seen =
        source->structure("vfsmount", 8, {member("mnt_root", dentry_to, 0)});
    const Type& path = source->structure(
        "path", 16, {to("mnt", seen, 0), member("dentry", dentry_to, 8)});
    const Type& file =
        source->structure("file", 16, {member("f_path", path, 0)});
    const Type& fs = source->structure(
        "fs_struct", 32, {member("root", path, 0), member("pwd", path, 16)});
    const Type& table =
        source->structure("fdtable", 24,
                          {member("max_fds", number, 0), member("fd", any, 8),
                           member("open_fds", any, 16)});
    const Type& files =
        source->structure("files_struct", 8, {to("fdt", table, 0)});
    source->structure("vm_area_struct", 16,
                      {member("vm_next", any, 0), to("vm_file", file, 8)});
    const Type& memory =
        source->structure("mm_struct", 8, {member("mmap", any, 0)});
    source->structure(
        "task_struct", 24,
        {to("fs", fs, 0), to("files", files, 8), to("mm", memory, 16)});
  }
  Object task() const { return object("task_struct", Address{base + task_at}); }

 private:
  Member to(std::string_view name, const Type& type, std::uint64_t offset) {
    return member(name, types().pointer_to(type), offset);
  }
  std::vector<Member> members;
  Type dentry{[this](const Type&, TypeBody& body) { body.members = members; }};
};

// Where a task's parts are; 0 for none.
struct Parts {
  std::uint64_t fs = base + fs_at, files = base + files_at;
  std::uint64_t memory = base + memory_at, area = base + area_at;
  std::uint64_t table = base + table_at, slots = base + slots_at;
  std::uint64_t file = base + file_at, dentry = base + own_at;
  std::uint64_t parent = base + root_at;
};

// A task that lives in the directory "/" and has "/own" open and mapped.
std::string machine(const Parts& parts = {}) {
  return words(task_at, {parts.fs, parts.files, parts.memory}) +
         words(fs_at, {0, base + root_at, 0, base + root_at}) +
         words(files_at, {parts.table}) +
         words(table_at, {64, parts.slots, base + used_at}) +
         words(used_at, {1}) + words(slots_at, {parts.file}) +
         words(memory_at, {parts.area}) + words(area_at, {0, base + file_at}) +
         words(file_at, {0, parts.dentry}) +
         words(root_at, {base + 0x2e0, base + root_at, base + 0x380}) +
         words(own_at, {base + inode_at, parts.parent, base + 0x390}) +
         "@0x380 text \"/\\0\"\n@0x390 text \"own\\0\"\n";
}

// "root cwd fd mmap" of the task, with "!" for each loss.
std::string use(const Parts& parts, bool is_by_name = false) {
  UserKernel kernel(machine(parts));
  FileUsers users = is_by_name ? FileUsers(kernel, "/own")
                               : FileUsers(kernel, Address{base + inode_at});
  FileUse found = users.use(kernel.task());
  std::string text;
  if (found.is_root) text += "root ";
  if (found.is_working) text += "cwd ";
  if (found.is_open) text += "fd ";
  if (found.is_mapped) text += "mmap ";
  return text + std::string(users.losses().size(), '!');
}

TEST(FileUsers, HaveTheFileOpenAndMapped) {
  EXPECT_EQ(use({}), "fd mmap ");
  EXPECT_EQ(use({}, true), "fd mmap ");
}

TEST(FileUsers, HaveItAsTheirDirectories) {
  UserKernel kernel(machine());
  FileUse found = FileUsers(kernel, Address{base + 0x2e0}).use(kernel.task());
  EXPECT_TRUE(found.is_root && found.is_working);
  EXPECT_FALSE(found.is_open || found.is_mapped);
}

TEST(FileUsers, AreNotTasksWithNothing) {
  EXPECT_EQ(use({.fs = 0, .files = 0, .memory = 0}), "");
}

TEST(FileUsers, SayWhatTheyLose) {
  EXPECT_EQ(use({.fs = nowhere}), "fd mmap !!");
  EXPECT_EQ(use({.files = nowhere}), "mmap !");
  EXPECT_EQ(use({.table = nowhere}), "mmap !");
  EXPECT_EQ(use({.slots = nowhere}), "mmap !");
  EXPECT_EQ(use({.file = nowhere}), "mmap !");
  EXPECT_EQ(use({.memory = nowhere}), "fd !");
  EXPECT_EQ(use({.area = nowhere}), "fd !!");
  EXPECT_EQ(use({.dentry = nowhere}), "!");
  EXPECT_EQ(use({.parent = nowhere}, true), "!");
}

TEST(FileUsers, LookOnceAtWhatTasksShare) {
  UserKernel kernel(machine({.files = nowhere}));
  FileUsers users(kernel, Address{base + inode_at});
  users.use(kernel.task());
  EXPECT_EQ(users.losses().size(), 1U);
  EXPECT_TRUE(users.use(kernel.task()).is_mapped);
  EXPECT_TRUE(users.losses().empty());
}

}  // namespace
}  // namespace inquest
