// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/interrupts.h"

#include <gtest/gtest.h>

#include "unit/kernel/scheduling_kernel.h"

namespace inquest::test {
namespace {

constexpr std::uint64_t base = TestKernel::base;
constexpr std::uint64_t descriptor_at = base + 0x1000;
constexpr std::uint64_t first_at = base + 0x2000, second_at = base + 0x2100;

// How a kernel counts, and how it keeps CPU masks.
struct Shape {
  bool has_irqstat = false;
  bool has_mask_pointer = false;
};

class IrqKernel : public FourCpuKernel {
 public:
  explicit IrqKernel(const std::string& machine, Shape shape = {},
                     std::map<std::string, std::uint64_t> symbols = {})
      : FourCpuKernel("@0x0 u64 0\n" + machine, std::move(symbols)) {
    const Type& bits = types().array_of(word(), 2);
    const Type& mask =
        source->structure("cpumask", 16, {member("bits", bits, 0)});
    const Type& affinity = shape.has_mask_pointer ? types().pointer_to(mask)
                                                  : types().array_of(mask, 1);
    const Type& common = source->structure("irq_common_data", 16,
                                           {member("affinity", affinity, 0)});
    const Type& counter =
        shape.has_irqstat
            ? source->structure("irqstat", 8, {member("cnt", number(), 4)})
            : number();
    source->structure("irq_desc", 64,
                      {member("irq_common_data", common, 0),
                       member("kstat_irqs", types().pointer_to(counter), 16)});
  }

  Object descriptor() const {
    return object("irq_desc", Address{descriptor_at});
  }
};

TEST(Interrupts, AreCountedPerCpu) {
  // Two numbers for each CPU: the first is the plain count.
  std::string machine = words_at(descriptor_at, {0, 0, base + 0x3000, 0}) +
                        words_at(base + 0x3000, {0x700000005}) +
                        words_at(base + 0x13000, {0x800000006});
  IrqKernel plain(machine);
  EXPECT_EQ(irq_count(plain, plain.descriptor(), 0).value_or(0), 5U);
  EXPECT_EQ(irq_count(plain, plain.descriptor(), 1).value_or(0), 6U);
  IrqKernel counted(machine, {.has_irqstat = true});
  EXPECT_EQ(irq_count(counted, counted.descriptor(), 0).value_or(0), 7U);
  EXPECT_EQ(irq_count(counted, counted.descriptor(), 1).value_or(0), 8U);
  EXPECT_FALSE(irq_count(plain, plain.descriptor(), 2));
}

TEST(Interrupts, MayComeToTheCpusOfAMask) {
  using Cpus = std::vector<unsigned>;
  IrqKernel inside(words_at(descriptor_at, {0b1010, 0}));
  EXPECT_EQ(irq_affinity(inside, inside.descriptor()).value_or(Cpus{}),
            (Cpus{1, 3}));
  // Bits beyond the last CPU are not the mask's own.
  IrqKernel outside(words_at(descriptor_at, {base + 0x3000}) +
                        words_at(base + 0x3000, {0xff06, 1}),
                    {.has_mask_pointer = true});
  EXPECT_EQ(irq_affinity(outside, outside.descriptor()).value_or(Cpus{}),
            (Cpus{1, 2}));
}

TEST(Interrupts, AreFoundInATree) {
  IrqKernel kernel(words_at(base + 0x100, {6}) +
                       words_at(base + 0x200, {base + 0x4002}) +
                       "@0x4000 u8 0\n" +
                       words_at(base + 0x4008, {descriptor_at, 0, first_at}),
                   {}, {{"nr_irqs", 0x100}, {"irq_desc_tree", 0x200}});
  const Type& pointer = kernel.types().pointer_to(kernel.types().void_type());
  kernel.source->structure(
      "xa_node", 520,
      {member("shift", kernel.types().c_type("unsigned char"), 0),
       member("slots", kernel.types().array_of(pointer, 64), 8)});
  kernel.source->structure("xarray", 8, {member("xa_head", pointer, 0)});
  auto table = IrqTable::open(kernel);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->count(), 6U);
  ASSERT_EQ(table->descriptors().size(), 2U);
  EXPECT_EQ(table->descriptors().at(0).address().value, descriptor_at);
  EXPECT_EQ(table->descriptors().at(2).address().value, first_at);
}

TEST(Interrupts, SayWhatTheKernelLacks) {
  IrqKernel kernel(words_at(base + 0x100, {6}), {}, {{"nr_irqs", 0x100}});
  auto table = IrqTable::open(kernel);
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().message().find("sparse_irqs"), std::string::npos);
  auto gates = interrupt_gates(kernel);
  ASSERT_FALSE(gates);
  EXPECT_NE(gates.error().message().find("idt_table"), std::string::npos);
}

TEST(Interrupts, HaveHandlersUntilTheyLoop) {
  FourCpuKernel kernel("@0x0 u64 0\n" + words_at(descriptor_at, {first_at}) +
                           words_at(first_at, {0, second_at}) +
                           words_at(second_at, {base + 0x3000, first_at}) +
                           words_at(base + 0x3000, {0x306874650000}),
                       {});
  Type link{[&](const Type&, TypeBody& body) {
    body.members = {member("name", kernel.text(), 0),
                    member("next", kernel.types().pointer_to(link), 8)};
  }};
  link.kind = TypeKind::structure;
  link.name = "irqaction";
  link.byte_size = 16;
  const Type& descriptor = kernel.source->structure(
      "irq_desc", 8, {member("action", kernel.types().pointer_to(link), 0)});
  auto actions =
      irq_actions({kernel.memory(), descriptor, Address{descriptor_at}});
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_EQ(actions[0].at.value, first_at);
  EXPECT_EQ(actions[0].name.value_or("?"), "");
  EXPECT_EQ(actions[1].at.value, second_at);
  EXPECT_FALSE(actions[2].name);
}

TEST(Interrupts, GatesAreAddressesInThreePieces) {
  FourCpuKernel kernel(
      "@0x1000 u64 0x8100ee0000104000 0xffffffff\n@0x1ff8 u64 0\n",
      {{"idt_table", 0x1000}});
  const Type& half = kernel.types().c_type("unsigned short");
  kernel.source->alias(
      "gate_desc",
      kernel.source->structure(
          "gate_struct", 16,
          {member("offset_low", half, 0), member("offset_middle", half, 6),
           member("offset_high", kernel.number(), 8)}));
  auto gates = interrupt_gates(kernel);
  ASSERT_TRUE(gates) << gates.error().message();
  ASSERT_EQ(gates->size(), 256U);
  EXPECT_EQ((*gates)[0].value, 0xffffffff81004000U);
}

}  // namespace
}  // namespace inquest::test
