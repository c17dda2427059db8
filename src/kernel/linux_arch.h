// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between Linux on one CPU and on another.

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
class GeneratedCodes;
class Kernel;
struct KernelRange;  // kernel/address_ranges.h
class SymbolTable;
struct PageEntry;  // kernel/page_entry.h

// How the kernel's memory is laid out in this dump.
struct KernelLayout {
  std::uint64_t kaslr_offset = 0;  // of the text, to be added to vmlinux's
  std::vector<LinearWindow> windows;
  Paging paging;
  std::uint64_t page_size = 4096;
  // Bits of a return address that may hold a signature (arm64's pointer
  // authentication) and are all ones in a kernel address without one.
  std::uint64_t signature = 0;
  std::string source;  // "VMCOREINFO", "page tables", "linux_banner"
  std::string remark;  // what had to be guessed; "": nothing

  // What a signed return address points to.
  Address code_address(std::uint64_t word) const;
};

// What an architecture's layout search may look at.
struct LayoutClues {
  const PhysicalMemory& memory;
  const Vmcoreinfo& vmcoreinfo;
  const Arch& arch;
  const ElfFile* vmlinux = nullptr;  // null: there is none
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

  // By its name in |named|.
  std::optional<std::uint64_t> find(std::string_view name) const;
};

// The text that vmlinux has at |at| (as linked), up to its NUL or newline:
// the kernel's banner is recognised by it.
Result<std::string> linked_text(const ElfFile* vmlinux,
                                std::optional<Address> at);

// Linux on one architecture: where its kernel puts things.
class LinuxArch {
 public:
  virtual ~LinuxArch() = default;
  virtual Result<KernelLayout> layout(const LayoutClues& clues) const = 0;
  // Where the page tables map what is in no linear window: vmalloc areas,
  // modules, the array of struct page. May overlap windows.
  virtual std::vector<KernelRange> mapped_ranges(
      const Kernel& kernel) const = 0;
  // A process's tables for user memory.
  static Result<Paging> user_paging(const Kernel& kernel, const Object& mm);
  // What an entry of the lowest page table, or one for a large page, says.
  virtual PageEntry page_entry(const Kernel& kernel,
                               std::uint64_t entry) const = 0;

  // ---- Saved registers ----
  // The registers with which a sleeping task will go on.
  virtual Result<Registers> sleeping(const Kernel& kernel,
                                     const Object& task) const = 0;
  // The pt_regs at |at|; |is_partial|: the hardware's part only.
  virtual Result<SavedRegisters> saved_registers(const Kernel& kernel,
                                                 Address at,
                                                 bool is_partial) const = 0;
  // The size of a whole pt_regs in bytes.
  virtual std::uint64_t saved_size(const Kernel& kernel) const = 0;
  // Whether |saved|, found on |stack|, can be a pt_regs at all.
  virtual bool is_plausible(const Kernel& kernel, const SavedRegisters& saved,
                            const StackRange& stack) const = 0;
  // Registers of user code that was not interrupted by the kernel.
  virtual SavedRegisters user_registers(const Registers& registers) const = 0;
  // The registers in an NT_PRSTATUS note.
  virtual Result<Registers> prstatus(Bytes note, std::endian endian) const = 0;

  // ---- Stacks ----
  // Stacks of a CPU besides the tasks' own.
  virtual std::vector<StackRange> cpu_stacks(const Kernel& kernel,
                                             unsigned cpu) const = 0;
  // Whether frames are known by their frame records, which lie at their lower
  // ends and link them. An interrupted function is then a frame of its own,
  // and calls are named by the call instead of the return address.
  virtual bool has_frame_records() const = 0;
  // What a frame is known by: the place of the return address that
  // |registers| have just been returned by, or the frame record.
  virtual Address slot(const Registers& registers, bool is_call) const = 0;
  // The registers after a return through the address that lies at |at|.
  virtual Result<Registers> returned(const Kernel& kernel,
                                     Address at) const = 0;
  // The registers of the caller when |registers| are at the very first
  // instruction of what was called.
  virtual Result<Registers> not_entered(const Kernel& kernel,
                                        const Registers& registers) const = 0;
  // Functions that only the end of all leads into, the panicking CPU's and the
  // stopped ones', best first: their return addresses are no leftovers.
  virtual std::span<const std::string_view> last_functions() const = 0;
  // The ways to unwind this kernel. Costs nothing until used; tables are kept
  // as long as the result, which is safe from many threads.
  virtual Unwinder unwinder(
      const Kernel& kernel,
      std::shared_ptr<const GeneratedCodes> generated) const = 0;
};

// Null when Linux on it is not supported (yet).
const LinuxArch* find_linux_arch(unsigned elf_machine);

}  // namespace inquest
