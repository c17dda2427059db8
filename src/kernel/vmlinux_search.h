// SPDX-License-Identifier: GPL-3.0-or-later
// Finding the vmlinux with debug information that belongs to a dump.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "debuginfo/elf_file.h"

namespace inquest {

// What a dump says of its kernel; what it does not say is empty.
struct VmlinuxQuery {
  std::string release;   // uname -r
  std::string version;   // uname -v
  std::string build_id;  // in hex
  std::vector<std::filesystem::path> dumps;
};

// Files to try, best first; only such as exist. |root| stands for "/".
std::vector<std::filesystem::path> vmlinux_places(
    const VmlinuxQuery& query, const std::filesystem::path& root = "/");

// The first of vmlinux_places() that is the right one. |not_found| says what
// was looked for, which files were another kernel's, and which package would
// bring the right one.
Result<std::shared_ptr<const ElfFile>> find_vmlinux(
    const VmlinuxQuery& query, const std::filesystem::path& root = "/");

// |not_found| unless |file| is the kernel of the dump as far as build-ids
// tell: names both.
Result<void> check_build_id(const VmlinuxQuery& query, const ElfFile& file);

// "install linux-image-6.1.0-9-amd64-dbg (Debian)", guessed from release and
// version; never empty.
std::string vmlinux_advice(const VmlinuxQuery& query);

}  // namespace inquest
