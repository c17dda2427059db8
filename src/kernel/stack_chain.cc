// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/stack_chain.h"

#include <fmt/format.h>

#include "kernel/task.h"

namespace inquest {
namespace {

constexpr std::size_t frame_limit = 1000;
constexpr unsigned switch_limit = 32;
constexpr std::string_view elsewhere = "unknown";

}  // namespace

bool StackChain::is_code(Address at) const {
  return kernel_.is_text(at) || generated_.find(at) != nullptr;
}

Backtrace StackChain::follow(const Registers& registers, bool is_call) {
  registers_ = registers;
  registers_.set(kernel_.arch().pc_register(),
                 kernel_.layout().code_address(pc()).value);
  is_call_ = is_call;
  push(is_call);
  while (step() == Next::frame) {
    if (found_.frames.size() < frame_limit) continue;
    break_off({ErrorKind::corrupt, "the stack goes on without end"});
    break;
  }
  return std::move(found_);
}

std::uint64_t StackChain::pc() const {
  return registers_.find(kernel_.arch().pc_register()).value_or(0);
}

std::uint64_t StackChain::sp() const {
  return registers_.find(kernel_.arch().sp_register()).value_or(0);
}

Address StackChain::slot(bool is_call) const {
  return kernel_.linux_arch().slot(registers_, is_call);
}

void StackChain::push(bool is_call) {
  Frame frame;
  frame.slot = slot(is_call);
  frame.pc = Address{pc()};
  frame.is_call = is_call;
  frame.stack = stack_name(frame.slot);
  found_.frames.push_back(std::move(frame));
}

std::string StackChain::stack_name(Address at) const {
  for (const StackRange& stack : stacks_) {
    if (stack.contains(at)) return stack.name;
  }
  return std::string(elsewhere);
}

StackChain::Next StackChain::break_off(Error reason) {
  found_.broken = std::move(reason);
  return Next::done;
}

// The outermost frame of a process that has yet to run in user mode: what it
// will start with lies at the top of its stack (below a padding with FRED).
StackChain::Next StackChain::end() {
  auto mm = task_mm(task_);
  if (!mm || mm->value == 0 || found_.frames.empty()) return Next::done;
  auto base = task_stack(task_);
  if (!base || stack_name(found_.frames.back().slot) != "process") {
    return Next::done;
  }
  for (std::uint64_t padding : {0U, 16U}) {
    Address top = *base + stack_size(kernel_) - padding;
    auto saved = kernel_.linux_arch().saved_registers(
        kernel_, top - kernel_.linux_arch().saved_size(kernel_), false);
    if (!saved || !saved->is_user) continue;
    found_.frames.back().registers = std::move(saved).value();
    break;
  }
  return Next::done;
}

StackChain::Next StackChain::step() {
  if (!is_code(Address{pc()})) {
    if (!is_interrupted_) {
      return break_off(
          {ErrorKind::corrupt, fmt::format("{:x} is no code", pc()), pc()});
    }
    // A jump to what is no code: the caller is where it came from.
    is_interrupted_ = false;
    auto caller = kernel_.linux_arch().not_entered(kernel_, registers_);
    if (caller) {
      Step step;
      step.registers = *caller;
      step.method = "call to no code";
      return enter_call(step);
    }
  }
  is_interrupted_ = false;
  Result<Step> found = unwinder_.step(registers_, is_call_, kernel_.memory());
  if (!found) return break_off(std::move(found).error());
  switch (found->kind) {
    case StepKind::end:
      return end();
    case StepKind::call:
      return enter_call(*found);
    default:
      return enter_registers(*found);
  }
}

// Whether a walk from |from| to |to| makes progress: upwards on one stack, or
// to another stack, which happens a few times only.
bool StackChain::leads_up(Address from, Address to) {
  if (stack_name(from) == stack_name(to)) return from < to;
  return ++switches_ <= switch_limit;
}

StackChain::Next StackChain::enter_call(const Step& step) {
  std::uint64_t from = pc();
  const Frame& last = found_.frames.back();
  registers_ = step.registers;
  is_call_ = step.is_call;
  Address here = slot(true);
  if (last.is_call && !leads_up(last.slot, here)) {
    return break_off({ErrorKind::corrupt,
                      fmt::format("the frame of {:x} leads down the stack to "
                                  "{:x}",
                                  from, here.value),
                      here.value});
  }
  Result<Address> target =
      hooks_.resolved(kernel_.layout().code_address(pc()), here);
  if (!target) return break_off(std::move(target).error());
  registers_.set(kernel_.arch().pc_register(), target->value);
  if (!is_code(*target)) {
    return break_off({ErrorKind::corrupt,
                      fmt::format("the return address {:x} at {:x} is no code",
                                  target->value, here.value),
                      here.value});
  }
  push(true);
  found_.frames.back().method = step.method;
  return Next::frame;
}

StackChain::Next StackChain::enter_registers(const Step& step) {
  Address at = step.saved_at.value_or(Address{});
  Frame& last = found_.frames.back();
  Result<SavedRegisters> saved = kernel_.linux_arch().saved_registers(
      kernel_, at, step.kind == StepKind::iret);
  if (!saved) return break_off(std::move(saved).error());
  // A frame record lies inside of the registers.
  bool has_records = kernel_.linux_arch().has_frame_records();
  Address end = at + kernel_.linux_arch().saved_size(kernel_);
  if (!leads_up(last.slot, has_records ? end : at)) {
    return break_off(
        {ErrorKind::corrupt,
         fmt::format("registers at {:x} lie below their frame", at.value),
         at.value});
  }
  last.registers = *saved;
  if (saved->is_user) return Next::done;
  Address old_stack = last.slot;
  registers_ = step.registers;
  is_call_ = step.is_call;
  is_interrupted_ = true;
  // Interrupted on another stack: a frame of its own shows the switch.
  Address stopped_at{sp()};
  bool is_other = stack_name(stopped_at) != stack_name(old_stack);
  if (is_other && !leads_up(old_stack, stopped_at)) {
    return break_off({ErrorKind::corrupt, "too many stack switches"});
  }
  if (!is_other && stopped_at <= at) {
    return break_off(
        {ErrorKind::corrupt,
         fmt::format("the interrupted stack pointer {:x} lies below the "
                     "registers at {:x}",
                     stopped_at.value, at.value),
         stopped_at.value});
  }
  if (is_other || has_records) {
    push(false);
    found_.frames.back().method = step.method;
  }
  return Next::frame;
}

}  // namespace inquest
