// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/backtrace.h"

#include <algorithm>

#include <fmt/format.h>

#include "kernel/crash_notes.h"
#include "kernel/stack_chain.h"
#include "kernel/task.h"

namespace inquest {
namespace {

bool is_kernel_address(const Kernel& kernel, std::uint64_t value) {
  return value >> (8 * kernel.arch().pointer_size() - 1) != 0;
}

struct CodeRange {
  Address start;
  std::uint64_t size = 0;
  // A return address lies behind a call, that is, never at the start.
  bool returns_to(std::uint64_t pc) const {
    return pc > start.value && pc - start.value <= size;
  }
};

std::optional<CodeRange> code_of(const Kernel& kernel, std::string_view name) {
  const Symbol* symbol = kernel.symbols().find(name);
  if (symbol == nullptr || symbol->size == 0) return std::nullopt;
  return CodeRange{symbol->address, symbol->size};
}

void add_slots(const Kernel& kernel, Address start, Bytes bytes,
               const CodeRange& code, std::vector<Address>& slots) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word =
        load_unsigned(bytes.subspan(at, 8), kernel.memory().endian());
    if (code.returns_to(kernel.layout().code_address(word).value))
      slots.push_back(start + at);
  }
}

// Slots of |stack| that hold a return address into |code|, lowest first. A page
// of a task's stack that is lost may hold others; stacks of CPUs are often left
// out of a dump.
std::vector<Address> slots_of(const Kernel& kernel, const StackRange& stack,
                              const CodeRange& code) {
  constexpr std::uint64_t largest_stack = 1 << 20;
  std::vector<Address> slots;
  if (stack.size > largest_stack) return slots;
  std::uint64_t left = stack.size;
  for (Address at = stack.base; left != 0;) {
    std::uint64_t in_page = kernel.page_size() - at.value % kernel.page_size();
    std::uint64_t size = std::min(in_page, left);
    auto bytes = kernel.memory().bytes(at, size);
    if (bytes) {
      add_slots(kernel, at, *bytes, code, slots);
    } else if (stack.name == "process") {
      kernel.note_loss(bytes.error(),
                       "a stack that may tell how its CPU was stopped");
    }
    at = at + size;
    left -= size;
  }
  return slots;
}

// Whether |found| comes to what the note says was interrupted.
bool reaches(const Kernel& kernel, const Backtrace& found,
             const std::optional<Registers>& note) {
  if (!found.broken) return true;
  if (!note) return false;
  auto pc = note->find(kernel.arch().pc_register());
  auto sp = note->find(kernel.arch().sp_register());
  return std::ranges::any_of(found.frames, [&](const Frame& frame) {
    return frame.registers &&
           frame.registers->registers.find(kernel.arch().pc_register()) == pc &&
           frame.registers->registers.find(kernel.arch().sp_register()) == sp;
  });
}

// No frames at all, and why.
Backtrace broken(Error reason) {
  Backtrace none;
  none.broken = std::move(reason);
  return none;
}

}  // namespace

StackWalker::StackWalker(const Kernel& kernel)
    : kernel_(kernel),
      generated_(std::make_shared<const GeneratedCodes>(kernel)),
      unwinder_(kernel.linux_arch().unwinder(kernel, generated_)) {}

