// SPDX-License-Identifier: GPL-3.0-or-later
// Where an arm64 kernel lies, found in each of the ways there are.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/layout_search.h"

namespace inquest {
namespace {

constexpr std::uint64_t ram = 0x40000000;  // its first address
constexpr std::uint64_t slide = 0x3a230000;
constexpr std::uint64_t physical = 0x48230000;  // of the image
constexpr std::uint64_t image_size = 0x200000;
constexpr std::uint64_t banner_at = 0x11000;
constexpr std::uint64_t top_table_at = 0x20000;
constexpr std::uint64_t variables_at = 0x30000;
constexpr std::uint64_t tables_at = 0x100000;
// PAGE_OFFSET of 48 and of 52 bits.
constexpr std::uint64_t start_48 = 0xffff000000000000;
constexpr std::uint64_t start_52 = 0xfff0000000000000;

struct Arm64Layout : testing::Test {
  Arm64Layout() {
    symbols = {{"_text", 0},
               {"_stext", 0x10000},
               {"_end", image_size},
               {"linux_banner", banner_at},
               {"swapper_pg_dir", top_table_at}};
    memory = test::parse_machine(fmt::format(
        R"(@{:#x} text "{}\n")", physical + banner_at, test::kernel_banner));
  }

  // A variable of the kernel.
  void write(const std::string& name, std::uint64_t value) {
    std::uint64_t at = variables_at + 8 * symbols.size();
    symbols[name] = at;
    memory.write(physical + at, value, 8);
  }

  // Page tables of |levels| that map the banner's page to |mapped|.
  void write_tables(unsigned page_shift, unsigned va_bits, unsigned levels,
                    std::uint64_t mapped = physical + banner_at) {
    std::uint64_t at = image + slide + banner_at;
    std::uint64_t table = physical + top_table_at;
    std::uint64_t next = physical + tables_at;
    for (unsigned level = levels; level-- > 0;) {
      unsigned shift = page_shift + level * (page_shift - 3);
      unsigned bits = level + 1 == levels ? va_bits - shift : page_shift - 3;
      std::uint64_t index = at >> shift & ((1U << bits) - 1);
      std::uint64_t page = mapped >> page_shift << page_shift;
      memory.write(table + index * 8, (level == 0 ? page : next) | 3, 8);
      table = next;
      next += 0x10000;
    }
  }

  // What vmlinux begins with.
  void write_header(std::uint64_t flags, std::string_view magic = "ARMd") {
    test::Writer header;
    header.u64(0).u64(0).u64(0).u64(flags);
    header.u64(0).u64(0).u64(0).text(magic).u32(0);
    sections = {{.name = ".head.text",
                 .flags = SHF_ALLOC,
                 .address = image,
                 .bytes = header.bytes()}};
  }

  Result<KernelLayout> find(const std::string& vmcoreinfo) const {
    test::LayoutSearch search{
        test::OpenedMemory(memory, 1 << 20, shape),
        test::vmlinux_with(EM_AARCH64, image + banner_at, banner, sections),
        {},
        given,
        machine};
    for (const auto& [name, offset] : symbols)
      search.symbols[name] = image + offset;
    return search.find(vmcoreinfo);
  }

  // What all kernels since 4.12 note.
  std::string notes(unsigned va_bits, std::uint64_t phys_offset) const {
    return fmt::format(
        "SYMBOL(_stext)={:x}\nNUMBER(VA_BITS)={}\n"
        "NUMBER(kimage_voffset)={:#x}\nNUMBER(PHYS_OFFSET)={:#x}\n",
        image + slide + 0x10000, va_bits, voffset(), phys_offset);
  }
  std::uint64_t voffset() const { return image + slide - physical; }

