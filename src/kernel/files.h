// SPDX-License-Identifier: GPL-3.0-or-later
// Files, and which of them tasks have open.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// What kind of file a struct inode is: "REG", "DIR", "CHR", "SOCK", ...
Result<std::string_view> file_kind(const Object& inode);

// The struct inode of a struct file; its address is 0 where it has none.
Object file_inode(const Object& file);

// What a dentry or an open file stands for; each field stands or falls by
// itself.
struct FileState {
  Address file;  // struct file; 0 where only the dentry is known
  Result<Address> dentry;
  Result<Address> inode;  // 0: the file is gone, or never was
  Result<Address> superblock;
  Result<Address> mapping;        // struct address_space
  Result<std::uint64_t> pages;    // of it that are in the page cache
  Result<std::string_view> kind;  // as file_kind() says
  // The path; of a socket, its protocol: "TCP", "UNIX-STREAM".
  Result<std::string> name;
};
FileState file_state(const Kernel& kernel, const Object& file);
// |dentry| by its first mount, where its file system has one.
FileState dentry_state(const Kernel& kernel, const Object& dentry);

// The struct file of each file descriptor in use. What hides some of them is
// the last item, as a fault.
struct OpenFile {
  unsigned descriptor = 0;
  Object file;
};
Generator<OpenFile> open_files(const Kernel& kernel, Object task);

// The struct path of a task's root and working directory: "root", "pwd".
// |not_found| for a task that has given them up.
Result<Object> task_directory(const Object& task, std::string_view which);

}  // namespace inquest
