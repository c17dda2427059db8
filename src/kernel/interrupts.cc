// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where descriptors are:
//   sparse_irqs, a maple tree (6.5 on, commit 721255b9826b);
//   irq_desc_tree, a radix tree (CONFIG_SPARSE_IRQ before that);
//   irq_desc, an array of all there can be (without CONFIG_SPARSE_IRQ).
// How many numbers there can be is nr_irqs, total_nr_irqs since 6.13.

#include "kernel/interrupts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/maple_tree.h"

namespace inquest {
namespace {

constexpr std::size_t most_actions = 1024;
constexpr std::uint64_t most_numbers = std::uint64_t{1} << 20;

Error lacks(std::string_view what) {
  return {ErrorKind::unsupported, fmt::format("this kernel has no {}", what)};
}

Result<std::uint64_t> number_count(const Kernel& kernel) {
  for (std::string_view name : {"total_nr_irqs", "nr_irqs"}) {
    if (kernel.has_symbol(name)) {
      return kernel.variable(name, "unsigned int").to_unsigned();
    }
  }
  return lacks("nr_irqs");
}

// The text that a char pointer leads to; "" for none.
Result<std::string> text_at(const Object& pointer) {
  if (TRY(pointer.to_address()).value == 0) return std::string();
  return pointer.to_string();
}

std::uint64_t symbol_size(const Kernel& kernel, std::string_view name) {
  const Symbol* found = kernel.symbols().find(name);
  return found == nullptr ? 0 : found->size;
}

}  // namespace

Result<IrqTable> IrqTable::open(const Kernel& kernel) {
  IrqTable table;
  table.count_ = TRY(number_count(kernel));
  if (kernel.has_symbol("sparse_irqs")) {
    TRY(table.read_maple(kernel));
  } else if (kernel.has_symbol("irq_desc_tree")) {
    // The radix tree is an xarray by another name since 4.20.
    bool is_radix = kernel.structure("radix_tree_root").has_value();
    table.read_tree(kernel, kernel.variable("irq_desc_tree",
                                            is_radix ? "struct radix_tree_root"
                                                     : "struct xarray"));
  } else if (kernel.has_symbol("irq_desc")) {
    TRY(table.read_array(kernel));
  } else {
    return lacks("sparse_irqs, irq_desc_tree or irq_desc");
  }
  return table;
}

void IrqTable::add(const Kernel& kernel, std::uint64_t number, Address at) {
  found_.insert_or_assign(number, kernel.object("irq_desc", at));
}

Result<void> IrqTable::read_maple(const Kernel& kernel) {
  Object root = kernel.variable("sparse_irqs", "struct maple_tree");
  if (root.fault() != nullptr) return *root.fault();
  MapleTree tree = TRY(MapleTree::open(kernel, root));
  for (const MapleEntry& entry : tree.entries()) {
    if (entry.fault) {
      faults_.push_back(*entry.fault);
    } else {
      add(kernel, entry.first, entry.entry);
    }
  }
  return {};
}

void IrqTable::read_tree(const Kernel& kernel, const Object& root) {
  for (const IndexedEntry& entry : xarray_entries(kernel, root)) {
    if (entry.fault) {
      faults_.push_back(*entry.fault);
    } else {
      add(kernel, entry.index, entry.entry);
    }
  }
}

Result<void> IrqTable::read_array(const Kernel& kernel) {
  const Type* type = TRY(kernel.structure("irq_desc"));
  Address first = TRY(kernel.symbol("irq_desc"));
  if (type->size() == 0) return lacks("struct irq_desc");
  std::uint64_t room = symbol_size(kernel, "irq_desc") / type->size();
  std::uint64_t count = std::min({count_, room, most_numbers});
  for (std::uint64_t number = 0; number < count && !interrupted(); ++number)
    add(kernel, number, first + number * type->size());
  return {};
}

std::vector<IrqAction> irq_actions(const Object& descriptor) {
  std::vector<IrqAction> found;
  Object next = descriptor["action"];
  for (std::size_t i = 0; i < most_actions && !interrupted(); ++i) {
    auto at = next.to_address();
    if (!at) {
      found.push_back({Address{0}, at.error()});
      return found;
    }
    if (at->value == 0) return found;
    auto same = [&](const IrqAction& action) { return action.at == *at; };
    if (std::ranges::any_of(found, same)) {
      found.push_back({Address{0}, Error(ErrorKind::corrupt,
                                         "the handlers loop", at->value)});
      return found;
    }
    Object action = next.dereference();
    found.push_back({*at, text_at(action["name"])});
    next = action["next"];
  }
  return found;
}

Result<std::string> irq_chip_name(const Object& descriptor) {
  Object chip = descriptor["irq_data"]["chip"];
  if (TRY(chip.to_address()).value == 0) return std::string("None");
  return text_at(chip["name"]);
}

Result<std::string> irq_flow_name(const Object& descriptor) {
  return text_at(descriptor["name"]);
}

// Per CPU a number; since 6.10 (86d2a2f51fba) a struct irqstat around it.
Result<std::uint64_t> irq_count(const Kernel& kernel, const Object& descriptor,
                                unsigned cpu) {
  Object counts = descriptor["kstat_irqs"];
  Address all = TRY(counts.to_address());
  if (all.value == 0) return std::uint64_t{0};
  const Type* type = counts.type().stripped().target();
  if (type == nullptr) return lacks("type of kstat_irqs");
  Address own = TRY(kernel.per_cpu_address(all, cpu));
  Object count(kernel.memory(), *type, own);
  if (count.has_member("cnt")) count = count["cnt"];
  return count.to_unsigned();
}

// In irq_common_data since 4.3 (9df872faa7e1), in irq_data before.
Result<std::vector<unsigned>> irq_affinity(const Kernel& kernel,
                                           const Object& descriptor) {
  for (std::string_view path :
       {"irq_common_data.affinity", "irq_data.affinity"}) {
    if (descriptor.has_member(path)) {
      return cpumask_cpus(kernel, descriptor[path]);
    }
  }
  return lacks("irq_common_data.affinity");
}

Result<std::vector<Address>> softirq_actions(const Kernel& kernel) {
  Address first = TRY(kernel.symbol("softirq_vec"));
  const Type* type = TRY(kernel.structure("softirq_action"));
  auto named = kernel.enumerator("NR_SOFTIRQS");
  constexpr std::int64_t most_kinds = 32;  // of softirq_pending
  std::int64_t count = std::clamp<std::int64_t>(TRY(named), 0, most_kinds);
  std::vector<Address> actions;
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint64_t distance = static_cast<std::uint64_t>(i) * type->size();
    Object action(kernel.memory(), *type, first + distance);
    actions.push_back(TRY(action["action"].to_address()));
  }
  return actions;
}

