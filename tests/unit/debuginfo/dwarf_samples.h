// SPDX-License-Identifier: GPL-3.0-or-later
// The sample libraries that dwarf.cmake has compiled.

#pragma once

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"
#include "debuginfo/elf_file.h"

namespace inquest::test {

// Path by kind: "v2" ... "v5_64".
inline std::map<std::string, std::string> dwarf_samples() {
  std::map<std::string, std::string> found;
  for (std::string_view one : split(DWARF_SAMPLES, ':')) {
    std::size_t sign = one.find('=');
    found.emplace(one.substr(0, sign), one.substr(sign + 1));
  }
  return found;
}

inline std::vector<std::string> dwarf_sample_kinds() {
  std::vector<std::string> kinds;
  for (const auto& [kind, path] : dwarf_samples())
    kinds.push_back(kind);
  return kinds;
}

inline std::shared_ptr<const ElfFile> dwarf_sample(const std::string& kind) {
  auto file = ElfFile::open(dwarf_samples().at(kind));
  EXPECT_TRUE(file) << file.error().message();
  return file ? *file : nullptr;
}

// A symbol's value in the sample's own symbol table.
inline std::optional<std::uint64_t> symbol_value(const ElfFile& file,
                                                 std::string_view name) {
  auto symbols = file.symbols();
  if (!symbols) return {};
  for (const ElfSymbol& one : *symbols) {
    if (one.name == name) return one.value;
  }
  return {};
}

// The line of the sample's source that holds |mark|, counted from 1.
inline unsigned marked_line(std::string_view mark) {
  std::ifstream source(INQUEST_SOURCE_DIR
                       "/tests/unit/debuginfo/dwarf_sample.c");
  std::string line;
  for (unsigned number = 1; std::getline(source, line); ++number) {
    if (line.find("MARK: " + std::string(mark)) != std::string::npos) {
      return number;
    }
  }
  return 0;
}

}  // namespace inquest::test
