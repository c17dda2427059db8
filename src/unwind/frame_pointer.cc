// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/frame_pointer.h"

#include <fmt/format.h>

#include "unwind/x86_64.h"

namespace inquest {
namespace {

using namespace x86_64;

constexpr std::string_view method_name = "frame pointer";
// No kernel frame is this large: the frame pointer is something else.
constexpr std::uint64_t frame_limit = std::uint64_t{1} << 16;

Result<Step> registers_step(std::uint64_t at, const AddressSpace& stack) {
  Step step;
  step.kind = StepKind::registers;
  step.is_call = false;
  step.method = method_name;
  step.saved_at = Address{at};
  step.registers = to_registers(TRY(pt_regs(stack, Address{at})));
  return step;
}

}  // namespace

Result<Step> FramePointerMethod::step(const Registers& registers,
                                      bool /*is_call*/,
                                      const AddressSpace& stack) const {
  auto bp = registers.find(rbp);
  auto sp = registers.find(rsp);
  if (!bp || !sp) return Error(ErrorKind::not_found, "no frame pointer");
  if (*bp < *sp || *bp - *sp >= frame_limit) {
    return Error(ErrorKind::not_found,
                 fmt::format("rbp {:x} is no frame pointer", *bp));
  }
  if ((*bp & 7) == 1) return registers_step(*bp - 1, stack);
  if ((*bp & 7) != 0) {
    return Error(ErrorKind::not_found,
                 fmt::format("rbp {:x} is no frame pointer", *bp));
  }
  Step step;
  step.method = method_name;
  step.return_slot = Address{*bp + 8};
  step.registers.set(rbp, TRY(stack.u64(Address{*bp})));
  step.registers.set(rip, TRY(stack.u64(*step.return_slot)));
  step.registers.set(rsp, *bp + 16);
  if (step.registers.find(rip) == std::uint64_t{0}) step.kind = StepKind::end;
  return step;
}

}  // namespace inquest
