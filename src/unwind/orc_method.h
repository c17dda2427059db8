// SPDX-License-Identifier: GPL-3.0-or-later
// Unwinding x86_64 kernel code by ORC.

#pragma once

#include <functional>

#include "debuginfo/orc.h"
#include "unwind/unwind.h"

namespace inquest {

class OrcMethod : public UnwindMethod {
 public:
  // The table that covers the code at an address, or null when that is no
  // code of the kernel or of a module with tables.
  using Tables = std::function<const OrcTable*(Address pc)>;
  explicit OrcMethod(Tables tables) : tables_(std::move(tables)) {}

  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const override;

 private:
  Tables tables_;
};

}  // namespace inquest
