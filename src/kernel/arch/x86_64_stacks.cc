// SPDX-License-Identifier: GPL-3.0-or-later
// Stacks and saved registers of Linux on x86_64.
//
// Besides the task's own stack, kernel code runs on per-CPU stacks: one for
// interrupts, one for each exception that has an entry in the interrupt stack
// table (IST), and a tiny one on which entries from user mode begin before
// they move to the task's stack. The latter two kinds lie in the CPU entry
// area, which page table isolation keeps mapped in user mode.

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "kernel/arch/x86_64.h"
#include "kernel/cfi_sources.h"
#include "kernel/faults.h"
#include "kernel/kernel.h"
#include "kernel/orc_tables.h"
#include "unwind/frame_pointer.h"
#include "unwind/orc_method.h"
#include "unwind/x86_64.h"

namespace inquest {
namespace {

using namespace x86_64;

using Stacks = std::vector<StackRange>;

constexpr std::uint64_t page = 4096;

// struct thread_struct's sp points to a struct inactive_task_frame since 4.9
// (0100301bfdf5): the callee-saved registers and the return address.
Result<Registers> inactive_frame(const Kernel& kernel, std::uint64_t sp) {
  static constexpr std::pair<std::string_view, Register> saved[] = {
      {"r15", r15}, {"r14", r14}, {"r13", r13},      {"r12", r12},
      {"bx", rbx},  {"bp", rbp},  {"ret_addr", rip},
  };
  Object frame = kernel.object("inactive_task_frame", Address{sp});
  Registers registers;
  for (auto [member, which] : saved) {
    Result<std::uint64_t> value = frame[member].to_unsigned();
    if (value) {
      registers.set(which, *value);
    } else if (which == rip || value.error().kind() == ErrorKind::fault) {
      return value.error();
    }
  }
  const Type* type = TRY(kernel.structure("inactive_task_frame"));
  registers.set(rsp, sp + type->size());
  return registers;
}

// Until 4.8 switch_to was inline in schedule: rbp lies on the stack, and the
// point of resumption is known only by its label.
Result<Registers> inline_switch(const Kernel& kernel, std::uint64_t sp) {
  Address pc = TRY(kernel.symbol("thread_return"));
  Registers registers;
  registers.set(rip, pc.value);
  registers.set(rbp, TRY(kernel.memory().u64(Address{sp})));
  registers.set(rsp, sp + 8);
  return registers;
}

// A CPU's pointer to its stacks. A lost one hides them from every command.
Result<Address> pointer_at(const Kernel& kernel, unsigned cpu,
                           const Object& pointer) {
  auto at = pointer.to_address();
  if (!at) {
    note_if_lost(kernel, at.error(),
                 fmt::format("some of CPU {}'s own stacks", cpu));
  } else if (at->value == 0) {
    return Error(ErrorKind::not_found, "no such stack");
  }
  return at;
}

// The top of a CPU's interrupt stack, give or take a word.
Result<Address> interrupt_stack_top(const Kernel& kernel, unsigned cpu) {
  // 6.2 to 6.14: d7b6d709a76a gathered hot per-CPU variables in one struct.
  if (kernel.has_symbol("pcpu_hot")) {
    Object hot = kernel.per_cpu("pcpu_hot", "struct pcpu_hot", cpu);
    return pointer_at(kernel, cpu, hot["hardirq_stack_ptr"]);
  }
  return pointer_at(kernel, cpu,
                    kernel.per_cpu("hardirq_stack_ptr", "void *", cpu));
}

std::uint64_t size_of(const Kernel& kernel, std::string_view structure,
                      std::uint64_t otherwise) {
  auto type = kernel.structure(structure);
  return type && (*type)->size() != 0 ? (*type)->size() : otherwise;
}

void add_interrupt_stack(const Kernel& kernel, unsigned cpu, Stacks& out) {
  if (kernel.has_symbol("irq_stack_union")) {  // until 5.1 (e6401c130931)
    Object stack =
        kernel.per_cpu("irq_stack_union", "union irq_stack_union", cpu);
    if (stack.fault() == nullptr) {
      out.push_back({"IRQ", stack.address(), stack.type().size()});
    }
    return;
  }
  if (auto top = interrupt_stack_top(kernel, cpu)) {
    // Since 5.12 (951c2a51ae75) a word is kept free at the top.
    std::uint64_t end = (top->value + 8) & ~(page - 1);
    std::uint64_t size = size_of(kernel, "irq_stack", 4 * page);
    out.push_back({"IRQ", Address{end - size}, size});
  }
}

std::string exception_name(std::string_view member) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"DF", "DOUBLEFAULT"}, {"DB", "DEBUG"}, {"VC2", "VC"}};
  std::string_view name = member.substr(0, member.rfind("_stack"));
  for (auto [short_name, long_name] : names) {
    if (name == short_name) name = long_name;
  }
  return fmt::format("{} exception", name);
}

