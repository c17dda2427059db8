// SPDX-License-Identifier: GPL-3.0-or-later
// All that the search for a kernel's layout may look at, written by a test.

#pragma once

#include "debuginfo/elf_file.h"
#include "kernel/linux_arch.h"
#include "unit/debuginfo/build_elf.h"
#include "unit/memory/opened.h"

namespace inquest::test {

constexpr std::string_view kernel_banner =
    "Linux version 6.1.0 (builder@host) #1";

// A vmlinux for |machine| that has |banner| at |at| and nothing else but
// |sections|.
inline std::shared_ptr<const ElfFile> vmlinux_with(
    unsigned machine, std::uint64_t at, std::string_view banner = kernel_banner,
    const std::vector<SectionSpec>& sections = {}) {
  ElfBuilder elf(ET_EXEC, true, std::endian::little, machine);
  for (const SectionSpec& section : sections)
    elf.add(section);
  elf.add({.name = ".rodata",
           .flags = SHF_ALLOC,
           .address = at,
           .bytes = Writer().text(banner).text("\n").bytes()});
  return ElfFile::from_bytes(elf.build(), "vmlinux").value();
}

struct LayoutSearch {
  OpenedMemory opened;
  std::shared_ptr<const ElfFile> file;
  std::map<std::string, std::uint64_t, std::less<>> symbols;       // as linked
  std::optional<std::uint64_t> given = std::nullopt;               // --kaslr
  std::map<std::string, std::uint64_t, std::less<>> machine = {};  // -m

  Result<KernelLayout> find(std::string vmcoreinfo) const {
    Vmcoreinfo info(std::move(vmcoreinfo));
    auto linked = [this](std::string_view name) -> std::optional<Address> {
      auto found = symbols.find(name);
      if (found == symbols.end()) return std::nullopt;
      return Address{found->second};
    };
    const Arch& arch = *find_arch(file->machine());
    LayoutClues clues{*opened.memory(), info,  arch,   file.get(),
                      linked,           given, machine};
    return find_linux_arch(file->machine())->layout(clues);
  }
};

}  // namespace inquest::test
