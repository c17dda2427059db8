// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/cfi_method.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr std::string_view method_name = "CFI";

// A register that is not known leaves the frame to the next method.
Error passed_on(Error error) {
  if (error.kind() != ErrorKind::fault || error.address() != 0) return error;
  return {ErrorKind::not_found, error.message()};
}

}  // namespace

bool CfiMethod::is_preserved(unsigned index) const {
  return std::ranges::find(preserved_, index) != preserved_.end();
}

CfiFrame CfiMethod::frame_of(const Registers& registers,
                             const AddressSpace& stack) const {
  CfiFrame frame;
  frame.reg = [this, &registers](unsigned dwarf) {
    auto names = arch_.registers();
    for (unsigned i = 0; i < names.size() && i < Registers::limit; ++i) {
      if (names[i].dwarf == static_cast<int>(dwarf)) return registers.find(i);
    }
    return std::optional<std::uint64_t>();
  };
  frame.memory = [&stack](Address at, unsigned size) {
    return stack.load(at, size);
  };
  return frame;
}

Result<void> CfiMethod::fill(Step& step, const Cfi& cfi, const CfiRow& row,
                             Address cfa, const CfiFrame& frame) const {
  auto names = arch_.registers();
  for (unsigned i = 0; i < names.size() && i < Registers::limit; ++i) {
    if (names[i].dwarf < 0) continue;
    auto dwarf = static_cast<unsigned>(names[i].dwarf);
    if (dwarf == row.return_column) continue;
    bool is_mentioned = row.rule(dwarf).kind != CfiRuleKind::unspecified;
    if (!is_mentioned && !is_preserved(i)) continue;
    CfiValue value = TRY(cfi.caller_register(row, dwarf, cfa, frame));
    if (!value.value) continue;
    step.registers.set(i, *value.value);
  }
  return {};
}

// The caller's pc is what the column holds: the pc itself or, on arm64, x30,
// which code that calls nothing may leave where it is.
Result<void> CfiMethod::fill_return(Step& step, const Cfi& cfi,
                                    const CfiRow& row, Address cfa,
                                    const CfiFrame& frame) const {
  unsigned pc = arch_.pc_register();
  bool is_pc =
      arch_.registers()[pc].dwarf == static_cast<int>(row.return_column);
  auto kind = row.rule(row.return_column).kind;
  if (is_pc && kind == CfiRuleKind::unspecified) return {};
  CfiValue value = TRY(cfi.caller_register(row, row.return_column, cfa, frame));
  if (!value.value) return {};
  step.registers.set(pc, *value.value);
  step.return_slot = value.saved_at;
  return {};
}

Result<Step> CfiMethod::step(const Registers& registers, bool is_call,
                             const AddressSpace& stack) const {
  auto pc = registers.find(arch_.pc_register());
  if (!pc) return Error(ErrorKind::not_found, "no program counter");
  Address code{is_call ? *pc - 1 : *pc};
  Source source = sources_(code);
  if (source.cfi == nullptr) {
    return Error(ErrorKind::not_found,
                 fmt::format("no call frame information for {:x}", *pc));
  }
  CfiRow row = TRY(source.cfi->row_at(code - source.slide));
  Step step;
  step.method = method_name;
  step.is_call = !row.is_signal;
  if (row.rule(row.return_column).kind == CfiRuleKind::undefined) {
    step.kind = StepKind::end;
    return step;
  }
  CfiFrame frame = frame_of(registers, stack);
  Result<Address> cfa = source.cfi->cfa(row, frame);
  if (!cfa) return passed_on(std::move(cfa).error());
  step.registers.set(arch_.sp_register(), cfa->value);
  Result<void> filled = fill(step, *source.cfi, row, *cfa, frame);
  if (filled) filled = fill_return(step, *source.cfi, row, *cfa, frame);
  if (!filled) return passed_on(std::move(filled).error());
  if (!step.registers.has(arch_.pc_register())) {
    return Error(ErrorKind::not_found,
                 fmt::format("no return address rule for {:x}", *pc));
  }
  return step;
}

}  // namespace inquest
