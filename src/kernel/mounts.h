// SPDX-License-Identifier: GPL-3.0-or-later
// Mounted file systems.

#pragma once

#include <string>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// The mounts that |task| sees (nsproxy.mnt_ns), each a struct mount, in the
// order in which they were made; the last item may be a fault.
Generator<Object> mounts(const Kernel& kernel, const Object& task);

// What a mount is; each field stands or falls by itself.
struct Mount {
  Address address;   // struct mount
  Address vfsmount;  // the part of it that the rest of the kernel sees
  Result<Address> super_block;
  Result<std::string> type, device, directory;
};
Mount mount_record(const Kernel& kernel, const Object& mount);

// The super_block of a struct dentry or struct inode at |at|, if it is one:
// |not_found| for anything else.
Result<Address> super_block_of(const Kernel& kernel, Address at);

// The inodes of |super_block| that wait to be written back, from the lists of
// its bdi; the last item may be a fault.
Generator<Object> dirty_inodes(const Kernel& kernel, Address super_block);

// Why the kernel cannot say which files of a file system are open: it knows
// since 3.13 only which files each task has open.
Result<void> open_files_are_listed(const Kernel& kernel);

}  // namespace inquest
