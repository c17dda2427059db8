// SPDX-License-Identifier: GPL-3.0-or-later
// The types of maple trees, and nodes as a machine's text.

#pragma once

#include "unit/kernel/test_kernel.h"

namespace inquest::test {

// A node in the machine's text: its words from the parent on.
inline std::string node_text(std::uint64_t at,
                             std::vector<std::uint64_t> words) {
  words.resize(32);
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += fmt::format("@{:#x} u64 {:#x}\n", at - TestKernel::base + i * 8,
                        words[i]);
  return text;
}

inline std::vector<std::uint64_t> range_node(std::vector<std::uint64_t> pivots,
                                             std::vector<std::uint64_t> slots) {
  std::vector<std::uint64_t> words = {0x77};
  pivots.resize(15);
  slots.resize(16);
  words.insert(words.end(), pivots.begin(), pivots.end());
  words.insert(words.end(), slots.begin(), slots.end());
  return words;
}

inline std::vector<std::uint64_t> arange_node(std::vector<std::uint64_t> pivots,
                                              std::vector<std::uint64_t> slots,
                                              std::vector<std::uint64_t> gaps) {
  std::vector<std::uint64_t> words = {0x77};
  pivots.resize(9);
  slots.resize(10);
  gaps.resize(10);
  words.insert(words.end(), pivots.begin(), pivots.end());
  words.insert(words.end(), slots.begin(), slots.end());
  words.insert(words.end(), gaps.begin(), gaps.end());
  words.push_back(0x0201);  // the last slot is 1, the largest gap 2
  return words;
}

inline void add_maple_types(TestKernel& kernel) {
  FakeSource* source = kernel.source.get();
  Types& types = kernel.types();
  const Type& word = types.c_type("unsigned long");
  const Type& byte = types.c_type("unsigned char");
  const Type& pointer = types.pointer_to(types.void_type());
  source->structure(
      "maple_tree", 24,
      {member("ma_flags", word, 8), member("ma_root", pointer, 16)});
  const Type& metadata = source->structure(
      "maple_metadata", 2, {member("end", byte, 0), member("gap", byte, 1)});
  const Type& mr64 =
      source->structure("maple_range_64", 256,
                        {member("pivot", types.array_of(word, 15), 8),
                         member("slot", types.array_of(pointer, 16), 128),
                         member("meta", metadata, 248)});
  const Type& ma64 =
      source->structure("maple_arange_64", 256,
                        {member("pivot", types.array_of(word, 9), 8),
                         member("slot", types.array_of(pointer, 10), 80),
                         member("gap", types.array_of(word, 10), 160),
                         member("meta", metadata, 240)});
  source->structure("maple_node", 256,
                    {member("slot", types.array_of(pointer, 31), 8),
                     member("mr64", mr64, 0), member("ma64", ma64, 0)});
}

}  // namespace inquest::test
