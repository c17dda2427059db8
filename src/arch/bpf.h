// SPDX-License-Identifier: GPL-3.0-or-later
// Instructions of eBPF, as text: the language of the kernel's verifier.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace inquest {

struct BpfInstruction {
  std::uint8_t code = 0;
  unsigned target = 0, source = 0;  // registers
  std::int16_t offset = 0;
  std::int32_t immediate = 0;
  std::optional<std::uint64_t> wide;  // of an instruction of two units

  static constexpr std::size_t unit = 8;  // bytes
  std::size_t size() const { return wide ? 2 * unit : unit; }
};

// The first of |code|; |corrupt| when that is too short.
Result<BpfInstruction> bpf_instruction(Bytes code, std::endian endian);

// What numbers stand for, "" where that is not known.
struct BpfNames {
  std::function<std::string(std::int32_t)> function = {};   // called
  std::function<std::string(std::uint64_t)> constant = {};  // a wide one
};

// "r1 = *(u32 *)(r6 +4)". An instruction that does not exist is "BUG_" and its
// code.
std::string bpf_text(const BpfInstruction& instruction, const BpfNames& names);

}  // namespace inquest
