// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel module's ET_REL file laid out where the dump has its sections.

#pragma once

#include <functional>
#include <map>
#include <string>

#include "arch/arch.h"
#include "debuginfo/elf_file.h"

namespace inquest {

// A copy of |file| whose sections have the addresses in |sections| (by name)
// and whose debug sections are relocated; sections without an address stay at
// 0. |external| resolves undefined symbols (kernel exports); what it does not
// know is left 0.
Result<std::shared_ptr<const ElfFile>> relocated(
    const std::shared_ptr<const ElfFile>& file, const Arch& arch,
    const std::map<std::string, Address>& sections,
    const std::function<std::optional<Address>(std::string_view)>& external);

}  // namespace inquest
