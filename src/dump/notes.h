// SPDX-License-Identifier: GPL-3.0-or-later
// The ELF notes of a dump.

#pragma once

#include "dump/dump.h"

namespace inquest {

// Appends the notes in |bytes|, which are at |at| of the file, to |info|, and
// takes the vmcoreinfo text, its page size and the number of CPUs (NT_PRSTATUS
// notes) from them. Stops at the first note that does not fit: what precedes it
// is kept.
void take_notes(Bytes bytes, DumpInfo& info, FileOffset at = {});

// Takes |text| (which may have trailing NULs) as the dump's vmcoreinfo.
void take_vmcoreinfo(std::string_view text, DumpInfo& info);

// EM_X86_64, ... for what uname -m says; 0 when it is not known.
unsigned elf_machine_of(std::string_view uname_machine);

// The same as the size of an NT_PRSTATUS note of a 64-bit machine tells it.
unsigned elf_machine_of_prstatus(const DumpInfo& info);

}  // namespace inquest