  void expect_image(const Result<KernelLayout>& found) const {
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->kaslr_offset, slide);
    EXPECT_EQ(found->paging.root.value, physical + top_table_at);
    EXPECT_FALSE(found->paging.is_lower_half);
    ASSERT_EQ(found->windows.size(), 2U);
    EXPECT_EQ(found->windows[1].start.value, image + slide);
    EXPECT_EQ(found->windows[1].physical.value, physical);
    EXPECT_EQ(found->windows[1].size, image_size);
  }
  void expect_all(const Result<KernelLayout>& found, std::uint64_t linear,
                  unsigned linear_bits, std::uint64_t first = ram) const {
    expect_image(found);
    if (!found || found->windows.empty()) return;
    EXPECT_EQ(found->windows[0].start.value, linear);
    EXPECT_EQ(found->windows[0].size, std::uint64_t{1} << linear_bits);
    EXPECT_EQ(found->windows[0].physical.value, first);
  }
  static void expect_paging(const Result<KernelLayout>& found, unsigned shift,
                            unsigned va_bits, unsigned levels, bool is_wide) {
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->page_size, std::uint64_t{1} << shift);
    EXPECT_EQ(found->paging.page_shift, shift);
    EXPECT_EQ(found->paging.va_bits, va_bits);
    EXPECT_EQ(found->paging.levels, levels);
    EXPECT_EQ(found->paging.has_wide_entries, is_wide);
  }
  static void expect_error(const Result<KernelLayout>& found, ErrorKind kind,
                           std::string_view text) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), kind);
    EXPECT_NE(found.error().message().find(text), std::string::npos)
        << found.error().message();
  }

  std::uint64_t image = 0xffff800008000000;      // _text as linked
  std::map<std::string, std::uint64_t> symbols;  // offsets in the image
  test::Machine memory;
  test::DumpShape shape;
  std::string banner{test::kernel_banner};
  std::vector<test::SectionSpec> sections;
  std::optional<std::uint64_t> given;
  std::map<std::string, std::uint64_t, std::less<>> machine;
};

// ---- VMCOREINFO ----

TEST_F(Arm64Layout, IsWhatVmcoreinfoSays) {
  auto found = find(notes(48, ram) + "PAGESIZE=4096\n");
  expect_all(found, start_48, 47);
  expect_paging(found, 12, 48, 4, false);
  EXPECT_EQ(found->source, "VMCOREINFO");
  EXPECT_FALSE(found->paging.has_tags);
}

TEST_F(Arm64Layout, OfA52BitKernelOnA48BitCpu) {
  // memstart_addr is relative to the PAGE_OFFSET that the kernel was built for.
  std::string text =
      notes(52, ram - (start_48 - start_52)) + "NUMBER(TCR_EL1_T1SZ)=0x10\n";
  auto found = find(text + "PAGESIZE=4096\n");
  expect_all(found, start_48, 47);
  expect_paging(found, 12, 48, 4, false);
  // The top tables keep their size, though not with 4 KiB pages.
  found = find(text + "PAGESIZE=16384\n");
  expect_all(found, start_48, 47);
  expect_paging(found, 14, 52, 4, false);
  found = find(text + "PAGESIZE=65536\n");
  expect_all(found, start_48, 47);
  expect_paging(found, 16, 52, 3, false);
}

TEST_F(Arm64Layout, Of52Bits) {
  std::string text = notes(52, ram) + "NUMBER(TCR_EL1_T1SZ)=0xc\n";
  auto found = find(text + "PAGESIZE=4096\n");
  expect_all(found, start_52, 51);
  expect_paging(found, 12, 52, 5, true);
  found = find(text + "PAGESIZE=16384\n");
  expect_paging(found, 14, 52, 4, true);
  found = find(text + "PAGESIZE=65536\n");
  expect_paging(found, 16, 52, 3, false);
}

TEST_F(Arm64Layout, TakesTheBitsInUseFromAVariable) {
  write("vabits_actual", 48);
  auto found = find(notes(52, ram - (start_48 - start_52)));
  expect_all(found, start_48, 47);
}

