// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/address_ranges.h"

#include <gtest/gtest.h>

#include "kernel/linux_arch.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t image_at = 0xffffffff81000000;

class RangesKernel : public test::TestKernel {
 public:
  RangesKernel(unsigned machine, std::vector<LinearWindow> windows,
               std::string vmcoreinfo)
      : TestKernel("@0x1000 u64 0\n", {}),
        arch_(*find_linux_arch(machine)),
        memory_(opened_.memory(), *find_arch("x86_64"), windows, std::nullopt),
        vmcoreinfo_(std::move(vmcoreinfo)) {
    layout_.windows = std::move(windows);
  }
  const LinuxArch& linux_arch() const override { return arch_; }
  const KernelLayout& layout() const override { return layout_; }
  const Vmcoreinfo& vmcoreinfo() const override { return vmcoreinfo_; }
  const MappedSpace& memory() const override { return memory_; }
  Result<Address> symbol(std::string_view name) const override {
    if (name == "_stext") return Address{image_at};
    return TestKernel::symbol(name);
  }

 private:
  const LinuxArch& arch_;
  test::OpenedMemory opened_ =
      test::OpenedMemory(test::parse_machine("@0x1000 u64 1\n"));
  MappedSpace memory_;
  KernelLayout layout_;
  Vmcoreinfo vmcoreinfo_;
};

using Rows = std::vector<std::tuple<RangeKind, std::uint64_t, std::uint64_t>>;

Rows rows(const Kernel& kernel) {
  Rows rows;
  for (const auto& [kind, range] : kernel_ranges(kernel))
    rows.emplace_back(kind, range.start.value, range.last.value);
  return rows;
}

TEST(AddressRanges, OfX86) {
  RangesKernel kernel(
      62,
      {{Address{image_at}, 0x1234000, PhysAddress{0x1000000}},
       {Address{0xffff888000000000}, std::uint64_t{1} << 44, PhysAddress{0}}},
      "");
  Rows expected = {
      {RangeKind::direct_map, 0xffff888000000000, 0xffff987fffffffff},
      {RangeKind::vmalloc, 0xffffc90000000000, 0xffffe8ffffffffff},
      {RangeKind::vmemmap, 0xffffea0000000000, 0xffffeaffffffffff},
      {RangeKind::image, image_at, image_at + 0x1233fff},
      {RangeKind::modules, 0xffffffff82400000, 0xfffffffffeffffff},
  };
  EXPECT_EQ(rows(kernel), expected);
}

// The image lies among the vmalloc areas, which are then two ranges.
TEST(AddressRanges, OfArm64) {
  RangesKernel kernel(183,
                      {{Address{0xffff000000000000}, std::uint64_t{1} << 47,
                        PhysAddress{0x40000000}},
                       {Address{image_at}, 0x2000000, PhysAddress{0}}},
                      "NUMBER(MODULES_VADDR)=0xffff800000000000\n"
                      "NUMBER(MODULES_END)=0xffff800008000000\n"
                      "NUMBER(VMALLOC_START)=0xffff800008000000\n"
                      "NUMBER(VMALLOC_END)=0xffffffffff000000\n");
  Rows expected = {
      {RangeKind::direct_map, 0xffff000000000000, 0xffff7fffffffffff},
      {RangeKind::modules, 0xffff800000000000, 0xffff800007ffffff},
      {RangeKind::vmalloc, 0xffff800008000000, image_at - 1},
      {RangeKind::image, image_at, image_at + 0x1ffffff},
      {RangeKind::vmalloc, image_at + 0x2000000, 0xfffffffffeffffff},
  };
  EXPECT_EQ(rows(kernel), expected);
}

TEST(AddressRanges, OfArm64WithoutNotes) {
  RangesKernel kernel(183,
                      {{Address{0xffff000000000000}, std::uint64_t{1} << 47,
                        PhysAddress{0x40000000}},
                       {Address{image_at}, 0x2000000, PhysAddress{0}}},
                      "");
  Rows expected = {
      {RangeKind::direct_map, 0xffff000000000000, 0xffff7fffffffffff},
      {RangeKind::vmalloc, 0xffff800000000000, image_at - 1},
      {RangeKind::image, image_at, image_at + 0x1ffffff},
      {RangeKind::vmalloc, image_at + 0x2000000, 0xffffffffffffffff},
  };
  EXPECT_EQ(rows(kernel), expected);
}

}  // namespace
}  // namespace inquest
