// SPDX-License-Identifier: GPL-3.0-or-later
// Names of files.

#pragma once

#include <string>

#include "kernel/kernel.h"

namespace inquest {

// The whole name of |dentry| as seen from the root of the mount tree; |mount|
// is a struct vfsmount, or a fault where that is not known: then from the root
// of the file system. What belongs to no directory, such as shared memory, has
// its name alone: "SYSV00001234".
Result<std::string> path_name(const Kernel& kernel, const Object& dentry,
                              const Object& mount);

// The name of what a struct file has open.
Result<std::string> file_name(const Kernel& kernel, const Object& file);

}  // namespace inquest
