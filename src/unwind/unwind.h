// SPDX-License-Identifier: GPL-3.0-or-later
// Who called whom: from a set of registers to the caller's, by ORC, by
// .debug_frame, by frame pointers, in that order. Knows nothing of tasks: the
// stacks it may read and the symbols it may ask come from its user.

#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/arch.h"
#include "memory/address_space.h"

namespace inquest {

// Registers of one frame, by Arch::registers() index; some are not known.
class Registers {
 public:
  static constexpr std::size_t limit = 64;

  bool has(unsigned index) const { return known_[index]; }
  std::optional<std::uint64_t> find(unsigned index) const {
    return known_[index] ? std::optional(values_[index]) : std::nullopt;
  }
  void set(unsigned index, std::uint64_t value) {
    values_[index] = value;
    known_.set(index);
  }
  void forget(unsigned index) { known_.reset(index); }

 private:
  std::array<std::uint64_t, limit> values_{};
  std::bitset<limit> known_;
};

// What a step found above a frame.
enum class StepKind {
  call,       // an ordinary caller
  registers,  // a full pt_regs (interrupt, exception, system call entry)
  iret,       // only the hardware's part of pt_regs
  end,        // the outermost frame: user mode or the thread's start
};

struct Step {
  StepKind kind = StepKind::call;
  bool is_call = true;                 // the caller's pc is a return address
  Registers registers;                 // of the caller
  std::optional<Address> return_slot;  // where the return address was read
  std::optional<Address> saved_at;     // registers, iret: where they lie
  std::string_view method;             // "ORC", "CFI", "frame pointer"
};

// One way to find the caller.
class UnwindMethod {
 public:
  virtual ~UnwindMethod() = default;
  // |is_call|: pc is a return address (look up pc - 1). |not_found| when this
  // method knows nothing about pc: the next one is asked. |corrupt| when the
  // answer makes no sense, |fault| when the stack cannot be read.
  virtual Result<Step> step(const Registers& registers, bool is_call,
                            const AddressSpace& stack) const = 0;
};

// Asks |methods| in order.
class Unwinder {
 public:
  explicit Unwinder(std::vector<std::shared_ptr<const UnwindMethod>> methods)
      : methods_(std::move(methods)) {}
  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const;

 private:
  std::vector<std::shared_ptr<const UnwindMethod>> methods_;
};

}  // namespace inquest
