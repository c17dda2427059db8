// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels with debug information that this machine happens to have.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace inquest::test {

// vmlinux files for x86_64: Debian's packages', and those that lab/ fetched.
inline std::vector<std::filesystem::path> debug_kernels() {
  namespace fs = std::filesystem;
  const char* home = std::getenv("HOME");
  fs::path lab =
      fs::path(home != nullptr ? home : "/") / ".cache/inquest/lab/kernels";
  std::vector<fs::path> roots = {"/"};
  std::error_code failed;
  for (const auto& kernel : fs::directory_iterator(lab, failed))
    roots.push_back(kernel.path());
  std::vector<fs::path> found;
  for (const fs::path& root : roots) {
    for (const auto& file :
         fs::directory_iterator(root / "usr/lib/debug/boot", failed)) {
      std::string name = file.path().filename().string();
      if (name.starts_with("vmlinux") && name.ends_with("amd64"))
        found.push_back(file.path());
    }
  }
  return found;
}

}  // namespace inquest::test
