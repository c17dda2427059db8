// SPDX-License-Identifier: GPL-3.0-or-later
// Unwinding x86_64 code that keeps a frame pointer: kernels built with
// CONFIG_FRAME_POINTER, and generated code such as BPF's.

#pragma once

#include "unwind/unwind.h"

namespace inquest {

// A guess where the code does not keep one: ask it last. An odd rbp is the
// kernel's mark for a pt_regs at rbp - 1.
class FramePointerMethod : public UnwindMethod {
 public:
  Result<Step> step(const Registers& registers, bool is_call,
                    const AddressSpace& stack) const override;
};

}  // namespace inquest
