// SPDX-License-Identifier: GPL-3.0-or-later
// A process's user memory.

#pragma once

#include <memory>

#include "kernel/kernel.h"

namespace inquest {

// By the page tables of a struct mm_struct; kernel addresses are not in it.
// Lives no longer than |kernel|.
Result<MappedSpace> process_memory(const Kernel& kernel, const Object& mm);

// That of |task|'s mm; |not_found| when it has none.
Result<std::unique_ptr<AddressSpace>> task_user_memory(const Kernel& kernel,
                                                       const Object& task);

}  // namespace inquest
