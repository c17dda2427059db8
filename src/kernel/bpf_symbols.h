// SPDX-License-Identifier: GPL-3.0-or-later
// Names of code that the BPF compiler made at run time.

#pragma once

#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A BPF program, trampoline or dispatcher.
struct BpfSymbol {
  Address start, end;
  std::string name;
};

// Ascending; as many as can be read.
std::vector<BpfSymbol> bpf_symbols(const Kernel& kernel);

}  // namespace inquest
