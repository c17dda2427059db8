// SPDX-License-Identifier: GPL-3.0-or-later
//
// A dentry knows its name and its parent; the root of a file system is its own
// parent. Where that root is seen is up to the mount: struct vfsmount is part
// of struct mount (3.3 on), which knows its parent mount and
// the dentry there that it covers. The topmost mount is its own parent.

#include "kernel/path.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/faults.h"

namespace inquest {
namespace {

// The kernel's own limits are far below: PATH_MAX, and mounts in mounts.
constexpr std::size_t most_parts = 4096;
constexpr std::size_t longest_name = 4096;

// Where a walk up has come to.
struct Place {
  Object dentry;
  Object mount;  // struct vfsmount, or a fault
};

bool has_mount(const Place& place) {
  auto root = place.mount["mnt_root"].to_address();
  return root && root->value != 0;
}

Result<std::string> name_of(const Object& dentry) {
  Object text = dentry["d_name"]["name"];
  Address at = TRY(text.to_address());
  return dentry.space().c_string(at, longest_name);
}

// The name of what is in no directory, as /proc/PID/fd has it.
Result<std::string> name_alone(const Kernel& kernel, const Object& dentry,
                               std::string name) {
  Object superblock = dentry["d_sb"];
  auto type = superblock["s_type"]["name"].to_string();
  if (!type) {
    note_if_lost(kernel, type.error(),
                 fmt::format("the kind of the file \"{}\"", name));
    return name;
  }
  if (*type == "anon_inodefs") return "anon_inode:" + name;
  if (*type == "pipefs") {
    name = "pipe";
  } else if (*type == "sockfs") {
    name = "socket";
  } else if (*type == "nsfs") {
    const Type* space = TRY(kernel.structure("ns_common"));
    Address at = TRY(dentry["d_inode"]["i_private"].to_address());
    Object operations = Object(kernel.memory(), *space, at)["ops"];
    name = TRY(operations["name"].to_string());
  } else {
    return name;
  }
  std::uint64_t number = TRY(dentry["d_inode"]["i_ino"].to_unsigned());
  return fmt::format("{}:[{}]", name, number);
}

// From the root of a file system to the directory that it is mounted on;
// false: there is nothing above.
Result<bool> leave_mount(const Kernel& kernel, Place& place) {
  const Type* type = TRY(kernel.structure("mount"));
  Object mount = place.mount.container_of(*type, "mnt");
  if (mount.fault() != nullptr) return *mount.fault();
  Address parent = TRY(mount["mnt_parent"].to_address());
  if (parent.value == 0 || parent == mount.address()) return false;
  place.dentry = mount["mnt_mountpoint"].dereference();
  place.mount = kernel.object("mount", parent)["mnt"];
  return true;
}

// One step up; false: there is nothing above. Names that were passed are added
// to |parts|.
Result<bool> go_up(const Kernel& kernel, Place& place,
                   std::vector<std::string>& parts) {
  if (place.dentry.fault() != nullptr) return *place.dentry.fault();
  if (has_mount(place)) {
    Address root = TRY(place.mount["mnt_root"].to_address());
    if (root == place.dentry.address()) return leave_mount(kernel, place);
  }
  Address parent = TRY(place.dentry["d_parent"].to_address());
  bool is_top = parent == place.dentry.address() || parent.value == 0;
  // The root's own name counts only for what is in no directory.
  if (is_top && !parts.empty()) return false;
  parts.push_back(TRY(name_of(place.dentry)));
  if (is_top) return false;
  place.dentry = place.dentry["d_parent"].dereference();
  return true;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string path;
  for (std::size_t i = parts.size(); i-- > 0;)
    path += "/" + parts[i];
  return path.empty() ? "/" : path;
}

}  // namespace

Result<std::string> path_name(const Kernel& kernel, const Object& dentry,
                              const Object& mount) {
  Place place{dentry, mount};
  Address own_parent = TRY(dentry["d_parent"].to_address());
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < most_parts && !interrupted(); ++i) {
    if (TRY(go_up(kernel, place, parts))) continue;
    bool is_alone = parts.size() == 1 && own_parent == dentry.address() &&
                    place.dentry.address() == dentry.address();
    return is_alone ? name_alone(kernel, dentry, parts.front()) : joined(parts);
  }
  return Error(ErrorKind::corrupt, "the directories above do not end",
               dentry.address().value);
}

Result<std::string> file_name(const Kernel& kernel, const Object& file) {
  Object path = file["f_path"];
  Object dentry = path["dentry"];
  Object mount = path["mnt"];
  if (dentry.fault() != nullptr) return *dentry.fault();
  if (TRY(dentry.to_address()).value == 0) {
    return Error(ErrorKind::not_found, "the file has no name");
  }
  auto mount_at = mount.to_address();
  bool is_mounted = mount_at && mount_at->value != 0;
  return path_name(kernel, dentry.dereference(),
                   is_mounted ? mount.dereference()
                              : Object(Error(ErrorKind::not_found,
                                             "the file has no mount")));
}

}  // namespace inquest
