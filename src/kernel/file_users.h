// SPDX-License-Identifier: GPL-3.0-or-later
// Which tasks use a file.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// What a task does with a file.
struct FileUse {
  bool is_root = false, is_working = false;  // as a directory
  bool is_open = false, is_mapped = false;
  bool is_locked = false;  // by lockd, for clients elsewhere
  bool any() const {
    return is_root || is_working || is_open || is_mapped || is_locked;
  }
};

// The users of one file, which is known by its path or by its inode. What
// tasks share is looked at once.
class FileUsers {
 public:
  FileUsers(const Kernel& kernel, std::string path);
  FileUsers(const Kernel& kernel, Address inode);

  FileUse use(const Object& task);
  // What kept the last use() from knowing all.
  const std::vector<Error>& losses() const { return losses_; }

 private:
  bool is_meant(const Object& path);  // a struct path
  bool is_meant_anew(const Object& dentry, const Object& mount);
  bool is_directory(const Object& task, std::string_view which);
  bool has_open(const Object& task);
  bool has_mapped(const Object& task);
  bool is_lock_held();
  bool is_lock_on_chain(const Object& head);  // a struct hlist_head
  bool is_lock_on(const Object& locked);      // a struct nlm_file

  const Kernel& kernel_;
  std::string path_;
  std::optional<Address> inode_;
  // By what was looked at: dentry and mount, files_struct, mm_struct.
  std::map<std::pair<Address, Address>, bool> places_;
  std::unordered_map<std::uint64_t, bool> tables_, memories_;
  std::optional<bool> is_lock_held_;
  std::unordered_set<std::uint64_t> lock_tasks_;
  std::vector<Error> losses_;
};

}  // namespace inquest
