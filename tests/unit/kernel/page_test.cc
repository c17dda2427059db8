// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/page.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/linux_arch.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = test::TestKernel::base;
// Sections of 128 MiB with pages of 4 KiB.
constexpr std::uint64_t per_section = 0x8000;
constexpr std::uint64_t page_bytes = 64;  // of struct page

// A kernel whose struct pages lie at |pages|.
class PageKernel : public test::TestKernel {
 public:
  PageKernel(const std::string& machine,
             std::map<std::string, std::uint64_t> symbols)
      : test::TestKernel(machine, std::move(symbols)) {
    const Type& word = types().c_type("unsigned long");
    const Type& atomic = source->structure(
        "", 4, {test::member("counter", types().c_type("int"), 0)});
    source->structure(
        "page", page_bytes,
        {test::member("flags", word, 0), test::member("compound_head", word, 8),
         test::member("mapping", types().pointer_to(types().void_type()), 24),
         test::member("index", word, 32),
         test::member("_refcount", atomic, 52)});
    source->structure("mem_section", 16,
                      {test::member("section_mem_map", word, 0)});
  }

  const Vmcoreinfo& vmcoreinfo() const override { return info; }
  const KernelLayout& layout() const override { return own_layout; }
  Object variable(std::string_view name) const override {
    if (name != "mem_section" || mem_section == nullptr) {
      return Error(ErrorKind::not_found, std::string(name));
    }
    return {memory(), *mem_section, *symbol(name)};
  }
  using Kernel::variable;

  Vmcoreinfo info;
  KernelLayout own_layout;
  const Type* mem_section = nullptr;  // the variable's type
};

std::string word(std::uint64_t at, std::uint64_t value) {
  return fmt::format("@{:#x} u64 {:#x}\n", at, value);
}

// Sections 0 and 2 have pages, described at 0x10000 and 0x400000.
constexpr std::uint64_t first_map = base + 0x10000, third_map = base + 0x400000;
std::string sections(std::uint64_t at) {
  return word(at, first_map + 7) + word(at + 16, 0) +
         word(at + 32, third_map - 2 * per_section * page_bytes + 0xf) +
         word(at + 48, 0) + "@0x10000 u64 0\n@0x400000 u64 0\n";
}

void expect_sections(const PageKernel& kernel) {
  auto map = PageMap::open(kernel);
  ASSERT_TRUE(map) << map.error().message();
  auto address = [&](std::uint64_t frame) {
    auto page = map->page(frame);
    return page ? page->address().value : 0;
  };
  EXPECT_EQ(address(0), first_map);
  EXPECT_EQ(address(5), first_map + 5 * page_bytes);
  EXPECT_EQ(address(per_section), 0U);
  EXPECT_EQ(address(2 * per_section + 3), third_map + 3 * page_bytes);
  EXPECT_EQ(address(std::uint64_t{1} << 40), 0U);
  EXPECT_EQ(map->frame(Address{first_map + 5 * page_bytes}).value_or(0), 5U);
  EXPECT_EQ(map->frame(Address{third_map}).value_or(0), 2 * per_section);
  EXPECT_FALSE(map->frame(Address{third_map + 8}));
  EXPECT_FALSE(map->frame(Address{base}));
}

TEST(PageMap, HasRootsBehindAPointer) {
  PageKernel kernel(word(0, base + 0x1000) + word(0x1000, base + 0x2000) +
                        sections(0x2000) + word(8, 3 * per_section),
                    {{"mem_section", 0}, {"max_pfn", 8}});
  expect_sections(kernel);
}

// A symbol of the size of an array, not of a pointer.
class ArrayKernel : public PageKernel {
 public:
  explicit ArrayKernel(const std::string& machine)
      : PageKernel(machine + word(8, 3 * per_section),
                   {{"mem_section", 0x1000}, {"max_pfn", 8}}),
        table_({{"mem_section", Address{base + 0x1000}, 64, 'B'},
                {"max_pfn", Address{base + 8}, 8, 'B'}},
               nullptr) {}
  const SymbolTable& symbols() const override { return table_; }

 private:
  SymbolTable table_;
};

TEST(PageMap, MayHaveAnArrayOfRoots) {
  ArrayKernel kernel(word(0x1000, base + 0x2000) + sections(0x2000));
  const Type& section = **kernel.structure("mem_section");
  kernel.mem_section = &kernel.types().array_of(
      kernel.types().pointer_to(kernel.types().pointer_to(section)), 8);
  expect_sections(kernel);
}

TEST(PageMap, MayHaveAllSectionsInOneArray) {
  ArrayKernel kernel(sections(0x1000));
  const Type& section = **kernel.structure("mem_section");
  kernel.mem_section = &kernel.types().array_of(section, 4);
  expect_sections(kernel);
}

TEST(PageMap, TakesTheSectionsSizeFromVmcoreinfo) {
  PageKernel kernel(
      word(0, base + 0x1000) + word(0x1000, base + 0x2000) + sections(0x2000),
      {{"mem_section", 0}});
  kernel.info = Vmcoreinfo("NUMBER(SECTION_SIZE_BITS)=30\n");
  auto map = PageMap::open(kernel);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->page(per_section)->address().value,
            first_map + per_section * page_bytes);
  EXPECT_FALSE(map->page(8 * per_section));
}

