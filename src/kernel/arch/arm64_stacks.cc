// SPDX-License-Identifier: GPL-3.0-or-later
// Stacks and saved registers of Linux on arm64.
//
// Besides the task's own stack, kernel code runs on per-CPU stacks: one for
// interrupts, a small one for the handler of a stack overflow, and two for
// firmware events (SDEI).

#include <fmt/format.h>

#include "kernel/arch/arm64.h"
#include "kernel/cfi_sources.h"
#include "kernel/faults.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "unwind/arm64.h"

namespace inquest {
namespace {

using namespace arm64_registers;

using Stacks = std::vector<StackRange>;

void add_pointed(const Kernel& kernel, unsigned cpu, std::string_view pointer,
                 std::string_view name, Stacks& out) {
  if (!kernel.has_symbol(pointer)) return;
  auto base = kernel.per_cpu(pointer, "unsigned long *", cpu).to_address();
  if (!base) {
    note_if_lost(kernel, base.error(),
                 fmt::format("some of CPU {}'s own stacks", cpu));
  }
  if (!base || base->value == 0) return;
  out.push_back({std::string(name), *base, stack_size(kernel)});
}

// The one stack that is itself in per-CPU memory.
void add_overflow(const Kernel& kernel, unsigned cpu, Stacks& out) {
  constexpr std::uint64_t size = 4096;
  const Symbol* symbol = kernel.symbols().find("overflow_stack");
  if (symbol == nullptr) return;
  auto base = kernel.per_cpu_address(symbol->address, cpu);
  if (base) out.push_back({"OVERFLOW", *base, size});
}

// Code between exceptions and their handlers; since 4.14 marked by symbols.
std::function<bool(Address)> entry_code(const Kernel& kernel) {
  const Symbol* start = kernel.symbols().find("__entry_text_start");
  const Symbol* end = kernel.symbols().find("__entry_text_end");
  if (start == nullptr || end == nullptr) {
    return [](Address) { return false; };
  }
  // Some kernels have what starts a thread and what switches stacks among it.
  std::vector<std::pair<Address, Address>> others;
  for (std::string_view name :
       {"ret_from_fork", "call_on_irq_stack", "cpu_switch_to"}) {
    const Symbol* symbol = kernel.symbols().find(name);
    if (symbol == nullptr) continue;
    others.emplace_back(symbol->address, symbol->address + symbol->size);
  }
  return [first = start->address, last = end->address, others](Address pc) {
    if (pc <= first || last < pc) return false;
    for (auto [from, to] : others) {
      if (pc > from && pc <= to) return false;
    }
    return true;
  };
}

std::optional<std::uint64_t> offset_in_pt_regs(const Kernel& kernel,
                                               std::string_view member) {
  auto type = kernel.structure("pt_regs");
  if (!type) return std::nullopt;
  auto found = find_member(**type, member);
  if (!found) return std::nullopt;
  return found->offset();
}

std::optional<std::uint64_t> word_of(const Kernel& kernel, Address registers,
                                     std::string_view member) {
  auto value = kernel.object("pt_regs", registers)[member].to_unsigned();
  if (!value) return std::nullopt;
  return *value;
}

// Zeroes, or what x29 and pc were in the kernel.
bool has_sound_record(const Kernel& kernel, const SavedRegisters& saved) {
  auto offset = offset_in_pt_regs(kernel, "stackframe");
  if (!offset) return true;
  auto next = kernel.memory().u64(saved.at + *offset);
  auto address = kernel.memory().u64(saved.at + *offset + 8);
  if (!next || !address) return false;
  if (*next == 0 && *address == 0) return true;
  return !saved.is_user && saved.registers.find(fp) == *next &&
         saved.registers.find(pc) == *address;
}

// PC, LR, SP, then x29 down to x0, as they are printed.
void name_all(const PtRegs& words, SavedRegisters& saved) {
  saved.named = {{"PC", words[pc]}, {"LR", words[lr]}, {"SP", words[sp]}};
  for (unsigned i = lr; i-- > 0;) {
    saved.named.emplace_back(fmt::format("X{}", i), words.at(i));
  }
}

}  // namespace

Result<Registers> LinuxArm64::sleeping(const Kernel& /*kernel*/,
                                       const Object& task) const {
  Object context = task["thread"]["cpu_context"];
  Registers registers;
  for (unsigned i = 19; i < fp; ++i) {
    auto value = context[fmt::format("x{}", i)].to_unsigned();
    if (value) registers.set(i, *value);
  }
  registers.set(fp, TRY(context["fp"].to_unsigned()));
  registers.set(sp, TRY(context["sp"].to_unsigned()));
  registers.set(pc, TRY(context["pc"].to_unsigned()));
  return registers;
}

Result<SavedRegisters> LinuxArm64::saved_registers(const Kernel& kernel,
                                                   Address at,
                                                   bool /*is_partial*/) const {
  PtRegs words = TRY(pt_regs(kernel.memory(), at));
  SavedRegisters saved;
  saved.at = at;
  saved.registers = to_registers(words);
  saved.is_user = is_user(words[pstate]);
  if (!saved.is_user) {
    words[lr] = kernel.layout().code_address(words[lr]).value;
  }
  name_all(words, saved);
  if (auto first = word_of(kernel, at, "orig_x0")) {
    saved.named.emplace_back("ORIG_X0", *first);
  }
  if (auto call = word_of(kernel, at, "syscallno")) {
    saved.named.emplace_back("SYSCALLNO", *call & 0xffffffff);
  }
  saved.named.emplace_back("PSTATE", words[pstate]);
  return saved;
}

SavedRegisters LinuxArm64::user_registers(const Registers& registers) const {
  SavedRegisters saved;
  saved.registers = registers;
  saved.is_user = true;
  PtRegs words{};
  for (unsigned i = 0; i < words.size(); ++i)
    words.at(i) = registers.find(i).value_or(0);
  name_all(words, saved);
  saved.named.emplace_back("PSTATE", words[pstate]);
  return saved;
}

std::uint64_t LinuxArm64::saved_size(const Kernel& kernel) const {
  auto type = kernel.structure("pt_regs");
  return type && (*type)->size() != 0 ? (*type)->size() : words_size;
}

// Bits of PSTATE that are always clear, modes that Linux runs in, and the
// frame record inside.
bool LinuxArm64::is_plausible(const Kernel& kernel, const SavedRegisters& saved,
                              const StackRange& stack) const {
  constexpr std::uint64_t clear = 0xffffffff0c1fe020;
  constexpr std::uint64_t is_32_bit = 0x10;
  constexpr std::uint64_t first_page = 0x1000;
  std::uint64_t state = saved.registers.find(pstate).value_or(clear);
  Address code{saved.registers.find(pc).value_or(0)};
  Address top{saved.registers.find(sp).value_or(0)};
  std::uint64_t mode = state & 0x1f;
  if (!has_sound_record(kernel, saved)) return false;
  if (saved.is_user) {
    if (mode == is_32_bit) return state >> 32 == 0 && code.value >> 32 == 0;
    return (state & clear) == 0 && code.value >= first_page &&
           code.value >> 52 == 0 && code.value % 4 == 0 &&
           top.value >= first_page && top.value >> 52 == 0 &&
           top.value % 16 == 0;
  }
  constexpr std::uint64_t el1h = 5;
  constexpr std::uint64_t el2h = 9;
  return (mode == el1h || mode == el2h) && (state & clear) == 0 &&
         kernel.is_text(code) && stack.contains(top);
}

// struct elf_prstatus: the registers are those of user_pt_regs.
Result<Registers> LinuxArm64::prstatus(Bytes note, std::endian endian) const {
  constexpr std::size_t registers_at = 112;
  Bytes bytes = TRY(slice(note, registers_at, words_size, "NT_PRSTATUS"));
  PtRegs words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words.at(i) = load_unsigned(bytes.subspan(i * 8, 8), endian);
  }
  return to_registers(words);
}

