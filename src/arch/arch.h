// SPDX-License-Identifier: GPL-3.0-or-later
// What a CPU means by its bits: registers, page tables, relocations. Knows
// neither Linux nor files.

#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

namespace inquest {

// Reads physical memory on behalf of a page-table walk.
using PhysRead =
    std::function<Result<void>(PhysAddress from, std::span<std::byte> out)>;

// How a set of page tables is laid out.
struct Paging {
  PhysAddress root;          // of the top-level table
  unsigned levels = 4;       // x86_64: 4 or 5; arm64: 2 to 5
  unsigned page_shift = 12;  // of the smallest page
  unsigned va_bits = 48;
  std::uint64_t ignored = 0;  // bits of an entry that are no address (SME)
  // arm64: a process's tables (TTBR0), not the kernel's (TTBR1); 52-bit
  // physical addresses in 4 or 16 KiB pages (LPA2); kernel pointers carry
  // tags in their top byte (KASAN).
  bool is_lower_half = false;
  bool has_wide_entries = false;
  bool has_tags = false;
};

// One step of a walk, top level first.
struct WalkStep {
  std::string_view table;   // "PGD", "P4D", "PUD", "PMD", "PTE"
  PhysAddress entry_at;     // where the entry lies
  std::uint64_t entry = 0;  // its value
};

struct Translation {
  PhysAddress physical;
  std::uint64_t page_size = 0;  // 4K, 2M, 1G, ...
  std::uint64_t entry = 0;      // the last level's entry, with its flags
};

// A register by name and DWARF number.
struct RegisterName {
  std::string_view name;  // lower case, as gdb names it
  int dwarf = -1;
};

class Arch {
 public:
  virtual ~Arch() = default;

  virtual std::string_view name() const = 0;  // "x86_64", as uname -m
  virtual unsigned elf_machine() const = 0;
  virtual std::endian endian() const = 0;
  virtual unsigned pointer_size() const = 0;
  // The registers an unwinder follows, indexed by our own register number.
  virtual std::span<const RegisterName> registers() const = 0;
  virtual unsigned pc_register() const = 0;
  virtual unsigned sp_register() const = 0;
  virtual unsigned fp_register() const = 0;

  // Walks the tables for |at|: |fault| when an entry is not present (the error
  // names level and entry) or its page is not in the dump. Steps taken are
  // appended to |steps| when given, also on failure.
  virtual Result<Translation> translate(
      const PhysRead& memory, const Paging& paging, Address at,
      std::vector<WalkStep>* steps = nullptr) const = 0;
  // The physical address in an entry that maps a page or table, its page's
  // lowest byte; what an entry means that does not is the kernel's to say.
  virtual PhysAddress entry_address(const Paging& paging,
                                    std::uint64_t entry) const = 0;

  // Applies one relocation of an ET_REL file to |place| (at address |at|):
  // |value| is S + A. |unsupported| names the relocation type.
  virtual Result<void> relocate(unsigned type, std::span<std::byte> place,
                                Address at, std::uint64_t value) const = 0;
};

// Null when there is no such architecture (yet).
const Arch* find_arch(unsigned elf_machine);
const Arch* find_arch(std::string_view name);

}  // namespace inquest
