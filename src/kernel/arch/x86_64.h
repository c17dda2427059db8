// SPDX-License-Identifier: GPL-3.0-or-later
// Linux on x86_64. Where memory lies: x86_64.cc; what is on the stacks:
// x86_64_stacks.cc.

#pragma once

#include "kernel/linux_arch.h"

namespace inquest {

class LinuxX86 final : public LinuxArch {
 public:
  Result<KernelLayout> layout(const LayoutClues& clues) const override;
  std::vector<KernelRange> mapped_ranges(const Kernel& kernel) const override;
  PageEntry page_entry(const Kernel& kernel,
                       std::uint64_t entry) const override;

  Result<Registers> sleeping(const Kernel& kernel,
                             const Object& task) const override;
  Result<SavedRegisters> saved_registers(const Kernel& kernel, Address at,
                                         bool is_partial) const override;
  std::uint64_t saved_size(const Kernel& kernel) const override;
  bool is_plausible(const Kernel& kernel, const SavedRegisters& saved,
                    const StackRange& stack) const override;
  SavedRegisters user_registers(const Registers& registers) const override;
  Result<Registers> prstatus(Bytes note, std::endian endian) const override;

  std::vector<StackRange> cpu_stacks(const Kernel& kernel,
                                     unsigned cpu) const override;
  bool has_frame_records() const override { return false; }
  Address slot(const Registers& registers, bool is_call) const override;
  Result<Registers> returned(const Kernel& kernel, Address at) const override;
  Result<Registers> not_entered(const Kernel& kernel,
                                const Registers& registers) const override;
  std::span<const std::string_view> last_functions() const override;
  Unwinder unwinder(
      const Kernel& kernel,
      std::shared_ptr<const GeneratedCodes> generated) const override;
};

}  // namespace inquest