std::optional<unsigned> StackWalker::active_cpu(const Object& task) {
  if (!has_active_) {
    has_active_ = true;
    for (unsigned cpu : scheduled_cpus(kernel_)) {
      auto current = current_task(kernel_, cpu);
      if (current) active_.emplace(current->address(), cpu);
    }
  }
  auto found = active_.find(task.address());
  return found != active_.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<StackRange> StackWalker::stacks(const Object& task) {
  std::vector<StackRange> all;
  auto own = task_stack(task);
  if (own && own->value != 0) {
    all.push_back({"process", *own, stack_size(kernel_)});
  }
  if (auto cpu = active_cpu(task)) {
    auto [known, is_new] = cpu_stacks_.try_emplace(*cpu);
    if (is_new) {
      known->second = kernel_.linux_arch().cpu_stacks(kernel_, *cpu);
    }
    all.insert(all.end(), known->second.begin(), known->second.end());
  }
  return all;
}

Backtrace StackWalker::follow(const Object& task, const Start& start) {
  StackChain chain(kernel_, unwinder_, *generated_, task, stacks(task));
  return chain.follow(start.registers, start.is_call);
}

Backtrace StackWalker::walk(const Object& task) {
  auto stack = task_stack(task);
  if (!stack || stack->value == 0) {
    return broken(stack ? Error(ErrorKind::not_found, "no stack")
                        : std::move(stack).error());
  }
  auto cpu = active_cpu(task);
  return cpu ? walk_active(task, *cpu) : walk_sleeping(task);
}

Backtrace StackWalker::walk_sleeping(const Object& task) {
  Result<Registers> registers = kernel_.linux_arch().sleeping(kernel_, task);
  if (!registers) {
    return broken(std::move(registers).error());
  }
  return follow(task, {*registers, true});
}

std::optional<Backtrace> StackWalker::walk_stop(
    const Object& task, std::span<const std::string_view> functions,
    const std::optional<Registers>& note) {
  for (std::string_view function : functions) {
    auto code = code_of(kernel_, function);
    if (!code) continue;
    for (const StackRange& stack : stacks(task)) {
      for (Address slot : slots_of(kernel_, stack, *code)) {
        Backtrace found = walk_return(task, slot);
        if (reaches(kernel_, found, note)) return found;
      }
    }
  }
  return std::nullopt;
}

Backtrace StackWalker::walk_active(const Object& task, unsigned cpu) {
  CpuRegisters note = cpu_registers(kernel_, cpu);
  std::optional<Backtrace> found;
  // A virtual machine's registers are those at the end of all.
  if (!note.is_exact) {
    found =
        walk_stop(task, kernel_.linux_arch().last_functions(), note.registers);
  }
  // Without any, the stack itself tells of a panic that goes nowhere else.
  static constexpr std::string_view panics[] = {"vpanic", "panic"};
  if (!found && !note.registers) found = walk_stop(task, panics, std::nullopt);
  if (!found) {
    found.emplace();
    if (!note.registers) {
      found->broken =
          Error(ErrorKind::not_found,
                fmt::format("the dump has no registers of CPU {}", cpu));
    } else {
      std::uint64_t pc =
          note.registers->find(kernel_.arch().pc_register()).value_or(0);
      if (is_kernel_address(kernel_, pc)) {
        found = follow(task, {*note.registers, false});
      } else {
        found->user = kernel_.linux_arch().user_registers(*note.registers);
      }
    }
  }
  found->is_active = true;
  return std::move(*found);
}

// From the return address that lies at |slot|.
Backtrace StackWalker::walk_return(const Object& task, Address slot) {
  auto registers = kernel_.linux_arch().returned(kernel_, slot);
  return registers ? follow(task, {*registers, true})
                   : broken(std::move(registers).error());
}

Backtrace StackWalker::walk_from(const Object& task, std::optional<Address> pc,
                                 std::optional<Address> sp) {
  const LinuxArch& linux_arch = kernel_.linux_arch();
  bool has_records = linux_arch.has_frame_records();
  if (has_records && pc && sp) {
    Registers registers;
    registers.set(kernel_.arch().fp_register(), sp->value);
    registers.set(kernel_.arch().pc_register(), pc->value);
    return follow(task, {registers, true});
  }
  // A frame record's second word is the return address.
  std::uint64_t in_record = has_records ? 8 : 0;
  Result<Registers> registers =
      sp ? linux_arch.returned(kernel_, *sp + in_record)
         : linux_arch.sleeping(kernel_, task);
  if (!registers) return broken(std::move(registers).error());
  Start start{*registers, true};
  if (pc) start.registers.set(kernel_.arch().pc_register(), pc->value);
  return follow(task, start);
}

}  // namespace inquest