// Each root leads to sections that look sound: only so much memory is there.
TEST(PageMap, EndsWithTheMemory) {
  std::string machine = word(0, base + 0x1000) + word(8, ~0ULL);
  for (std::uint64_t root = 0; root < 512; ++root)
    machine += word(0x1000 + root * 8, base + 0x2000);
  for (std::uint64_t i = 0; i < 256; ++i)
    machine += word(0x2000 + i * 16, first_map + 7);
  PageKernel kernel(machine, {{"mem_section", 0}, {"max_pfn", 8}});
  kernel.info = Vmcoreinfo("LENGTH(mem_section)=512\n");
  auto map = PageMap::open(kernel);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->sections()->size(), 1U);
  EXPECT_FALSE(map->frame(Address{0x123456}));
}

// A root that is lost hides its own sections only.
TEST(PageMap, FindsFramesBesideALostRoot) {
  PageKernel kernel(word(0, base + 0x1000) + word(0x1000, base + 0x70000000) +
                        word(0x1008, base + 0x2000) +
                        word(0x2000, first_map - 256 * per_section * 64 + 7) +
                        word(8, 257 * per_section),
                    {{"mem_section", 0}, {"max_pfn", 8}});
  kernel.info = Vmcoreinfo("LENGTH(mem_section)=512\n");
  auto map = PageMap::open(kernel);
  ASSERT_TRUE(map);
  EXPECT_FALSE(map->sections());
  EXPECT_EQ(map->frame(Address{first_map + 64}).value_or(0),
            256 * per_section + 1);
  EXPECT_EQ(map->containing(Address{first_map + 65})->offset, 1U);
}

TEST(FrameCount, IsMaxPfnWhereThatCanBe) {
  PageKernel kernel(word(8, 1000), {{"max_pfn", 8}});
  EXPECT_EQ(frame_count(kernel), 1000U);
  EXPECT_TRUE(kernel.new_losses().empty());
}

TEST(FrameCount, IsWhatTheDumpDescribesWhereMaxPfnIsDamaged) {
  PageKernel kernel(word(8, ~0ULL) + "@0x5000 u64 0\n", {{"max_pfn", 8}});
  EXPECT_EQ(frame_count(kernel), 6U);
  auto losses = kernel.new_losses();
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].message(),
            "max_pfn is 0xffffffffffffffff, the dump's memory ends at page "
            "0x6");
}

TEST(PageMap, MayBeFlat) {
  PageKernel kernel(word(0, first_map), {{"mem_map", 0}});
  auto map = PageMap::open(kernel);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->page(7)->address().value, first_map + 7 * page_bytes);
  EXPECT_EQ(map->frame(Address{first_map + 7 * page_bytes}).value_or(0), 7U);
}

TEST(PageMap, NamesWhatIsMissing) {
  PageKernel kernel("@0x0 u64 0", {});
  auto map = PageMap::open(kernel);
  ASSERT_FALSE(map);
  EXPECT_NE(map.error().message().find("mem_section"), std::string::npos);
}

TEST(Pages, TellTheirState) {
  PageKernel kernel(word(0, first_map) + word(0x10000, 0x14) +
                        word(0x10008, 0) + word(0x10018, base + 0x501) +
                        word(0x10020, 9) + word(0x10030, 3UL << 32) +
                        word(0x10040, 0) + word(0x10048, first_map + 1),
                    {{"mem_map", 0}});
  kernel.source->enumeration("pageflags", {{"PG_locked", 0},
                                           {"PG_uptodate", 2},
                                           {"PG_lru", 4},
                                           {"PG_other", 4},
                                           {"__NR_PAGEFLAGS", 5}});
  auto state = page_state(kernel, PhysAddress{0x123});
  ASSERT_TRUE(state);
  EXPECT_EQ(state->at.value, first_map);
  EXPECT_EQ(state->physical.value, 0U);
  EXPECT_EQ(state->mapping.value_or({}).value, base + 0x501);
  EXPECT_EQ(state->index.value_or(0), 9U);
  EXPECT_EQ(state->count.value_or(0), 3);
  EXPECT_EQ(state->flag_names, (std::vector<std::string>{"uptodate", "lru"}));
  Object tail = kernel.object("page", Address{first_map + page_bytes});
  auto head = head_page(kernel, tail);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->address().value, first_map);
}

TEST(Pages, TakeFlagNamesFromTheKernelsTable) {
  PageKernel kernel(word(0, 0x10) + word(8, base + 0x100) + word(16, 0x4) +
                        word(24, base + 0x110) + word(32, 0) + word(40, 0) +
                        "@0x100 text \"lru\\0\"\n@0x110 text \"dirty\\0\"\n",
                    {{"pageflag_names", 0}});
  const Type& text = kernel.types().pointer_to(kernel.types().c_type("char"));
  kernel.source->structure(
      "trace_print_flags", 16,
      {test::member("mask", kernel.types().c_type("unsigned long"), 0),
       test::member("name", text, 8)});
  EXPECT_EQ(page_flag_names(kernel, 0x8014),
            (std::vector<std::string>{"lru", "dirty"}));
  EXPECT_TRUE(page_flag_names(kernel, 0x8000).empty());
}

TEST(Pages, AreInTheDirectMap) {
  PageKernel kernel("@0x0 u64 0", {});
  EXPECT_FALSE(direct_address(kernel, PhysAddress{0x1000}));
  kernel.own_layout.windows = {
      {Address{0xffff000000000000}, 1UL << 40, PhysAddress{0x40000000}}};
  EXPECT_EQ(direct_address(kernel, PhysAddress{0x40001000})->value,
            0xffff000000001000U);
  EXPECT_EQ(direct_address(kernel, PhysAddress{0x56e000})->value,
            0xffffffffc056e000U);
}

}  // namespace
}  // namespace inquest