// Since 5.2 (019b17b3ffe4): struct cea_exception_stacks, one member a stack.
void add_mapped_exception_stacks(const Kernel& kernel, unsigned cpu,
                                 Stacks& out) {
  Object pointer = kernel.per_cpu("cea_exception_stacks",
                                  "struct cea_exception_stacks *", cpu);
  auto at = pointer_at(kernel, cpu, pointer);
  auto type = kernel.structure("cea_exception_stacks");
  if (!at || !type) return;
  for (const Member& member : (*type)->members()) {
    if (!member.name.ends_with("_stack") || member.type == nullptr) continue;
    std::uint64_t size = member.type->size();
    if (size == 0) continue;
    out.push_back({exception_name(member.name), *at + member.offset(), size});
  }
}

// Until 5.1: only the tops are written down.
void add_ist_stacks(const Kernel& kernel, unsigned cpu, Stacks& out) {
  static constexpr std::string_view names[] = {
      "DOUBLEFAULT exception", "NMI exception", "DEBUG exception",
      "MCE exception"};
  Object tops = kernel.per_cpu("orig_ist", "struct orig_ist", cpu);
  for (std::size_t i = 0; i < std::size(names); ++i) {
    auto top = tops["ist"].at(i).to_unsigned();
    if (!top || *top == 0) continue;
    std::uint64_t size = names[i].starts_with("DEBUG") ? 2 * page : page;
    out.push_back({std::string(names[i]), Address{*top - size}, size});
  }
}

// Since 4.15 (7f2590a110b8): sp0 of the task state segment is its top.
void add_entry_stack(const Kernel& kernel, unsigned cpu, Stacks& out) {
  Object tss = kernel.per_cpu("cpu_tss_rw", "struct tss_struct", cpu);
  auto top = tss["x86_tss"]["sp0"].to_unsigned();
  if (!top || *top == 0) return;
  std::uint64_t size =
      size_of(kernel, "entry_stack", size_of(kernel, "SYSENTER_stack", 0));
  if (size != 0) {
    out.push_back({"ENTRY TRAMPOLINE", Address{*top - size}, size});
  }
}

SavedRegisters saved(Address at, const PtRegs& words, bool is_partial) {
  static constexpr std::pair<std::string_view, Word> general[] = {
      {"RAX", rax_word},           {"RBX", rbx_word}, {"RCX", rcx_word},
      {"RDX", rdx_word},           {"RSI", rsi_word}, {"RDI", rdi_word},
      {"RBP", rbp_word},           {"R8", r8_word},   {"R9", r9_word},
      {"R10", r10_word},           {"R11", r11_word}, {"R12", r12_word},
      {"R13", r13_word},           {"R14", r14_word}, {"R15", r15_word},
      {"ORIG_RAX", orig_rax_word},
  };
  SavedRegisters found;
  found.at = at;
  found.is_user = is_user(words);
  found.named = {{"RIP", words[rip_word]},
                 {"RSP", words[rsp_word]},
                 {"RFLAGS", words[rflags_word]}};
  if (!is_partial) {
    found.registers = to_registers(words);
    for (auto [name, word] : general) {
      found.named.emplace_back(name, words[word]);
    }
  }
  found.registers.set(rip, words[rip_word]);
  found.registers.set(rsp, words[rsp_word]);
  // FRED (6.9) keeps more in the upper bits of both words.
  found.named.emplace_back("CS", words[cs_word] & 0xffff);
  found.named.emplace_back("SS", words[ss_word] & 0xffff);
  return found;
}

}  // namespace

Result<Registers> LinuxX86::sleeping(const Kernel& kernel,
                                     const Object& task) const {
  std::uint64_t sp = TRY(task["thread"]["sp"].to_unsigned());
  if (kernel.structure("inactive_task_frame")) {
    return inactive_frame(kernel, sp);
  }
  return inline_switch(kernel, sp);
}

Result<SavedRegisters> LinuxX86::saved_registers(const Kernel& kernel,
                                                 Address at,
                                                 bool is_partial) const {
  PtRegs words = is_partial ? TRY(hardware_regs(kernel.memory(), at))
                            : TRY(pt_regs(kernel.memory(), at));
  return saved(at, words, is_partial);
}

