// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/vmalloc.h"

#include <gtest/gtest.h>

#include "unit/kernel/slub_kernel.h"

namespace inquest {
namespace {

using test::at;

constexpr std::uint64_t first_at = 0x1000, second_at = 0x1100;
constexpr std::uint64_t details_at = 0x2000, nodes_at = 0x3000;

// An area whose list is linked at +16.
void put_area(test::WordImage& image, std::uint64_t area, std::uint64_t start,
              std::uint64_t end, std::uint64_t next) {
  image.put(area, {start, end, at(next), at(next), at(details_at)});
}

class VmallocKernel : public test::SlabKernel {
 public:
  // |has_nodes|: 6.9 on.
  VmallocKernel(const test::WordImage& image, bool has_nodes)
      : test::SlabKernel(image), symbols_(table(has_nodes), nullptr) {
    source->structure(
        "vmap_area", 64,
        {test::member("va_start", word(), 0), test::member("va_end", word(), 8),
         test::member("list", list(), 16),
         test::member("vm", pointer(types().void_type()), 32),
         test::member("subtree_max_size", word(), 32)});
    source->structure(
        "vm_struct", 64,
        {test::member("flags", word(), 0), test::member("nr_pages", half(), 8),
         test::member("caller", pointer(types().void_type()), 16)});
    const Type& busy =
        source->structure("", 16, {test::member("head", list(), 0)});
    source->structure("vmap_node", 64, {test::member("busy", busy, 16)});
  }
  const SymbolTable& symbols() const override { return symbols_; }
  Result<Address> symbol(std::string_view name) const override {
    if (const Symbol* found = symbols_.find(name)) return found->address;
    return Error(ErrorKind::not_found, std::string(name));
  }

 private:
  static std::vector<Symbol> table(bool has_nodes) {
    if (!has_nodes) return {{"vmap_area_list", Address{at(0)}, 16, 'D'}};
    return {{"vmap_nodes", Address{at(0x20)}, 8, 'D'},
            {"nr_vmap_nodes", Address{at(0x28)}, 4, 'D'}};
  }

  SymbolTable symbols_;
};

test::WordImage details() {
  test::WordImage image;
  image.put(details_at, {2, 3, at(0x500)});
  return image;
}

void expect_both(const VmallocKernel& kernel) {
  auto areas = vmalloc_areas(kernel);
  ASSERT_TRUE(areas) << areas.error().message();
  EXPECT_TRUE(areas->faults.empty());
  ASSERT_EQ(areas->found.size(), 2U);
  EXPECT_EQ(areas->found[0].start.value, 0x10000U);
  EXPECT_EQ(areas->found[1].start.value, 0x20000U);
  EXPECT_EQ(areas->found[1].pages.value_or(0), 3U);
  EXPECT_EQ(areas->found[1].caller.value_or(Address{}).value, at(0x500));
  auto area = vmalloc_area(kernel, Address{0x21fff});
  ASSERT_TRUE(area);
  EXPECT_EQ(area->at.value, at(first_at));
  EXPECT_FALSE(vmalloc_area(kernel, Address{0x22000}));
}

TEST(Vmalloc, HasAListOfAreas) {
  test::WordImage image = details();
  image.put(0, {at(first_at + 16), at(second_at + 16)});
  put_area(image, first_at, 0x20000, 0x22000, second_at + 16);
  put_area(image, second_at, 0x10000, 0x11000, 0);
  expect_both(VmallocKernel(image, false));
}

TEST(Vmalloc, MayHaveNodesWithListsOfTheirOwn) {
  test::WordImage image = details();
  image.put(0x20, {at(nodes_at), 2});
  image.put(nodes_at + 16, {at(first_at + 16), at(first_at + 16)});
  image.put(nodes_at + 80, {at(second_at + 16), at(second_at + 16)});
  put_area(image, first_at, 0x20000, 0x22000, nodes_at + 16);
  put_area(image, second_at, 0x10000, 0x11000, nodes_at + 80);
  expect_both(VmallocKernel(image, true));
}

TEST(Vmalloc, TellsWhatCannotBe) {
  test::WordImage image = details();
  image.put(0, {at(first_at + 16), at(second_at + 16)});
  put_area(image, first_at, 0x20000, 0x10000, second_at + 16);
  put_area(image, second_at, 0x30000, 0x31000, first_at + 16);
  auto areas = vmalloc_areas(VmallocKernel(image, false));
  ASSERT_TRUE(areas) << areas.error().message();
  ASSERT_FALSE(areas->found.empty());
  EXPECT_EQ(areas->found[0].start.value, 0x30000U);
  // The area that ends before it starts, and the cycle.
  EXPECT_GE(areas->faults.size(), 2U);
}

}  // namespace
}  // namespace inquest