Result<std::vector<Address>> interrupt_gates(const Kernel& kernel) {
  if (!kernel.has_symbol("idt_table")) return lacks("idt_table");
  const Type* type = TRY(kernel.type("gate_desc"));
  constexpr unsigned vectors = 256;
  Address first = TRY(kernel.symbol("idt_table"));
  std::vector<Address> gates;
  for (unsigned i = 0; i < vectors; ++i) {
    Object gate(kernel.memory(), *type, first + i * type->size());
    std::uint64_t low = TRY(gate["offset_low"].to_unsigned());
    std::uint64_t middle = TRY(gate["offset_middle"].to_unsigned());
    std::uint64_t high = gate.has_member("offset_high")
                             ? TRY(gate["offset_high"].to_unsigned())
                             : 0;
    gates.push_back(Address{low | middle << 16 | high << 32});
  }
  return gates;
}

Result<std::vector<unsigned>> cpumask_cpus(const Kernel& kernel,
                                           const Object& mask) {
  Object bits = mask;
  if (mask.type().is_pointer()) {
    if (TRY(mask.to_address()).value == 0) return std::vector<unsigned>();
    bits = mask.dereference();
  }
  std::vector<std::byte> bytes = TRY(bits.to_bytes());
  Reader reader(bytes, kernel.memory().endian());
  std::vector<unsigned> possible = kernel.possible_cpus();
  std::vector<unsigned> found;
  constexpr unsigned word_bits = 64;
  unsigned first = 0;
  while (auto word = reader.read<std::uint64_t>()) {
    for (unsigned bit = 0; bit < word_bits; ++bit) {
      if ((*word >> bit & 1) == 0) continue;
      // Masks may be allocated shorter than their type: nr_cpu_ids bits.
      if (!possible.empty() && first + bit > possible.back()) return found;
      found.push_back(first + bit);
    }
    first += word_bits;
  }
  return found;
}

}  // namespace inquest
