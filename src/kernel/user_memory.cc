// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/user_memory.h"

#include <algorithm>

#include "base/blocks.h"
#include "base/interrupt.h"
#include "kernel/linux_arch.h"
#include "kernel/page_cache.h"
#include "kernel/swapped_page.h"
#include "kernel/vma.h"
#include "memory/extents.h"

namespace inquest {

Result<MappedSpace> process_memory(const Kernel& kernel, const Object& mm) {
  Paging paging = TRY(LinuxArch::user_paging(kernel, mm));
  // Not owned: the kernel keeps its physical memory.
  std::shared_ptr<const PhysicalMemory> physical(std::shared_ptr<void>(),
                                                 &kernel.physical());
  return MappedSpace(physical, kernel.arch(), {}, paging);
}

Result<UserMemory> UserMemory::open(const Kernel& kernel, Object mm) {
  MappedSpace mapped = TRY(process_memory(kernel, mm));
  return UserMemory(kernel, std::move(mapped), std::move(mm));
}

Result<void> UserMemory::read(Address from, std::span<std::byte> out) const {
  std::uint64_t page = kernel_.page_size();
  return read_by_blocks(
      from, out, page, [this](Address at, std::span<std::byte> part) {
        if (!interrupted()) return read_in_page(at, part);
        return Result<void>(Error(ErrorKind::fault, "interrupted", at.value));
      });
}

Result<void> UserMemory::read_in_page(Address from,
                                      std::span<std::byte> out) const {
  auto mapped = MappedSpace::read(from, out);
  if (mapped) return mapped;
  return read_unmapped(from, out, mapped.error());
}

Result<void> UserMemory::read_unmapped(Address from, std::span<std::byte> out,
                                       const Error& why) const {
  std::vector<WalkStep> steps;
  if (walk(from, &steps) || steps.empty()) return why;
  PageEntry entry =
      kernel_.linux_arch().page_entry(kernel_, steps.back().entry);
  switch (entry.kind) {
    case PageEntry::Kind::empty:
      return read_file(from, out, why);
    case PageEntry::Kind::swapped:
      return read_swapped(entry.swap, from, out);
    case PageEntry::Kind::hidden: {
      std::uint64_t size = entry_reach(*paging(), steps.size());
      return read_physical(entry.physical_of(from, size), from, out);
    }
    default:  // a table that cannot be read
      return why;
  }
}

// What lies at |at| and the process sees at |from|.
Result<void> UserMemory::read_physical(PhysAddress at, Address from,
                                       std::span<std::byte> out) const {
  auto done = physical().read(at, out);
  if (done) return done;
  return Error(done.error().kind(), done.error().message(),
               from.value + (done.error().address() - at.value));
}

Result<void> UserMemory::read_file(Address from, std::span<std::byte> out,
                                   const Error& why) const {
  constexpr std::uint64_t huge = 0x400000;  // VM_HUGETLB: other indexes
  std::uint64_t size = kernel_.page_size();
  auto found = vma_at(kernel_, mm_, from);
  if (!found || !*found) return why;
  const Object& vma = **found;
  Object file = vma["vm_file"];
  auto file_at = file.to_address();
  bool is_huge = (vma["vm_flags"].to_unsigned().value_or(huge) & huge) != 0;
  if (!file_at || file_at->value == 0 || is_huge) return why;
  std::uint64_t start = TRY(vma["vm_start"].to_unsigned());
  std::uint64_t index =
      TRY(vma["vm_pgoff"].to_unsigned()) + (from.value - start) / size;
  auto cached = cached_page(kernel_, file["f_mapping"].dereference(), index);
  if (!cached) return why;
  if (cached->physical) {
    return read_physical(*cached->physical + from.value % size, from, out);
  }
  if (cached->swap) return read_swapped(*cached->swap, from, out);
  return why;
}

Result<void> UserMemory::read_swapped(SwapEntry entry, Address from,
                                      std::span<std::byte> out) const {
  auto page = swapped_page(kernel_, entry);
  if (!page) {
    return Error(page.error().kind(), page.error().message(), from.value);
  }
  std::uint64_t offset = from.value % kernel_.page_size();
  std::ranges::copy(Bytes(*page).subspan(offset, out.size()), out.begin());
  return {};
}

Result<std::unique_ptr<AddressSpace>> task_user_memory(const Kernel& kernel,
                                                       const Object& task) {
  Object mm = task["mm"];
  if (TRY(mm.to_address()).value == 0) {
    return Error(ErrorKind::not_found,
                 "the task is a kernel thread: it has no user memory");
  }
  return std::unique_ptr<AddressSpace>(std::make_unique<UserMemory>(
      TRY(UserMemory::open(kernel, mm.dereference()))));
}

}  // namespace inquest
