// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/orc_method.h"

#include <fmt/format.h>

#include "unwind/x86_64.h"

namespace inquest {
namespace {

using namespace x86_64;

constexpr std::string_view method_name = "ORC";

Error no_register(std::string_view name, std::uint64_t pc) {
  return {ErrorKind::not_found,
          fmt::format("ORC needs {} at {:x}, which is not known", name, pc)};
}

Result<std::uint64_t> value_of(const Registers& registers, Register which,
                               std::string_view name) {
  if (auto value = registers.find(which)) return *value;
  return no_register(name, registers.find(rip).value_or(0));
}

struct Base {
  Register which;
  std::string_view name;
};

std::optional<Base> direct_base(OrcRegister base) {
  switch (base) {
    case OrcRegister::sp:
      return Base{rsp, "rsp"};
    case OrcRegister::bp:
      return Base{rbp, "rbp"};
    case OrcRegister::ax:
      return Base{rax, "rax"};
    case OrcRegister::dx:
      return Base{rdx, "rdx"};
    case OrcRegister::di:
      return Base{rdi, "rdi"};
    case OrcRegister::r10:
      return Base{r10, "r10"};
    case OrcRegister::r13:
      return Base{r13, "r13"};
    default:
      return std::nullopt;
  }
}

// The registers that stand for the stack pointer itself are taken with the
// offset; those of realigned stacks (DRAP) hold the value without one.
bool uses_offset(OrcRegister base) {
  return base == OrcRegister::sp || base == OrcRegister::bp;
}

std::uint64_t offset_by(std::uint64_t value, std::int16_t offset) {
  return value + static_cast<std::uint64_t>(std::int64_t{offset});
}

// The caller's stack pointer, or where its registers lie.
Result<std::uint64_t> stack_before(const OrcEntry& entry,
                                   const Registers& registers,
                                   const AddressSpace& stack) {
  if (auto base = direct_base(entry.sp_base)) {
    std::uint64_t value = TRY(value_of(registers, base->which, base->name));
    return uses_offset(entry.sp_base) ? offset_by(value, entry.sp_offset)
                                      : value;
  }
  if (entry.sp_base == OrcRegister::bp_indirect) {
    std::uint64_t bp = TRY(value_of(registers, rbp, "rbp"));
    return stack.u64(Address{offset_by(bp, entry.sp_offset)});
  }
  if (entry.sp_base != OrcRegister::sp_indirect) {
    return Error(ErrorKind::not_found, "unknown register in ORC entry");
  }
  std::uint64_t sp = TRY(value_of(registers, rsp, "rsp"));
  // 5.12 (aafeb14e9da2) moved the offset behind the access, for stack
  // switches; until then it was used for pt_regs only, and mostly 0.
  if (entry.type != OrcType::call) {
    return stack.u64(Address{offset_by(sp, entry.sp_offset)});
  }
  return offset_by(TRY(stack.u64(Address{sp})), entry.sp_offset);
}

// rbp as the caller left it; nothing when it is lost.
Result<std::optional<std::uint64_t>> frame_pointer_before(
    const OrcEntry& entry, const Registers& registers, std::uint64_t sp,
    const AddressSpace& stack) {
  using Found = std::optional<std::uint64_t>;
  switch (entry.bp_base) {
    case OrcRegister::previous_sp:
      return Found(TRY(stack.u64(Address{offset_by(sp, entry.bp_offset)})));
    case OrcRegister::bp:
      if (auto bp = registers.find(rbp)) {
        return Found(TRY(stack.u64(Address{offset_by(*bp, entry.bp_offset)})));
      }
      return Found();
    default:
      return registers.find(rbp);
  }
}

Result<Step> call_step(const OrcEntry& entry, const Registers& registers,
                       std::uint64_t sp, const AddressSpace& stack) {
  Step step;
  step.method = method_name;
  step.return_slot = Address{sp - 8};
  step.registers.set(rip, TRY(stack.u64(*step.return_slot)));
  step.registers.set(rsp, sp);
  step.is_call = !entry.is_signal;
  if (auto bp = TRY(frame_pointer_before(entry, registers, sp, stack))) {
    step.registers.set(rbp, *bp);
  }
  return step;
}

Result<Step> registers_step(std::uint64_t at, const AddressSpace& stack) {
  Step step;
  step.kind = StepKind::registers;
  step.is_call = false;
  step.method = method_name;
  step.saved_at = Address{at};
  step.registers = to_registers(TRY(pt_regs(stack, Address{at})));
  return step;
}

Result<Step> iret_step(const OrcEntry& entry, const Registers& registers,
                       std::uint64_t at, const AddressSpace& stack) {
  Step step;
  step.kind = StepKind::iret;
  step.is_call = false;
  step.method = method_name;
  step.saved_at = Address{at};
  PtRegs words = TRY(hardware_regs(stack, Address{at}));
  step.registers.set(rip, words[rip_word]);
  step.registers.set(rsp, words[rsp_word]);
  auto bp = frame_pointer_before(entry, registers, at, stack);
  if (bp && *bp) step.registers.set(rbp, **bp);
  return step;
}

}  // namespace

Result<Step> OrcMethod::step(const Registers& registers, bool is_call,
                             const AddressSpace& stack) const {
  std::uint64_t pc = TRY(value_of(registers, rip, "rip"));
  Address code{is_call ? pc - 1 : pc};
  std::optional<OrcEntry> entry = entries_(code);
  if (!entry || entry->type == OrcType::undefined ||
      entry->type == OrcType::unknown) {
    return Error(ErrorKind::not_found, fmt::format("no ORC for {:x}", pc));
  }
  if (entry->type == OrcType::end_of_stack) {
    Step step;
    step.kind = StepKind::end;
    step.method = method_name;
    return step;
  }
  std::uint64_t sp = TRY(stack_before(*entry, registers, stack));
  switch (entry->type) {
    case OrcType::registers:
      return registers_step(sp, stack);
    case OrcType::partial_registers:
      return iret_step(*entry, registers, sp, stack);
    default:
      return call_step(*entry, registers, sp, stack);
  }
}

}  // namespace inquest
