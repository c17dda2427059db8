// SPDX-License-Identifier: GPL-3.0-or-later
// What gdb has to be told about Linux.

#pragma once

#include <string_view>

namespace inquest {

// For gdb's Python: an unwinder for the entry code. That is assembler, which
// has no frame information, but wherever it calls C, on every architecture
// here, its stack pointer is at the pt_regs of what it interrupted. Frames of
// user code without symbols are the last ones. Does nothing for a kernel whose
// symbols do not say where the entry code is.
std::string_view gdb_script();

}  // namespace inquest
