// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual memory: linear windows first, page tables for the rest.

#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "arch/arch.h"
#include "memory/physical_memory.h"

namespace inquest {

// Whether |fault| says that the tables have nothing there, rather than that
// they or the page cannot be read.
bool is_unmapped(const Error& fault);

// [start, start + size) maps to physical memory from |physical| on.
struct LinearWindow {
  Address start;
  std::uint64_t size = 0;
  PhysAddress physical;
};

// The kernel's space (with windows for the direct map and the kernel image) or
// a process's (no windows, its own tables). Windows must not overlap. Copies
// share a small cache of translations.
class MappedSpace : public AddressSpace {
 public:
  MappedSpace(std::shared_ptr<const PhysicalMemory> memory, const Arch& arch,
              std::vector<LinearWindow> windows, std::optional<Paging> paging);

  std::endian endian() const override { return memory_->endian(); }
  Result<void> read(Address from, std::span<std::byte> out) const override;
  Result<PhysAddress> to_physical(Address at) const override;
  // Walks the page tables even where a window covers |at|.
  Result<Translation> walk(Address at, std::vector<WalkStep>* steps) const;
  // Of memory in use, whose page tables may have changed.
  void forget_translations() const;

  const PhysicalMemory& physical() const { return *memory_; }
  const std::optional<Paging>& paging() const { return paging_; }
  const std::vector<LinearWindow>& windows() const { return windows_; }

 private:
  class TranslationCache;

  const LinearWindow* window_of(Address at) const;
  // Without the tag that pointers may carry in their top byte.
  Address untagged(Address at) const;
  Result<PhysAddress> translated(Address at) const;
  // Where |at| lies, and how many bytes from there on lie in a row.
  struct Extent {
    PhysAddress physical;
    std::uint64_t size = 0;
  };
  Result<Extent> extent_at(Address at) const;

  std::shared_ptr<const PhysicalMemory> memory_;
  const Arch& arch_;
  std::vector<LinearWindow> windows_;
  std::optional<Paging> paging_;
  std::shared_ptr<TranslationCache> cache_;
};

}  // namespace inquest
