// SPDX-License-Identifier: GPL-3.0-or-later
// Unwinding arm64 code. A function that calls others keeps a frame record,
// which x29 points to: the caller's x29 and the return address. Kernels are
// always built with them, so a chain of calls is a chain of records. Two things
// break it: an exception, where the entry code saves a pt_regs that has a
// record inside, and an interrupted function that does not have its record
// yet, or any more, and whose return address is in x30.

#pragma once

#include <array>
#include <functional>

#include "unwind/unwind.h"

namespace inquest::arm64_registers {

// Indexes in Arch::registers(): x0 to x30 are their own numbers.
enum Register : unsigned { fp = 29, lr = 30, sp = 31, pc = 32, pstate = 33 };

// The part of pt_regs that is struct user_pt_regs, part of the user interface:
// x0 to x30, sp, pc, pstate, in the order of the registers above.
constexpr std::size_t word_count = 34;
constexpr std::uint64_t words_size = word_count * 8;
using PtRegs = std::array<std::uint64_t, word_count>;

Result<PtRegs> pt_regs(const AddressSpace& memory, Address at);
Registers to_registers(const PtRegs& words);
// Whether user code was interrupted: EL0, in 64 or 32 bits.
inline bool is_user(std::uint64_t pstate_word) {
  return (pstate_word & 0xf) == 0;
}

}  // namespace inquest::arm64_registers

namespace inquest {

// The way into the kernel from an exception.
struct KernelEntry {
  // Whether a return address is one of the entry code, which calls a handler
  // with x29 at the record inside of a pt_regs.
  std::function<bool(Address pc)> contains;
  std::uint64_t record_at = 0;  // offset of that record in pt_regs
};

// From call to call.
class FrameRecordMethod : public UnwindMethod {
 public:
  explicit FrameRecordMethod(KernelEntry entry) : entry_(std::move(entry)) {}

  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const override;

 private:
  std::optional<Step> exception(Address record,
                                const AddressSpace& stack) const;

  KernelEntry entry_;
};

// From an interrupted function without frame information: its instructions
// tell whether x29 is its own already.
class LinkRegisterMethod : public UnwindMethod {
 public:
  using FunctionStart = std::function<std::optional<Address>(Address pc)>;
  explicit LinkRegisterMethod(FunctionStart function_start)
      : function_start_(std::move(function_start)) {}

  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const override;

 private:
  FunctionStart function_start_;
};

}  // namespace inquest
