// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/crash_notes.h"

#include <algorithm>

#include "kernel/linux_arch.h"

namespace inquest {
namespace {

constexpr std::uint32_t nt_prstatus = 1;
constexpr std::uint32_t nt_fpregset = 2;

std::vector<const Note*> prstatus_notes(const Kernel& kernel) {
  std::vector<const Note*> notes;
  for (const Note& note : kernel.dump_info().notes) {
    if (note.type == nt_prstatus && note.name == "CORE") {
      notes.push_back(&note);
    }
  }
  return notes;
}

// QEMU adds notes of its own (x86_64) or the floating-point registers (arm64),
// which kernels that crash do not write.
bool is_of_virtual_machine(const Kernel& kernel) {
  return std::ranges::any_of(kernel.dump_info().notes, [](const Note& note) {
    return note.name == "QEMU" ||
           (note.name == "CORE" && note.type == nt_fpregset);
  });
}

std::optional<Registers> decoded(const Kernel& kernel, Bytes note) {
  auto registers = kernel.linux_arch().prstatus(note, kernel.memory().endian());
  if (!registers) return std::nullopt;
  return std::move(registers).value();
}

// Where |cpu| wrote its note: an ELF note in per-CPU memory, zero as long as
// the CPU was not stopped.
Result<std::vector<std::byte>> crash_note(const Kernel& kernel, unsigned cpu) {
  Address pointer = TRY(kernel.symbol("crash_notes"));
  std::uint64_t offset = TRY(kernel.memory().u64(pointer));
  Address area = TRY(kernel.per_cpu_address(Address{offset}, cpu));
  std::uint32_t name_size = TRY(kernel.memory().u32(area));
  std::uint32_t size = TRY(kernel.memory().u32(area + 4));
  std::uint32_t type = TRY(kernel.memory().u32(area + 8));
  constexpr std::uint32_t limit = 4096;
  if (type != nt_prstatus || name_size > limit || size > limit || size == 0) {
    return Error(ErrorKind::not_found, "no crash note");
  }
  return kernel.memory().bytes(
      area + 12 + (std::uint64_t{name_size} + 3) / 4 * 4, size);
}

}  // namespace

CpuRegisters cpu_registers(const Kernel& kernel, unsigned cpu) {
  auto notes = prstatus_notes(kernel);
  CpuRegisters found;
  if (is_of_virtual_machine(kernel)) {
    found.is_exact = true;
    if (cpu < notes.size()) {
      found.registers = decoded(kernel, notes[cpu]->contents);
    }
    return found;
  }
  if (auto note = crash_note(kernel, cpu)) {
    found.registers = decoded(kernel, *note);
    return found;
  }
  auto online = kernel.online_cpus();
  auto place = std::ranges::find(online, cpu);
  auto index = static_cast<std::size_t>(place - online.begin());
  if (place != online.end() && index < notes.size()) {
    found.registers = decoded(kernel, notes[index]->contents);
  }
  return found;
}

}  // namespace inquest
