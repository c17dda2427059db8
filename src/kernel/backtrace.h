// SPDX-License-Identifier: GPL-3.0-or-later
// The stack of a task: from where it stopped to the outermost frame, across
// every stack that the CPU ran on.
//
// A task that sleeps goes on where its thread_struct says. One that was
// running when the machine stopped is followed from the registers that were
// saved for its CPU: kdump's crash notes, or the CPU notes of a virtual
// machine's dump. Kdump saves the registers of the code that the panic or the
// stop request interrupted, so the frames of the stop itself lie below; they
// are found by the return address into machine_kexec or crash_nmi_callback,
// which is believed only if unwinding from there leads to the outermost frame
// or to the very registers of the note.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/generated_code.h"
#include "kernel/kernel.h"
#include "kernel/linux_arch.h"
#include "unwind/unwind.h"

namespace inquest {

struct Frame {
  Address slot;  // LinuxArch::slot() of its registers
  Address pc;
  bool is_call = true;      // pc is a return address
  std::string stack;        // "process", "IRQ", "NMI exception", ...
  std::string_view method;  // how it was found; "" for the first one
  // The registers saved where this frame was entered.
  std::optional<SavedRegisters> registers;
};

struct Backtrace {
  std::vector<Frame> frames;
  // Registers without a frame: user code was running.
  std::optional<SavedRegisters> user;
  // Why the chain ends before the outermost frame, or why there is none.
  std::optional<Error> broken;
  bool is_active = false;
};

class StackWalker {
 public:
  // Looks nothing up yet. Not safe from many threads.
  explicit StackWalker(const Kernel& kernel);

  // |task|: a struct task_struct.
  Backtrace walk(const Object& task);
  // From a return address |pc| at the slot or frame record |sp|, either of
  // which may be missing: pc is then read from there, or the task's own
  // registers are taken.
  Backtrace walk_from(const Object& task, std::optional<Address> pc,
                      std::optional<Address> sp);

  // The stacks that |task| may be on: its own; when active, its CPU's too.
  std::vector<StackRange> stacks(const Object& task);
  // Names code that the kernel made at run time; null for any other.
  const GeneratedCode* generated_code(Address pc) const {
    return generated_->find(pc);
  }
  // The CPU on which |task| is current.
  std::optional<unsigned> active_cpu(const Object& task);

 private:
  struct Start {
    Registers registers;
    bool is_call = true;
  };

  Backtrace follow(const Object& task, const Start& start);
  Backtrace walk_sleeping(const Object& task);
  Backtrace walk_return(const Object& task, Address slot);
  Backtrace walk_active(const Object& task, unsigned cpu);
  // From a return address into one of |functions|, if that leads to the
  // outermost frame or to |note|.
  std::optional<Backtrace> walk_stop(
      const Object& task, std::span<const std::string_view> functions,
      const std::optional<Registers>& note);
  std::optional<Registers> note(unsigned cpu);

  const Kernel& kernel_;
  std::shared_ptr<const GeneratedCodes> generated_;
  Unwinder unwinder_;
  bool has_active_ = false;
  std::map<Address, unsigned> active_;  // task_struct to CPU
  std::map<unsigned, std::vector<StackRange>> cpu_stacks_;
};

}  // namespace inquest
