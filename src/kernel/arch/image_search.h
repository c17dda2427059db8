// SPDX-License-Identifier: GPL-3.0-or-later
// What the searches for the kernel image have in common, whatever the CPU.

#pragma once

#include "kernel/linux_arch.h"

namespace inquest {

class ImageSearch {
 public:
  explicit ImageSearch(const LayoutClues& clues) : clues_(clues) {}

 protected:
  // What -m gave for |name|.
  std::optional<std::uint64_t> option(std::string_view name) const;
  // What vmlinux's addresses are to be moved by, if --kaslr or VMCOREINFO
  // says so.
  std::optional<std::uint64_t> known_slide() const;
  // An unsigned integer in physical memory.
  std::optional<std::uint64_t> value_at(PhysAddress at, unsigned size) const;
  // A NUMBER() of VMCOREINFO as its bits.
  std::optional<std::uint64_t> noted(std::string_view name) const;

  // The kernel's banner as vmlinux has it.
  Result<std::string> banner_in_file() const;
  bool has_banner(PhysAddress at, std::string_view banner) const;
  // Where the banner lies: images start at multiples of |step|. There may be
  // copies: the first that |is_image| says yes to counts. |not_found| when it
  // is nowhere, which takes a look at every step of the dump, or when only
  // copies were found.
  Result<PhysAddress> banner_in_memory(
      std::uint64_t step,
      const std::function<bool(PhysAddress)>& is_image) const;

  PhysRead reader() const;

  const LayoutClues& clues_;
};

}  // namespace inquest
