// SPDX-License-Identifier: GPL-3.0-or-later
// A process's user memory.

#pragma once

#include <memory>

#include "kernel/kernel.h"
#include "kernel/page_entry.h"

namespace inquest {

// By the page tables of a struct mm_struct; kernel addresses are not in it.
// Lives no longer than |kernel|.
Result<MappedSpace> process_memory(const Kernel& kernel, const Object& mm);

// The same, and what the tables do not map as the process would find it there:
// pages of files in the page cache, swapped pages that are in memory. Errors
// say where a page is that is not in the dump.
class UserMemory : public MappedSpace {
 public:
  static Result<UserMemory> open(const Kernel& kernel, Object mm);

  Result<void> read(Address from, std::span<std::byte> out) const override;

 private:
  UserMemory(const Kernel& kernel, MappedSpace mapped, Object mm)
      : MappedSpace(std::move(mapped)), kernel_(kernel), mm_(std::move(mm)) {}
  Result<void> read_in_page(Address from, std::span<std::byte> out) const;
  Result<void> read_unmapped(Address from, std::span<std::byte> out,
                             const Error& why) const;
  Result<void> read_physical(PhysAddress at, Address from,
                             std::span<std::byte> out) const;
  Result<void> read_file(Address from, std::span<std::byte> out,
                         const Error& why) const;
  Result<void> read_swapped(SwapEntry entry, Address from,
                            std::span<std::byte> out) const;

  const Kernel& kernel_;
  Object mm_;  // struct mm_struct
};

// That of |task|'s mm; |not_found| when it has none.
Result<std::unique_ptr<AddressSpace>> task_user_memory(const Kernel& kernel,
                                                       const Object& task);

}  // namespace inquest
