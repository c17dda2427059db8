// SPDX-License-Identifier: GPL-3.0-or-later
// Unwinding x86_64 kernel code by ORC.

#pragma once

#include <functional>

#include "debuginfo/orc.h"
#include "unwind/unwind.h"

namespace inquest {

class OrcMethod : public UnwindMethod {
 public:
  // The entry for the instruction at an address, or nothing when that is no
  // code of the kernel or of a module with tables.
  using Entries = std::function<std::optional<OrcEntry>(Address pc)>;
  explicit OrcMethod(Entries entries) : entries_(std::move(entries)) {}

  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const override;

 private:
  Entries entries_;
};

}  // namespace inquest
