// SPDX-License-Identifier: GPL-3.0-or-later
// Machine code as text, in gdb's own words: libopcodes, loaded when first used.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "arch/arch.h"

namespace inquest {

struct Instruction {
  unsigned size = 0;
  std::string text;  // "mov    0x20(%rdi),%rax"; tabs as libopcodes gives them
};

class Disassembler {
 public:
  // How an address in an operand is written, for example
  // "0xffffffff81000000 <_stext>".
  using AddressText = std::function<std::string(Address)>;

  // |unsupported| when libopcodes cannot be loaded or lacks the architecture.
  static Result<std::unique_ptr<Disassembler>> open(
      const Arch& arch, const AddressText& address_text);
  virtual ~Disassembler() = default;

  // Decodes the instruction at the start of |code|, which lies at |at|.
  virtual Result<Instruction> decode(Bytes code, Address at) = 0;
};

}  // namespace inquest
