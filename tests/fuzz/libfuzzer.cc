// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer's view of one target, whose name is the first argument.

#include <cstdio>
#include <cstdlib>

#include "fuzz/target.h"

namespace inquest::test {
namespace {

// The first call chooses it.
const FuzzTarget& chosen_target(const char* name) {
  static const FuzzTarget* const chosen = fuzz_target(name);
  if (chosen == nullptr) {
    std::fputs("usage: fuzz TARGET [libFuzzer's arguments]\n", stderr);
    std::exit(2);
  }
  return *chosen;
}

}  // namespace
}  // namespace inquest::test

extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
  inquest::test::chosen_target(*count > 1 ? (*words)[1] : "");
  // Further processes of libFuzzer's would be started with all of them.
  for (int i = 1; i + 1 < *count; ++i)
    (*words)[i] = (*words)[i + 1];
  --*count;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  inquest::test::chosen_target("").run(std::as_bytes(std::span(data, size)));
  return 0;
}
