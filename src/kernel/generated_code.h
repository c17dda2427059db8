// SPDX-License-Identifier: GPL-3.0-or-later
// Code that the kernel made at run time: BPF programs and ftrace's
// trampolines.

#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct GeneratedCode {
  Address start, end;
  std::string name;  // "bpf_prog_...", "ftrace_trampoline"
  // The code in vmlinux that this is a copy of, as far as unwinding goes.
  std::optional<Address> copied_from;
};

// All that can be found: BPF's kallsyms (5.7 on) and the trampolines of
// ftrace_ops_list. Walks both lists when first asked. Safe from many threads.
class GeneratedCodes {
 public:
  explicit GeneratedCodes(const Kernel& kernel) : kernel_(kernel) {}

  // The piece that |at| lies in, or null.
  const GeneratedCode* find(Address at) const;

 private:
  const Kernel& kernel_;
  mutable std::once_flag listed_;
  mutable std::vector<GeneratedCode> pieces_;  // by address
};

}  // namespace inquest
