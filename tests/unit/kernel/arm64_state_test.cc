// SPDX-License-Identifier: GPL-3.0-or-later
// What tells the state of arm64 tasks and CPUs: notes, signed return
// addresses, a process's page tables.

#include <elf.h>
#include <gtest/gtest.h>

#include "unit/kernel/layout_search.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

const LinuxArch& linux_arm64() {
  return *find_linux_arch(EM_AARCH64);
}

// ---- Signed return addresses ----

// The layout of a 48-bit kernel that notes |more|.
KernelLayout layout(const std::string& more) {
  constexpr std::uint64_t image = 0xffff800008000000;
  test::LayoutSearch search{
      test::OpenedMemory(test::parse_machine("@0x40200000 u64 1")),
      test::vmlinux_with(EM_AARCH64, image + 0x10000),
      {{"_text", image},
       {"_stext", image},
       {"_end", image + 0x200000},
       {"swapper_pg_dir", image + 0x20000}}};
  auto found = search.find(
      "SYMBOL(_stext)=ffff800008000000\nNUMBER(VA_BITS)=48\n"
      "NUMBER(kimage_voffset)=0xffff7fffc7e00000\n"
      "NUMBER(PHYS_OFFSET)=0x40000000\n" +
      more);
  if (!found) throw std::runtime_error(found.error().message());
  return std::move(found).value();
}

void expect_stripped(const KernelLayout& layout) {
  for (std::uint64_t word :
       {0xffff800008012340UL, 0x00bf800008012340UL, 0x12d7800008012340UL}) {
    EXPECT_EQ(layout.code_address(word).value, 0xffff800008012340) << word;
  }
  // Without bit 55 it is no address of the kernel's, whatever else is set.
  for (std::uint64_t word : {std::uint64_t{0}, 0x0000aaaac8012340UL,
                             0x0012aaaac8012340UL, 0xff7faaaac8012340UL}) {
    EXPECT_EQ(layout.code_address(word).value, word);
  }
}

TEST(Arm64State, SignaturesAreStripped) {
  expect_stripped(layout("NUMBER(KERNELPACMASK)=0xff7f000000000000\n"));
  expect_stripped(layout("NUMBER(KERNELPACMASK)=0xffff000000000000\n"));
  // Older kernels do not note it.
  expect_stripped(layout(""));
}

TEST(Arm64State, SignaturesMayHaveFewerBits) {
  KernelLayout found = layout("NUMBER(KERNELPACMASK)=0x7f000000000000\n");
  EXPECT_EQ(found.code_address(0xff80800008012340).value, 0xffff800008012340);
  EXPECT_EQ(found.code_address(0x0f80800008012340).value, 0x0fff800008012340);
}

TEST(Arm64State, KernelsThatSignNothingStripNothing) {
  KernelLayout found = layout("NUMBER(KERNELPACMASK)=0x0\n");
  EXPECT_EQ(found.code_address(0x12d7800008012340).value, 0x12d7800008012340);
  EXPECT_EQ(KernelLayout().code_address(0x12d7800008012340).value,
            0x12d7800008012340);
}

// ---- Notes ----

std::vector<std::byte> prstatus_note(std::endian endian) {
  test::Writer out(endian);
  for (unsigned i = 0; i < 112 / 8; ++i)
    out.u64(0x7777);
  for (unsigned i = 0; i < 34; ++i)
    out.u64(1000 + i);
  return out.u64(0x7777).bytes();
}

TEST(Arm64State, NotesHoldAllRegisters) {
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    auto found = linux_arm64().prstatus(prstatus_note(endian), endian);
    ASSERT_TRUE(found) << found.error().message();
    for (unsigned i = 0; i < 34; ++i)
      EXPECT_EQ(found->find(i), 1000 + i) << i;
    EXPECT_FALSE(found->has(34));
  }
}

TEST(Arm64State, ShortNotesAreRefused) {
  auto note = prstatus_note(std::endian::little);
  Bytes bytes = note;
  constexpr std::size_t enough = 112 + 34 * 8;
  EXPECT_TRUE(linux_arm64().prstatus(bytes.first(enough), std::endian::little));
  for (std::size_t size : {enough - 1, std::size_t{336}, std::size_t{112},
                           std::size_t{111}, std::size_t{0}}) {
    auto found = linux_arm64().prstatus(bytes.first(size), std::endian::little);
    ASSERT_FALSE(found) << size;
    EXPECT_EQ(found.error().kind(), ErrorKind::corrupt);
    EXPECT_NE(found.error().message().find("NT_PRSTATUS"), std::string::npos);
  }
}

// ---- Processes ----

constexpr Paging kernel_paging{.root = {0x2000},
                               .levels = 3,
                               .page_shift = 16,
                               .va_bits = 52,
                               .has_wide_entries = true,
                               .has_tags = true};

// An mm_struct at 0x1000 whose pgd is |pgd|.
class Process {
 public:
  explicit Process(std::uint64_t pgd, std::optional<Paging> paging)
      : kernel_("@0x1010 u64 " + std::to_string(pgd), {}, *find_arch("aarch64"),
                paging) {
    Types& types = kernel_.types();
    kernel_.source->structure(
        "mm_struct", 24,
        {test::member("pgd", types.pointer_to(types.c_type("unsigned long")),
                      16)});
  }

  Result<Paging> paging() const {
    Object mm =
        kernel_.object("mm_struct", Address{test::TestKernel::base + 0x1000});
    return LinuxArch::user_paging(kernel_, mm);
  }

 private:
  test::TestKernel kernel_;
};

TEST(Arm64State, ProcessesHaveTheLowerHalf) {
  Process process(test::TestKernel::base + 0x34000, kernel_paging);
  auto found = process.paging();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(found->is_lower_half);
  EXPECT_EQ(found->root.value, 0x34000U);
  EXPECT_EQ(found->levels, 3U);
  EXPECT_EQ(found->page_shift, 16U);
  EXPECT_EQ(found->va_bits, 52U);
  EXPECT_TRUE(found->has_wide_entries);
}

TEST(Arm64State, ProcessesNeedTables) {
  auto of_nowhere = Process(0x1234, kernel_paging).paging();
  ASSERT_FALSE(of_nowhere);
  EXPECT_EQ(of_nowhere.error().kind(), ErrorKind::fault);
  auto of_unknown =
      Process(test::TestKernel::base + 0x34000, std::nullopt).paging();
  ASSERT_FALSE(of_unknown);
  EXPECT_EQ(of_unknown.error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace inquest
