// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/linux_arch.h"

#include <algorithm>

#include "debuginfo/elf_file.h"
#include "kernel/arch/x86_64.h"

namespace inquest {

Result<std::string> linked_text(const ElfFile& vmlinux,
                                std::optional<Address> at) {
  constexpr std::uint64_t limit = 512;
  constexpr std::uint64_t shortest = 16;
  if (!at) return Error(ErrorKind::not_found, "vmlinux has no linux_banner");
  for (const ElfSection& section : vmlinux.sections()) {
    if (section.address > *at || *at - section.address >= section.size) {
      continue;
    }
    Bytes bytes = TRY(vmlinux.contents(section));
    std::uint64_t offset = *at - section.address;
    if (offset >= bytes.size()) continue;
    bytes = bytes.subspan(offset);
    std::string_view text = as_text(
        bytes.first(std::min(limit, static_cast<std::uint64_t>(bytes.size()))));
    text = text.substr(0, text.find_first_of(std::string_view("\n\0", 2)));
    if (text.size() >= shortest) return std::string(text);
  }
  return Error(ErrorKind::not_found,
               "vmlinux has no text for its linux_banner");
}

const LinuxArch* find_linux_arch(unsigned elf_machine) {
  static const LinuxX86 x86_64;
  constexpr unsigned em_x86_64 = 62;
  return elf_machine == em_x86_64 ? &x86_64 : nullptr;
}

}  // namespace inquest