// Until 5.3 the linear map was the upper half, and the image in the lower one.
TEST_F(Arm64Layout, BeforeTheHalvesWereSwapped) {
  image = 0xffff000008080000;
  auto found = find(notes(48, ram));
  expect_all(found, 0xffff800000000000, 47);
  image = 0xffffff8008080000;
  found = find(notes(39, ram));
  expect_all(found, 0xffffffc000000000, 38);
  expect_paging(found, 12, 39, 3, false);
}

TEST_F(Arm64Layout, TakesTheDifferenceOfTheLinearMapFromAVariable) {
  write("physvirt_offset", 0x80000000 - start_48);
  expect_all(find(notes(48, ram)), start_48, 47, 0x80000000);
}

// KASLR moves the linear map by a start of memory that may be less than zero.
TEST_F(Arm64Layout, OfALinearMapThatStartsBelowZero) {
  constexpr std::uint64_t moved = ram - 0x1234540000000;
  auto found = find(notes(52, moved) + "NUMBER(TCR_EL1_T1SZ)=0xc\n");
  expect_all(found, start_52, 51, moved);
  constexpr std::uint64_t moved_48 = ram - 0x234540000000;
  expect_all(find(notes(48, moved_48)), start_48, 47, moved_48);
  found = find(notes(52, moved_48 - (start_48 - start_52)) +
               "NUMBER(TCR_EL1_T1SZ)=0x10\n");
  expect_all(found, start_48, 47, moved_48);
}

TEST_F(Arm64Layout, RefusesASenselessPageSize) {
  for (std::string_view size : {"8192", "0", "much"}) {
    expect_error(find(notes(48, ram) + fmt::format("PAGESIZE={}\n", size)),
                 ErrorKind::corrupt, "PAGESIZE");
  }
}

TEST_F(Arm64Layout, SenselessBitsAreNotBelieved) {
  auto found = find(notes(77, ram) + "NUMBER(TCR_EL1_T1SZ)=-5\n");
  expect_all(found, start_48, 47);
  expect_paging(found, 12, 48, 4, false);
}

TEST_F(Arm64Layout, KnowsKernelsThatTagPointers) {
  symbols["kasan_tag_mismatch"] = 0;
  auto found = find(notes(48, ram));
  expect_image(found);
  EXPECT_TRUE(found->paging.has_tags);
}

// ---- Without VMCOREINFO ----

TEST_F(Arm64Layout, IsFoundByBannerAndPageTables) {
  write("kimage_voffset", voffset());
  write("memstart_addr", ram);
  write_tables(12, 48, 4);
  auto found = find("");
  expect_all(found, start_48, 47);
  expect_paging(found, 12, 48, 4, false);
  EXPECT_EQ(found->source, "linux_banner");
}

// The page cache may hold the file that the kernel was loaded from.
TEST_F(Arm64Layout, PassesOverCopiesOfTheBanner) {
  write("kimage_voffset", voffset());
  write("memstart_addr", ram);
  write_tables(12, 48, 4);
  std::uint64_t copy = physical - 0x100000 + banner_at;
  for (char letter : std::string(test::kernel_banner) + '\n') {
    memory.write(copy++, static_cast<unsigned char>(letter), 1);
  }
  expect_all(find(""), start_48, 47);
}

TEST_F(Arm64Layout, TellsBitsByWhereItIsLinked) {
  image = 0xffffffc008000000;
  write("kimage_voffset", voffset());
  write("memstart_addr", ram);
  write_tables(12, 39, 3);
  auto found = find("");
  expect_all(found, 0xffffff8000000000, 38);
  expect_paging(found, 12, 39, 3, false);
}

TEST_F(Arm64Layout, TakesThePageSizeFromTheHeader) {
  write("kimage_voffset", voffset());
  write("memstart_addr", ram);
  write_tables(16, 48, 3);
  write_header(0xe);
  auto found = find("");
  expect_all(found, start_48, 47);
  expect_paging(found, 16, 48, 3, false);
  // VMCOREINFO needs no page tables to be right.
  write_header(0xc);
  expect_paging(find(notes(48, ram)), 14, 48, 4, false);
  write_header(0xa);
  expect_paging(find(notes(48, ram)), 12, 48, 4, false);
  for (std::string_view magic : {"ARMe", "dMRA"}) {
    write_header(0xe, magic);
    expect_paging(find(notes(48, ram)), 12, 48, 4, false);
  }
  write_header(0x8);
  expect_paging(find(notes(48, ram)), 12, 48, 4, false);
}

