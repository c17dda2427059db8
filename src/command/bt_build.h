// SPDX-License-Identifier: GPL-3.0-or-later
// Makes bt's rows.

#pragma once

#include "command/bt_row.h"
#include "kernel/backtrace.h"

namespace inquest {

// What of a stack is wanted.
struct BtWants {
  BtStyle style;
  bool has_lines = false;       // -l
  unsigned words = 0;           // -f 1: raw; -F: 2, symbols; -FF: 3, addresses
  bool is_whole_stack = false;  // -T
  std::optional<Address> pc, sp;         // -I, -S
  std::optional<std::string> reference;  // -R
};

class BtBuilder {
 public:
  BtBuilder(const Kernel& kernel, BtWants wants)
      : kernel_(kernel), wants_(std::move(wants)), walker_(kernel) {}

  // Another one for the same wants: each is for one thread alone.
  BtBuilder fresh() const { return {kernel_, wants_}; }

  // The frames of |task|, or all text addresses on its stack.
  BtRow row(const Object& task);
  // Whether the row has what -R asks for; true without -R.
  bool is_wanted(const BtRow& row) const;
  BtRawRow raw(const Object& task);
  BtExceptionRow exceptions(const Object& task);
  // A CPU's own stacks: the interrupt stack, or those of exceptions.
  std::vector<BtExceptionRow> exceptions(unsigned cpu, bool is_interrupt);
  // Nothing: the stack's end is as it should be, or there is no stack.
  Result<std::optional<BtOverflowRow>> overflow(const Object& task);

 private:
  BtCode code(Address pc, bool is_call) const;
  BtCode caller(Address pc) const;  // |pc|: a return address
  BtRegisters registers(const SavedRegisters& saved) const;
  void add_frames(BtRow& row, const Backtrace& trace);
  void add_words(BtRow& row, const std::vector<StackRange>& stacks) const;
  void scan(BtRow& row, const Backtrace& trace,
            const std::vector<StackRange>& stacks) const;
  void scan_from_frames(BtRow& row, const Backtrace& trace,
                        const std::vector<StackRange>& stacks) const;
  void add_registers(BtRow& row, const Backtrace& trace) const;
  void scan_stack(BtRow& row, const StackRange& stack, Address from,
                  Address to) const;
  static Address scan_end(const Backtrace& trace, const StackRange& stack);
  std::vector<BtExceptionFrame> search(const StackRange& stack,
                                       Address from) const;
  std::string meaning(std::uint64_t value) const;
  Backtrace trace(const Object& task);

  const Kernel& kernel_;
  BtWants wants_;
  StackWalker walker_;
};

}  // namespace inquest