// struct elf_prstatus: the registers are those of pt_regs, in its order.
Result<Registers> LinuxX86::prstatus(Bytes note, std::endian endian) const {
  constexpr std::size_t registers_at = 112;
  Bytes bytes = TRY(slice(note, registers_at, sizeof(PtRegs), "NT_PRSTATUS"));
  PtRegs words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = load_unsigned(bytes.subspan(i * 8, 8), endian);
  }
  return to_registers(words);
}

std::vector<StackRange> LinuxX86::cpu_stacks(const Kernel& kernel,
                                             unsigned cpu) const {
  Stacks stacks;
  add_interrupt_stack(kernel, cpu, stacks);
  if (kernel.has_symbol("cea_exception_stacks")) {
    add_mapped_exception_stacks(kernel, cpu, stacks);
  } else if (kernel.has_symbol("orig_ist")) {
    add_ist_stacks(kernel, cpu, stacks);
  }
  if (kernel.has_symbol("cpu_tss_rw")) add_entry_stack(kernel, cpu, stacks);
  return stacks;
}

std::uint64_t LinuxX86::saved_size(const Kernel& /*kernel*/) const {
  return sizeof(PtRegs);
}

// The selectors of Linux, flags with the bits that are always set or clear,
// addresses of the right kind.
bool LinuxX86::is_plausible(const Kernel& kernel, const SavedRegisters& saved,
                            const StackRange& stack) const {
  auto named = [&saved](std::string_view name) {
    return saved.find(name).value_or(0);
  };
  constexpr std::uint64_t fixed_flags = 0xffffffffffc0802a;
  if ((named("RFLAGS") & fixed_flags) != 2) return false;
  std::uint64_t cs = named("CS");
  std::uint64_t ss = named("SS");
  Address pc{named("RIP")};
  Address sp{named("RSP")};
  if (cs == 0x33 || cs == 0x23) {
    return ss == 0x2b && pc.value >> 56 == 0 && sp.value >> 56 == 0;
  }
  return cs == 0x10 && (ss == 0x18 || ss == 0) && kernel.is_text(pc) &&
         stack.contains(sp);
}

SavedRegisters LinuxX86::user_registers(const Registers& registers) const {
  SavedRegisters saved;
  saved.registers = registers;
  saved.is_user = true;
  auto names = find_arch("x86_64")->registers();
  for (unsigned i = 0; i < names.size() && i < Registers::limit; ++i) {
    auto value = registers.find(i);
    if (!value) continue;
    std::string name(names[i].name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
      return static_cast<char>(std::toupper(c));
    });
    saved.named.emplace_back(std::move(name), *value);
  }
  return saved;
}

Address LinuxX86::slot(const Registers& registers, bool is_call) const {
  std::uint64_t sp = registers.find(rsp).value_or(0);
  return Address{is_call ? sp - 8 : sp};
}

Result<Registers> LinuxX86::returned(const Kernel& kernel, Address at) const {
  Registers registers;
  registers.set(rip, TRY(kernel.memory().u64(at)));
  registers.set(rsp, at.value + 8);
  return registers;
}

// The call has only pushed its return address.
Result<Registers> LinuxX86::not_entered(const Kernel& kernel,
                                        const Registers& registers) const {
  auto sp = registers.find(rsp);
  if (!sp) return Error(ErrorKind::not_found, "rsp is not known");
  Registers caller = registers;
  caller.set(rip, TRY(kernel.memory().u64(Address{*sp})));
  caller.set(rsp, *sp + 8);
  return caller;
}

std::span<const std::string_view> LinuxX86::last_functions() const {
  static constexpr std::string_view names[] = {"machine_kexec",
                                               "crash_nmi_callback"};
  return names;
}

// ORC (from vmlinux, else from the dump's memory; a module's from the dump),
// call frame information, frame pointers, as far as this kernel has them.
Unwinder LinuxX86::unwinder(
    const Kernel& kernel,
    std::shared_ptr<const GeneratedCodes> generated) const {
  auto tables = std::make_shared<OrcTables>(kernel, std::move(generated));
  return Unwinder({std::make_shared<OrcMethod>(
                       [tables](Address pc) { return tables->entry(pc); }),
                   CfiSources::method(kernel, {rbx, rbp, r12, r13, r14, r15}),
                   std::make_shared<FramePointerMethod>()});
}

}  // namespace inquest
