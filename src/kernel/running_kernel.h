// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel that we run on says of itself in /proc and /sys.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "debuginfo/symbols.h"
#include "kernel/kernel.h"
#include "kernel/vmlinux_search.h"
#include "types/type_source.h"

namespace inquest {

// Its release, version and build-id.
VmlinuxQuery running_kernel();

// The symbols of /proc/kallsyms, those of modules left out. The error says what
// hides them. Takes as long as the kernel takes to list them: tenths of a
// second.
Result<SymbolTable> running_symbols();

// The bytes of /sys/kernel/btf/|name|.
Result<std::shared_ptr<const std::vector<std::byte>>> running_btf(
    const std::string& name);

// The task of this very process. |not_found| when |kernel| is another machine's
// or we live in a pid namespace of our own.
Result<Object> own_task(const Kernel& kernel);

// The types of the modules loaded now, over vmlinux's |base|. They are read
// when first asked for a type, which is when vmlinux has no such type.
std::shared_ptr<TypeSource> running_module_types(
    std::shared_ptr<const Btf> base, unsigned pointer_size);

}  // namespace inquest
