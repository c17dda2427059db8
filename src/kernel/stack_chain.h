// SPDX-License-Identifier: GPL-3.0-or-later
// One walk up a chain of frames.

#pragma once

#include "kernel/backtrace.h"
#include "kernel/return_hooks.h"

namespace inquest {

class StackChain {
 public:
  StackChain(const Kernel& kernel, const Unwinder& unwinder,
             const GeneratedCodes& generated, const Object& task,
             std::vector<StackRange> stacks)
      : kernel_(kernel),
        unwinder_(unwinder),
        generated_(generated),
        stacks_(std::move(stacks)),
        hooks_(kernel, task),
        task_(task) {}

  // Bounded; every step leads up the stack or to another stack.
  Backtrace follow(const Registers& registers, bool is_call);

 private:
  enum class Next { frame, done };

  Next step();
  Next enter_registers(const Step& step);
  Next enter_call(const Step& step);
  Next end();
  Next break_off(Error reason);
  Address slot(bool is_call) const;
  void push(bool is_call);
  std::string stack_name(Address at) const;
  bool leads_up(Address from, Address to);
  bool is_code(Address at) const;
  std::uint64_t pc() const;
  std::uint64_t sp() const;

  const Kernel& kernel_;
  const Unwinder& unwinder_;
  const GeneratedCodes& generated_;
  std::vector<StackRange> stacks_;
  ReturnHooks hooks_;
  const Object& task_;

  Registers registers_;
  bool is_call_ = true;
  bool is_interrupted_ = false;  // registers_ are an interrupted function's
  unsigned switches_ = 0;
  Backtrace found_;
};

}  // namespace inquest