TEST_F(Arm64Layout, NeedsTheBannerOnlyWhenTheSlideIsGiven) {
  given = slide;
  write("memstart_addr", ram);
  auto found = find("");
  expect_all(found, start_48, 47);
  EXPECT_EQ(found->source, "linux_banner");
}

TEST_F(Arm64Layout, SaysThatTheBannerIsNowhere) {
  write("kimage_voffset", voffset());
  write("memstart_addr", ram);
  write_tables(12, 48, 4);
  banner = "Linux version 9.9.9 other";
  expect_error(find(""), ErrorKind::not_found, "another kernel");
}

TEST_F(Arm64Layout, AsksForTheSlideWhenPageTablesDoNotFit) {
  write("memstart_addr", ram);
  write_tables(12, 48, 4);
  expect_error(find(""), ErrorKind::not_found, "--kaslr");
  write("kimage_voffset", 0x5555aaaa5555aaaa);
  expect_error(find(""), ErrorKind::not_found, "--kaslr");
  write("kimage_voffset", voffset() + 0x10000);
  expect_error(find(""), ErrorKind::not_found, "--kaslr");
  write("kimage_voffset", voffset());
  expect_image(find(""));
  write_tables(12, 48, 4, physical);
  expect_error(find(""), ErrorKind::not_found, "--kaslr");
}

TEST_F(Arm64Layout, IsWhereProgramHeadersSay) {
  // The test dumps' headers say so for all of memory.
  image = physical + 0xffff888000000000 - slide;
  shape.kind = test::DumpKind::elf;
  memory.values["elf_machine"] = "183";
  memory.pages.clear();
  memory.write(physical, 1, 8);
  given = slide;
  machine["phys_offset"] = ram;
  expect_image(find(""));
}

// ---- What is missing ----

TEST_F(Arm64Layout, MinusMComesFirst) {
  machine = {{"phys_offset", 0x48000000},
             {"vabits_actual", 52},
             {"kimage_voffset", voffset() + 0x10000}};
  auto found = find(notes(48, ram));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->windows[0].start.value, start_52);
  EXPECT_EQ(found->windows[0].physical.value, 0x48000000U);
  EXPECT_EQ(found->windows[1].physical.value, physical - 0x10000);
}

TEST_F(Arm64Layout, AsksForTheStartOfMemory) {
  given = slide;
  expect_error(find(""), ErrorKind::not_found, "phys_offset=");
  machine["phys_offset"] = ram;
  expect_all(find(""), start_48, 47);
}

TEST_F(Arm64Layout, NamesTheSymbolsItMisses) {
  auto without = [this](const std::string& name) {
    auto taken = symbols.extract(name);
    auto found = find(notes(48, ram));
    symbols.insert(std::move(taken));
    return found;
  };
  expect_error(without("swapper_pg_dir"), ErrorKind::not_found,
               "swapper_pg_dir");
  expect_error(without("_end"), ErrorKind::corrupt, "_end");
  symbols["_end"] = std::uint64_t{1} << 32;
  expect_error(find(notes(48, ram)), ErrorKind::corrupt, "_end");
  given = slide;
  symbols.erase("_text");
  symbols.erase("_stext");
  machine["kimage_voffset"] = voffset();
  expect_error(find(""), ErrorKind::corrupt, "_text");
}

TEST_F(Arm64Layout, RefusesAnImageThatIsLinkedNowhere) {
  image = 0x8000000;
  given = slide;
  machine["kimage_voffset"] = voffset();
  expect_error(find(""), ErrorKind::corrupt, "linked");
}

}  // namespace
}  // namespace inquest