Stacks LinuxArm64::cpu_stacks(const Kernel& kernel, unsigned cpu) const {
  Stacks stacks;
  add_pointed(kernel, cpu, "irq_stack_ptr", "IRQ", stacks);
  add_overflow(kernel, cpu, stacks);
  add_pointed(kernel, cpu, "sdei_stack_normal_ptr", "SDEI NORMAL", stacks);
  add_pointed(kernel, cpu, "sdei_stack_critical_ptr", "SDEI CRITICAL", stacks);
  return stacks;
}

Address LinuxArm64::slot(const Registers& registers, bool /*is_call*/) const {
  return {registers.find(fp).value_or(0)};
}

// |at|: the second word of a frame record.
Result<Registers> LinuxArm64::returned(const Kernel& kernel, Address at) const {
  Registers registers;
  registers.set(fp, TRY(kernel.memory().u64(at - 8)));
  registers.set(pc, TRY(kernel.memory().u64(at)));
  return registers;
}

Result<Registers> LinuxArm64::not_entered(const Kernel& /*kernel*/,
                                          const Registers& registers) const {
  auto link = registers.find(lr);
  if (!link) return Error(ErrorKind::not_found, "x30 is not known");
  Registers caller = registers;
  caller.set(pc, *link);
  caller.forget(lr);
  return caller;
}

// machine_kexec's own record returns into __crash_kexec, and crash_save_cpu's
// into what the stop request runs.
std::span<const std::string_view> LinuxArm64::last_functions() const {
  static constexpr std::string_view names[] = {
      "machine_kexec", "__crash_kexec", "ipi_cpu_crash_stop", "local_cpu_stop",
      "do_handle_IPI", "ipi_handler",   "handle_IPI",
  };
  return names;
}

Unwinder LinuxArm64::unwinder(
    const Kernel& kernel,
    std::shared_ptr<const GeneratedCodes> /*generated*/) const {
  KernelEntry entry{entry_code(kernel),
                    offset_in_pt_regs(kernel, "stackframe").value_or(0)};
  std::vector<unsigned> preserved;
  for (unsigned i = 19; i <= fp; ++i)
    preserved.push_back(i);
  auto function_start = [&kernel](Address at) -> std::optional<Address> {
    auto place = kernel.place(at);
    if (!place) return std::nullopt;
    return at - place->offset;
  };
  return Unwinder({std::make_shared<FrameRecordMethod>(std::move(entry)),
                   CfiSources::method(kernel, std::move(preserved)),
                   std::make_shared<LinkRegisterMethod>(function_start)});
}

}  // namespace inquest
