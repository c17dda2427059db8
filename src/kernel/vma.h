// SPDX-License-Identifier: GPL-3.0-or-later
// A process's memory areas.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// The struct vm_area_structs of a struct mm_struct, by address. What hides
// some of them is an item of its own, as a fault.
Generator<Object> vmas(const Kernel& kernel, Object mm);

// The area that holds |at|; nothing where none does. O(depth) where the kernel
// has a tree.
Result<std::optional<Object>> vma_at(const Kernel& kernel, const Object& mm,
                                     Address at);

// Each field stands or falls by itself.
struct Vma {
  Object object;
  Address at;
  Result<Address> start, end;  // [start, end)
  Result<std::uint64_t> flags;
  Result<std::uint64_t> page_offset;  // in the file, in pages
  // The file's name; "" where the area is of none.
  Result<std::string> file;
};
Vma vma_record(const Kernel& kernel, const Object& vma);

// [start, end) of an area of |mm|; an error where these cannot be read, or are
// not what the tree of |mm| says or, without one, more than all its areas.
struct VmaRange {
  Address start, end;
};
Result<VmaRange> vma_range(const Kernel& kernel, const Object& mm,
                           const Vma& vma);

// The names of an area's flags in upper case: "READ", "MAYEXEC". The kernel's
// own where it has a table of them; bits without a name as one number.
std::vector<std::string> vma_flag_names(const Kernel& kernel,
                                        std::uint64_t flags);

}  // namespace inquest
