// SPDX-License-Identifier: GPL-3.0-or-later
// A test kernel with four CPUs whose per-CPU memory lies 64 KB apart.

#pragma once

#include <fmt/format.h>

#include "unit/kernel/test_kernel.h"

namespace inquest::test {

class FourCpuKernel : public TestKernel {
 public:
  static constexpr std::uint64_t distance = 0x10000;
  using TestKernel::TestKernel;

  std::vector<unsigned> possible_cpus() const override { return {0, 1, 2, 3}; }
  Result<Address> per_cpu_address(Address at, unsigned cpu) const override {
    return at + cpu * distance;
  }
  std::optional<Place> place(Address /*at*/) const override {
    return std::nullopt;
  }

  const Type& word() { return types().c_type("unsigned long"); }
  const Type& number() { return types().c_type("unsigned int"); }
  const Type& text() { return types().pointer_to(types().c_type("char")); }
};

// Words in the machine's text; |at| is a virtual address.
inline std::string words_at(std::uint64_t at,
                            const std::vector<std::uint64_t>& words) {
  std::string line = fmt::format("@{:#x} u64", at - TestKernel::base);
  for (std::uint64_t word : words)
    line += fmt::format(" {:#x}", word);
  return line + "\n";
}

}  // namespace inquest::test
