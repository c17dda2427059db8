// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged debug info: any answer will do, but there must be one, and nothing
// may be read outside the file.

#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "unit/debuginfo/dwarf_questions.h"
#include "unit/debuginfo/dwarf_samples.h"

namespace inquest::test {
namespace {

constexpr int mutations_per_sample = 320;

class DwarfMutation : public testing::TestWithParam<std::string> {};

TEST_P(DwarfMutation, Survives) {
  auto sample = dwarf_sample(GetParam());
  Address code{symbol_value(*sample, "sample_function").value()};
  std::vector<ElfSection> targets;
  for (const ElfSection& section : sample->sections()) {
    bool is_wanted =
        section.name.starts_with(".debug_") || section.name == ".eh_frame";
    if (is_wanted && section.size != 0) targets.push_back(section);
  }
  ASSERT_GE(targets.size(), 4U);
  std::mt19937_64 random(7);
  for (int i = 0; i < mutations_per_sample; ++i) {
    std::vector<std::byte> bytes(sample->image().begin(),
                                 sample->image().end());
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const ElfSection& section = targets[random() % targets.size()];
      std::size_t at = section.offset.value + random() % section.size;
      const std::byte extremes[] = {std::byte(0), std::byte(0xff),
                                    std::byte(0x7f), std::byte(0x80)};
      bytes[at] = random() % 2 ? bytes[at] ^ std::byte(1 << random() % 8)
                               : extremes[random() % 4];
    }
    auto file = ElfFile::from_bytes(std::move(bytes), "mutant");
    ASSERT_TRUE(file);
    ask_types(*file);
    ask_code(*file, code);
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, DwarfMutation,
                         testing::ValuesIn(dwarf_sample_kinds()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace inquest::test
