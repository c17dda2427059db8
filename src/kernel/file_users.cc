// SPDX-License-Identifier: GPL-3.0-or-later
//
// lockd, where it runs, keeps the files that clients have locked in a table of
// its own, nlm_files; a file is open there once, and since 5.15 (commit
// 7f024fcd5c97) once for each way of access.

#include "kernel/file_users.h"

#include "base/interrupt.h"
#include "kernel/files.h"
#include "kernel/list.h"
#include "kernel/path.h"
#include "kernel/task.h"
#include "kernel/vma.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_lock_chains = 128;

}  // namespace

FileUsers::FileUsers(const Kernel& kernel, std::string path)
    : kernel_(kernel), path_(std::move(path)) {}

FileUsers::FileUsers(const Kernel& kernel, Address inode)
    : kernel_(kernel), inode_(inode) {}

bool FileUsers::is_meant_anew(const Object& dentry, const Object& mount) {
  if (inode_) {
    auto inode = dentry["d_inode"].to_address();
    if (!inode) losses_.push_back(inode.error());
    return inode && *inode == *inode_;
  }
  auto name = path_name(kernel_, dentry.dereference(), mount.dereference());
  if (!name) losses_.push_back(name.error());
  return name && *name == path_;
}

bool FileUsers::is_meant(const Object& path) {
  auto dentry = path["dentry"].to_address();
  auto mount = path["mnt"].to_address();
  if (!dentry || !mount) {
    losses_.push_back(dentry ? mount.error() : dentry.error());
    return false;
  }
  if (dentry->value == 0) return false;
  auto [place, is_new] = places_.emplace(std::pair(*dentry, *mount), false);
  if (is_new) place->second = is_meant_anew(path["dentry"], path["mnt"]);
  return place->second;
}

bool FileUsers::has_open(const Object& task) {
  auto table = task["files"].to_address();
  if (!table) losses_.push_back(table.error());
  if (!table || table->value == 0) return false;
  auto [place, is_new] = tables_.emplace(table->value, false);
  if (!is_new) return place->second;
  for (const OpenFile& open : open_files(kernel_, task)) {
    if (interrupted()) break;
    if (const Error* fault = open.file.fault()) {
      losses_.push_back(*fault);
    } else if (is_meant(open.file["f_path"])) {
      place->second = true;
      break;
    }
  }
  return place->second;
}

bool FileUsers::has_mapped(const Object& task) {
  auto memory = task["mm"].to_address();
  if (!memory) losses_.push_back(memory.error());
  if (!memory || memory->value == 0) return false;
  auto [place, is_new] = memories_.emplace(memory->value, false);
  if (!is_new) return place->second;
  for (const Object& area : vmas(kernel_, task["mm"].dereference())) {
    if (interrupted()) break;
    auto file = area["vm_file"].to_address();
    if (!file) losses_.push_back(file.error());
    if (file && file->value != 0 && is_meant(area["vm_file"]["f_path"])) {
      place->second = true;
      break;
    }
  }
  return place->second;
}

// A struct nlm_file has one file, or since 5.15 (commit 7f024fcd5c97) one to
// read and one to write.
bool FileUsers::is_lock_on(const Object& locked) {
  Object file = locked["f_file"];
  bool is_pair = file.fault() == nullptr && file.type().is_array();
  if (!is_pair) return is_meant(file["f_path"]);
  return is_meant(file.at(0)["f_path"]) || is_meant(file.at(1)["f_path"]);
}

bool FileUsers::is_lock_on_chain(const Object& head) {
  for (const Object& locked :
       hlist_entries(head, kernel_.structure("nlm_file"), "f_list")) {
    if (locked.fault() != nullptr) {
      losses_.push_back(*locked.fault());
      return false;
    }
    if (is_lock_on(locked)) return true;
  }
  return false;
}

bool FileUsers::is_lock_held() {
  if (is_lock_held_) return *is_lock_held_;
  is_lock_held_ = false;
  Object heads = kernel_.variable("nlm_files", "struct hlist_head [128]");
  if (heads.fault() != nullptr) return false;
  for (const Object& task : tasks_named(kernel_, "lockd"))
    lock_tasks_.insert(task.address().value);
  for (std::uint64_t i = 0; i < most_lock_chains; ++i) {
    if (is_lock_on_chain(heads.at(i))) is_lock_held_ = true;
  }
  return *is_lock_held_;
}

// A task that has exited is nowhere.
bool FileUsers::is_directory(const Object& task, std::string_view which) {
  auto path = task_directory(task, which);
  if (path) return is_meant(*path);
  if (path.error().kind() != ErrorKind::not_found) {
    losses_.push_back(path.error());
  }
  return false;
}

FileUse FileUsers::use(const Object& task) {
  losses_.clear();
  FileUse use;
  use.is_root = is_directory(task, "root");
  use.is_working = is_directory(task, "pwd");
  use.is_open = has_open(task);
  use.is_mapped = has_mapped(task);
  use.is_locked = is_lock_held() && lock_tasks_.contains(task.address().value);
  return use;
}

}  // namespace inquest
