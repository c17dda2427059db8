// SPDX-License-Identifier: GPL-3.0-or-later
// A folder for one test process: tests run side by side.

#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace inquest::test {

// Its path with a slash at the end; it goes when the process ends.
inline const std::string& temporary_folder() {
  struct Folder {
    Folder()
        : path(testing::TempDir() + "inquest-" + std::to_string(getpid()) +
               "/") {
      std::filesystem::create_directories(path);
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::string path;
  };
  static const Folder folder;
  return folder.path;
}

}  // namespace inquest::test
