// SPDX-License-Identifier: GPL-3.0-or-later
#include "unwind/arm64.h"

#include <fmt/format.h>

namespace inquest {

namespace arm64_registers {

Result<PtRegs> pt_regs(const AddressSpace& memory, Address at) {
  std::array<std::byte, words_size> bytes = {};
  TRY(memory.read(at, bytes));
  PtRegs words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words.at(i) =
        load_unsigned(std::span(bytes).subspan(i * 8, 8), memory.endian());
  }
  return words;
}

Registers to_registers(const PtRegs& words) {
  Registers registers;
  for (unsigned i = 0; i < words.size(); ++i)
    registers.set(i, words.at(i));
  return registers;
}

}  // namespace arm64_registers

namespace {

using namespace arm64_registers;

constexpr std::string_view record_method = "frame record";
constexpr std::string_view link_method = "link register";

struct FrameRecord {
  std::uint64_t next = 0;
  std::uint64_t return_address = 0;
  bool is_last() const { return next == 0 && return_address == 0; }
};

// x29 is aligned like the stack, to 16 bytes; 8 will do.
Result<FrameRecord> frame_record(const Registers& registers,
                                 const AddressSpace& stack) {
  auto at = registers.find(fp);
  if (!at || *at == 0 || *at % 8 != 0) {
    return Error(ErrorKind::not_found,
                 fmt::format("x29 {:x} is no frame record", at.value_or(0)));
  }
  return FrameRecord{TRY(stack.u64(Address{*at})),
                     TRY(stack.u64(Address{*at + 8}))};
}

Step caller_of(const FrameRecord& record, std::uint64_t at) {
  Step step;
  step.method = record_method;
  if (record.is_last()) {
    step.kind = StepKind::end;
    return step;
  }
  step.return_slot = Address{at + 8};
  step.registers.set(fp, record.next);
  step.registers.set(pc, record.return_address);
  return step;
}

// ---- What instructions say ----

// mov x29, sp or add x29, sp, #n.
bool is_record_set(std::uint32_t instruction) {
  return (instruction & 0xff8003ff) == 0x910003fd;
}

// ldp x29, x30, [sp, #n] or [sp], #n.
bool is_record_restored(std::uint32_t instruction) {
  std::uint32_t masked = instruction & 0xffc07fff;
  return masked == 0xa9407bfd || masked == 0xa8c07bfd;
}

// ret, retaa, retab and b, by which an epilogue ends.
bool is_leaving(std::uint32_t instruction) {
  return instruction == 0xd65f03c0 || instruction == 0xd65f0bff ||
         instruction == 0xd65f0fff || (instruction & 0xfc000000) == 0x14000000;
}

// Whether x29 is the record of the function whose instructions up to the
// interrupted one are |code|, read in the order of their addresses. What
// follows an epilogue in the middle is taken to belong to the frame again.
bool has_own_record(Bytes code) {
  constexpr std::size_t size = 4;
  bool is_own = false;
  bool was_own = false;
  bool is_epilogue = false;
  for (std::size_t at = 0; at + size <= code.size(); at += size) {
    auto instruction = static_cast<std::uint32_t>(
        load_unsigned(code.subspan(at, size), std::endian::little));
    if (is_record_set(instruction)) {
      is_own = true;
    } else if (is_record_restored(instruction)) {
      was_own = is_own;
      is_own = false;
      is_epilogue = true;
    } else if (is_epilogue && is_leaving(instruction)) {
      is_own = was_own;
      is_epilogue = false;
    }
  }
  return is_own;
}

}  // namespace

// The record in a pt_regs holds what the interrupted code's x29 and pc were,
// or zeroes: always so for user code, and since 6.13 (c2c6b27b5aa1) for all.
std::optional<Step> FrameRecordMethod::exception(
    Address record, const AddressSpace& stack) const {
  Address at = record - entry_.record_at;
  auto words = pt_regs(stack, at);
  auto next = stack.u64(record);
  auto address = stack.u64(record + 8);
  if (!words || !next || !address) return std::nullopt;
  bool is_kernel_record = *next == (*words)[fp] && *address == (*words)[pc];
  bool is_empty = *next == 0 && *address == 0;
  if (!is_kernel_record && !is_empty) return std::nullopt;
  Step step;
  step.kind = StepKind::registers;
  step.method = record_method;
  step.is_call = false;
  step.registers = to_registers(*words);
  step.saved_at = at;
  return step;
}

Result<Step> FrameRecordMethod::step(const Registers& registers, bool is_call,
                                     const AddressSpace& stack) const {
  auto at = registers.find(pc);
  if (!is_call || !at) {
    return Error(ErrorKind::not_found,
                 "an interrupted function may have no frame record");
  }
  FrameRecord record = TRY(frame_record(registers, stack));
  std::uint64_t record_at = *registers.find(fp);
  if (entry_.contains(Address{*at})) {
    if (auto found = exception(Address{record_at}, stack)) return *found;
  }
  return caller_of(record, record_at);
}

Result<Step> LinkRegisterMethod::step(const Registers& registers, bool is_call,
                                      const AddressSpace& stack) const {
  constexpr std::uint64_t longest = 1 << 20;
  auto at = registers.find(pc);
  auto link = registers.find(lr);
  if (is_call || !at || !link) {
    return Error(ErrorKind::not_found, "x30 is known of interrupted code only");
  }
  auto start = function_start_(Address{*at});
  if (!start || start->value > *at || *at - start->value > longest) {
    return Error(ErrorKind::not_found,
                 fmt::format("no function is known at {:x}", *at));
  }
  std::vector<std::byte> code = TRY(stack.bytes(*start, *at - start->value));
  if (has_own_record(code)) {
    FrameRecord record = TRY(frame_record(registers, stack));
    return caller_of(record, *registers.find(fp));
  }
  Step step;
  step.method = link_method;
  step.registers = registers;
  step.registers.set(pc, *link);
  step.registers.forget(lr);
  return step;
}

}  // namespace inquest
