// SPDX-License-Identifier: GPL-3.0-or-later
// What is fuzzed: functions that take bytes from outside, each with inputs to
// start from.
//
// A target reads its input in every way that the program would, and does not
// care what comes of it: no crash, nothing for the sanitizers, no hang, and no
// more memory than the input accounts for. tests/fuzz/corpus.cc runs targets
// over their seeds and simple mutations of these, in every build;
// tests/fuzz/run has libFuzzer look for more.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace inquest::test {

using Input = std::vector<std::byte>;

struct FuzzTarget {
  std::string_view name;
  void (*run)(Bytes input);
  std::vector<Input> (*seeds)();
};

// One array for each file of targets.
std::span<const FuzzTarget> dump_targets();
std::span<const FuzzTarget> debuginfo_targets();
std::span<const FuzzTarget> kernel_targets();
std::span<const FuzzTarget> text_targets();

std::vector<FuzzTarget> fuzz_targets();
// Null when there is none of that name.
const FuzzTarget* fuzz_target(std::string_view name);

// Takes the first |size| bytes of |input|, or as many as there are.
inline Bytes take(Bytes& input, std::size_t size) {
  if (size > input.size()) size = input.size();
  Bytes taken = input.first(size);
  input = input.subspan(size);
  return taken;
}
// Takes an integer of |size| bytes.
inline std::uint64_t take_number(Bytes& input, std::size_t size) {
  return load_unsigned(take(input, size), std::endian::little);
}

inline Input to_input(std::string_view text) {
  Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}
std::vector<Input> to_inputs(std::span<const std::string_view> texts);

}  // namespace inquest::test
