// SPDX-License-Identifier: GPL-3.0-or-later
//
// A mount namespace keeps its mounts on a list, where readers of
// /proc/mounts put marks of their own from 5.8 (commit 9f6c61f96f2d) to 6.7,
// and in a tree sorted by mnt_id_unique since 6.8 (commit 2eea9ce4310d).

#include "kernel/mounts.h"

#include "kernel/list.h"
#include "kernel/path.h"

namespace inquest {
namespace {

constexpr std::uint64_t mnt_cursor = 0x10000000;

// The task's own namespace; a task that has exited has none any more.
Object mount_namespace(const Kernel& kernel, const Object& task) {
  auto proxy = pointed(task["nsproxy"], "the task has no mount namespace");
  if (!proxy) return std::move(proxy).error();
  Object space = (*proxy)["mnt_ns"].dereference();
  if (space.fault() == nullptr || kernel.has_member("mnt_namespace", "root")) {
    return space;
  }
  return Error(ErrorKind::unsupported, "there is no struct mnt_namespace");
}

Generator<Object> listed(const Kernel& kernel, Object space) {
  for (const Object& mount :
       list_entries(space["list"], kernel.structure("mount"), "mnt_list")) {
    if (mount.fault() == nullptr) {
      auto flags = mount["mnt"]["mnt_flags"].to_unsigned();
      if (flags && (*flags & mnt_cursor) != 0) continue;
    }
    co_yield mount;
  }
}

bool is_kernel_address(const Kernel& kernel, Address at) {
  return at.value != 0 && kernel.memory().to_physical(at);
}

// The lists of struct inode in a bdi_writeback, and the link: i_io_list since
// 4.4 (commit c7f540849854), i_wb_list before.
Generator<Object> queued_inodes(const Kernel& kernel, Object queue) {
  std::string link =
      kernel.has_member("inode", "i_io_list") ? "i_io_list" : "i_wb_list";
  for (std::string_view list :
       {"b_dirty", "b_io", "b_more_io", "b_dirty_time"}) {
    if (!queue.has_member(list)) continue;
    for (const Object& inode :
         list_entries(queue[list], kernel.structure("inode"), link)) {
      co_yield inode;
    }
  }
}

Generator<Object> writeback_queues(const Kernel& kernel, Object device) {
  if (device.fault() != nullptr || !device.has_member("wb_list")) {
    Object only = device["wb"];
    co_yield only;
    co_return;
  }
  for (const Object& queue : list_entries(
           device["wb_list"], kernel.structure("bdi_writeback"), "bdi_node")) {
    co_yield queue;
  }
}

// Faults belong to whatever is asked for.
bool is_of(const Object& inode, Address super_block) {
  if (inode.fault() != nullptr) return true;
  auto of = inode["i_sb"].to_address();
  return of && *of == super_block;
}

}  // namespace

Generator<Object> mounts(const Kernel& kernel, const Object& task) {
  Object space = mount_namespace(kernel, task);
  if (space.fault() != nullptr) {
    co_yield space;
    co_return;
  }
  bool is_tree = space.has_member("mounts.rb_node");
  for (const Object& mount :
       is_tree ? rbtree_entries(space["mounts"], kernel.structure("mount"),
                                "mnt_node")
               : listed(kernel, space)) {
    co_yield mount;
  }
}

Mount mount_record(const Kernel& kernel, const Object& mount) {
  Object seen = mount["mnt"];
  Object super = seen["mnt_sb"];
  return {.address = mount.address(),
          .vfsmount = seen.address(),
          .super_block = super.to_address(),
          .type = super["s_type"]["name"].to_string(),
          .device = mount["mnt_devname"].to_string(),
          .directory = path_name(kernel, seen["mnt_root"].dereference(), seen)};
}

// A dentry leads to its inode, and both to the same super_block.
Result<Address> super_block_of(const Kernel& kernel, Address at) {
  Object dentry = kernel.object("dentry", at);
  auto inode = dentry["d_inode"].to_address();
  auto super = dentry["d_sb"].to_address();
  if (inode && super && is_kernel_address(kernel, *super)) {
    if (inode->value == 0) return *super;
    auto same = dentry["d_inode"]["i_sb"].to_address();
    if (same && *same == *super) return *super;
  }
  Object node = kernel.object("inode", at);
  auto owner = node["i_sb"].to_address();
  if (owner && is_kernel_address(kernel, *owner)) return *owner;
  return Error(ErrorKind::not_found, "neither a dentry nor an inode");
}

// One bdi_writeback in the bdi; since 4.2 one for each cgroup, all on wb_list
// (commit b817525a4a80).
Generator<Object> dirty_inodes(const Kernel& kernel, Address super_block) {
  Object super = kernel.object("super_block", super_block);
  Object device = super["s_bdi"].dereference();
  for (const Object& queue : writeback_queues(kernel, device)) {
    if (queue.fault() != nullptr) {
      co_yield queue;
      co_return;
    }
    for (const Object& inode : queued_inodes(kernel, queue)) {
      if (is_of(inode, super_block)) co_yield inode;
    }
  }
}

// Removed in 3.13 (commit eee5cc2702929).
Result<void> open_files_are_listed(const Kernel& kernel) {
  if (kernel.has_member("super_block", "s_files")) {
    return Error(ErrorKind::unsupported,
                 "super_block.s_files is not looked at: use \"foreach files\"");
  }
  return Error(
      ErrorKind::unsupported,
      "the super_block.s_files linked list does not exist in this kernel");
}

}  // namespace inquest
