// SPDX-License-Identifier: GPL-3.0-or-later
// The symbols that a kernel carries in its own memory.

#pragma once

#include <functional>

#include "debuginfo/symbols.h"
#include "kernel/vmcoreinfo.h"
#include "memory/address_space.h"

namespace inquest {

// Where VMCOREINFO says that they are, which it does since 6.0 (5fd8fea935a1).
// |memory| maps the kernel's image at least. |not_found| when VMCOREINFO does
// not say, |corrupt| when what is there disagrees with it.
Result<SymbolTable> kallsyms_in_memory(const AddressSpace& memory,
                                       const Vmcoreinfo& vmcoreinfo,
                                       unsigned pointer_size);

// The few symbols that VMCOREINFO itself names, for a first look at the image:
// as linked, when the kernel was moved by |slide|. The end of the image is
// taken to be far behind its start.
std::function<std::optional<Address>(std::string_view)> noted_symbols(
    const Vmcoreinfo& vmcoreinfo, std::uint64_t slide);

}  // namespace inquest
