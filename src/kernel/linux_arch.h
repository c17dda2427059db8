// SPDX-License-Identifier: GPL-3.0-or-later
// Linux on one CPU: where this architecture's kernel puts things.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel/vmcoreinfo.h"
#include "memory/mapped_space.h"
#include "types/object.h"
#include "unwind/unwind.h"

namespace inquest {

class ElfFile;
class Kernel;
class SymbolTable;

// How the kernel's memory is laid out in this dump.
struct KernelLayout {
  std::uint64_t kaslr_offset = 0;  // of the text, to be added to vmlinux's
  std::vector<LinearWindow> windows;
  Paging paging;
  std::uint64_t page_size = 4096;
  std::string source;  // "VMCOREINFO", "page tables", "linux_banner"
};

// What an architecture's layout search may look at.
struct LayoutClues {
  const PhysicalMemory& memory;
  const Vmcoreinfo& vmcoreinfo;
  const ElfFile& vmlinux;
  // A symbol's address as linked.
  std::function<std::optional<Address>(std::string_view)> linked;
  std::optional<std::uint64_t> kaslr_offset;                  // --kaslr
  std::map<std::string, std::uint64_t, std::less<>> machine;  // -m k=v
};

// A stack a task or CPU may run on.
struct StackRange {
  std::string name;  // "process", "IRQ", "NMI", "DOUBLEFAULT", ...
  Address base;
  std::uint64_t size = 0;
  bool contains(Address at) const { return at.value - base.value < size; }
};

// A saved pt_regs in words.
struct SavedRegisters {
  Address at;
  Registers registers;  // by Arch::registers() index
  std::vector<std::pair<std::string, std::uint64_t>> named;  // in print order
  bool is_user = false;
};

// The text that vmlinux has at |at| (as linked), up to its NUL or newline:
// the kernel's banner is recognised by it.
Result<std::string> linked_text(const ElfFile& vmlinux,
                                std::optional<Address> at);

class LinuxArch {
 public:
  virtual ~LinuxArch() = default;
  virtual Result<KernelLayout> layout(const LayoutClues& clues) const = 0;
  // The registers with which a sleeping task will go on.
  virtual Result<Registers> sleeping(const Kernel& kernel,
                                     const Object& task) const = 0;
  // The pt_regs at |at|; |is_partial|: the hardware's part only.
  virtual Result<SavedRegisters> saved_registers(const Kernel& kernel,
                                                 Address at,
                                                 bool is_partial) const = 0;
  // The registers in an NT_PRSTATUS note.
  virtual Result<Registers> prstatus(Bytes note, std::endian endian) const = 0;
  // Stacks of a CPU besides the tasks' own.
  virtual std::vector<StackRange> cpu_stacks(const Kernel& kernel,
                                             unsigned cpu) const = 0;
  // A process's tables for user memory.
  virtual Result<Paging> user_paging(const Kernel& kernel,
                                     const Object& mm) const = 0;
};

const LinuxArch* find_linux_arch(unsigned elf_machine);

}  // namespace inquest
