// SPDX-License-Identifier: GPL-3.0-or-later
// How this kernel's code can be unwound: which tables there are, and where.

#pragma once

#include "kernel/generated_code.h"
#include "kernel/kernel.h"
#include "unwind/unwind.h"

namespace inquest {

// ORC (from vmlinux, else from the dump's memory; a module's from the dump),
// .debug_frame, frame pointers, as far as this kernel has them. Costs nothing
// until used; tables are kept as long as the result. Safe from many threads.
Unwinder kernel_unwinder(const Kernel& kernel,
                         std::shared_ptr<const GeneratedCodes> generated);

}  // namespace inquest
