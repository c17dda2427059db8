// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/linux_arch.h"

#include <algorithm>

#include "debuginfo/elf_file.h"
#include "kernel/arch/arm64.h"
#include "kernel/arch/x86_64.h"
#include "kernel/kernel.h"

namespace inquest {

Result<std::string> linked_text(const ElfFile* vmlinux,
                                std::optional<Address> at) {
  constexpr std::uint64_t limit = 512;
  constexpr std::uint64_t shortest = 16;
  if (vmlinux == nullptr) {
    return Error(ErrorKind::not_found, "there is no vmlinux");
  }
  if (!at) return Error(ErrorKind::not_found, "vmlinux has no linux_banner");
  for (const ElfSection& section : vmlinux->sections()) {
    if (section.address > *at || *at - section.address >= section.size) {
      continue;
    }
    Bytes bytes = TRY(vmlinux->contents(section));
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

std::optional<std::uint64_t> SavedRegisters::find(std::string_view name) const {
  for (const auto& [its_name, value] : named) {
    if (its_name == name) return value;
  }
  return std::nullopt;
}

Address KernelLayout::code_address(std::uint64_t word) const {
  constexpr std::uint64_t is_kernel = std::uint64_t{1} << 55;
  bool may_be_signed = signature != 0 && (word & is_kernel) != 0;
  return {may_be_signed ? word | signature : word};
}

Result<Paging> LinuxArch::user_paging(const Kernel& kernel, const Object& mm) {
  const auto& own = kernel.memory().paging();
  if (!own) {
    return Error(ErrorKind::not_found, "the kernel's page tables are unknown");
  }
  Paging paging = *own;
  Address top = TRY(mm["pgd"].to_address());
  paging.root = TRY(kernel.memory().to_physical(top));
  paging.is_lower_half = true;
  return paging;
}

const LinuxArch* find_linux_arch(unsigned elf_machine) {
  static const LinuxX86 x86_64;
  static const LinuxArm64 arm64;
  constexpr unsigned em_x86_64 = 62;
  constexpr unsigned em_aarch64 = 183;
  switch (elf_machine) {
    case em_x86_64:
      return &x86_64;
    case em_aarch64:
      return &arm64;
    default:
      return nullptr;
  }
}

}  // namespace inquest
