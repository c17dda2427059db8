// SPDX-License-Identifier: GPL-3.0-or-later
// What unwinding x86_64 code needs to know: register numbers (DWARF's, which
// are the first of Arch::registers()) and the words of Linux's struct pt_regs,
// whose layout is part of its user interface and has never changed.

#pragma once

#include <array>
#include <span>

#include "unwind/unwind.h"

namespace inquest::x86_64 {

enum Register : unsigned {
  rax,
  rdx,
  rcx,
  rbx,
  rsi,
  rdi,
  rbp,
  rsp,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rip,
};

// The words of pt_regs, lowest address first.
enum Word : unsigned {
  r15_word,
  r14_word,
  r13_word,
  r12_word,
  rbp_word,
  rbx_word,
  r11_word,
  r10_word,
  r9_word,
  r8_word,
  rax_word,
  rcx_word,
  rdx_word,
  rsi_word,
  rdi_word,
  orig_rax_word,
  rip_word,  // the hardware's part from here on
  cs_word,
  rflags_word,
  rsp_word,
  ss_word,
  word_count,
};

using PtRegs = std::array<std::uint64_t, word_count>;

// The pt_regs at |at|; |fault| when it cannot be read.
Result<PtRegs> pt_regs(const AddressSpace& memory, Address at);
// Only the hardware's part, which lies at |at|; other words are 0.
Result<PtRegs> hardware_regs(const AddressSpace& memory, Address at);
Registers to_registers(const PtRegs& words);
// Whether user code was interrupted.
inline bool is_user(const PtRegs& words) {
  return (words[cs_word] & 3) == 3;
}

}  // namespace inquest::x86_64
