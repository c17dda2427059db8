// SPDX-License-Identifier: GPL-3.0-or-later
// Interrupts as Linux knows them: numbers with their descriptors, handlers,
// counts and affinities; softirqs; and the CPU's own table of gates.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// Those interrupts that have a descriptor, whatever container holds them.
class IrqTable {
 public:
  // |unsupported| names what this kernel lacks.
  static Result<IrqTable> open(const Kernel& kernel);

  // How many numbers the kernel may use: 0 to count() - 1.
  std::uint64_t count() const { return count_; }
  // struct irq_desc by number.
  const std::map<std::uint64_t, Object>& descriptors() const { return found_; }
  // Why some may be missing.
  const std::vector<Error>& faults() const { return faults_; }

 private:
  void add(const Kernel& kernel, std::uint64_t number, Address at);
  Result<void> read_maple(const Kernel& kernel);
  void read_tree(const Kernel& kernel, const Object& root);
  Result<void> read_array(const Kernel& kernel);

  std::uint64_t count_ = 0;
  std::map<std::uint64_t, Object> found_;
  std::vector<Error> faults_;
};

// A handler of an interrupt.
struct IrqAction {
  Address at;
  Result<std::string> name;  // "" where the driver gave none
};
// Of a descriptor, in the order in which they are called; a chain that breaks
// is a last item without an address.
std::vector<IrqAction> irq_actions(const Object& descriptor);

// What handles the interrupt in hardware ("IO-APIC"), and how ("edge").
Result<std::string> irq_chip_name(const Object& descriptor);
Result<std::string> irq_flow_name(const Object& descriptor);

// How often it came to |cpu|.
Result<std::uint64_t> irq_count(const Kernel& kernel, const Object& descriptor,
                                unsigned cpu);
// The CPUs that it may come to.
Result<std::vector<unsigned>> irq_affinity(const Kernel& kernel,
                                           const Object& descriptor);

// The functions of softirq_vec, by number.
Result<std::vector<Address>> softirq_actions(const Kernel& kernel);

// Where the gates of x86's interrupt table lead, by vector. |unsupported|
// where the CPU has none.
Result<std::vector<Address>> interrupt_gates(const Kernel& kernel);

// The bits set in a struct cpumask, a pointer to one, or an array of one.
Result<std::vector<unsigned>> cpumask_cpus(const Kernel& kernel,
                                           const Object& mask);

}  // namespace inquest
