// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/relocate.h"

#include <gtest/gtest.h>

#include "debuginfo/symbols.h"
#include "unit/debuginfo/build_elf.h"

namespace inquest::test {
namespace {

void rela(Writer& out, std::uint64_t offset, std::uint64_t symbol,
          std::uint64_t type, std::uint64_t addend) {
  out.u64(offset).u64(symbol << 32 | type).u64(addend);
}

// A module: code, debug information that refers to it, and a symbol of the
// kernel. |is_debug_file|: as objcopy --only-keep-debug leaves it.
std::vector<std::byte> module(bool is_debug_file, unsigned type = ET_REL) {
  ElfBuilder elf(type);
  std::uint32_t code_type = is_debug_file ? SHT_NOBITS : SHT_PROGBITS;
  auto code = elf.add({.name = ".text",
                       .type = code_type,
                       .flags = SHF_ALLOC | SHF_EXECINSTR,
                       .size = 16});
  auto data = elf.add({.name = ".data",
                       .type = SHT_NOBITS,
                       .flags = SHF_ALLOC | SHF_WRITE,
                       .size = 16});
  Writer words;
  words.u64(0).u64(0xeeee).u64(0).u32(0).u32(0);
  auto info = elf.add({.name = ".debug_info", .bytes = words.bytes()});
  auto line = elf.add({.name = ".debug_line", .bytes = words.bytes()});
  Writer relocations;
  rela(relocations, 0, 1, R_X86_64_64, 0x10);
  rela(relocations, 8, 2, R_X86_64_64, 1);
  rela(relocations, 16, 3, R_X86_64_64, 0);
  rela(relocations, 24, 4, R_X86_64_32, 0x1234);
  auto symbols = elf.add_symbols(
      {{.name = "function", .value = 4, .section = code},
       {.name = "variable", .value = 8, .type = STT_OBJECT, .section = data},
       {.name = "printk", .section = SHN_UNDEF},
       {.name = "",
        .type = STT_SECTION,
        .binding = STB_LOCAL,
        .section = line}});
  elf.add({.name = ".rela.debug_info",
           .type = SHT_RELA,
           .bytes = relocations.bytes(),
           .link = symbols,
           .info = info,
           .entry_size = 24});
  return elf.build();
}

std::optional<Address> kernel_symbol(std::string_view name) {
  if (name != "printk") return std::nullopt;
  return Address{0xffffffff81000000};
}

class Relocated : public testing::TestWithParam<bool> {};

TEST_P(Relocated, LooksLikeALinkedFile) {
  auto file = ElfFile::from_bytes(module(GetParam()), "tun.ko");
  ASSERT_TRUE(file);
  const Arch* arch = find_arch(unsigned{EM_X86_64});
  ASSERT_NE(arch, nullptr);
  auto linked = relocated(
      *file, *arch,
      {{".text", {0xffffffffc0000000}}, {".data", {0xffffffffc0010000}}},
      kernel_symbol);
  ASSERT_TRUE(linked) << linked.error().message();
  EXPECT_EQ((*linked)->type(), unsigned{ET_DYN});
  EXPECT_EQ((*linked)->section(".text")->address.value, 0xffffffffc0000000);
  Bytes info = *(*linked)->contents(*(*linked)->section(".debug_info"));
  auto word = [&](std::size_t at, std::size_t size) {
    return load_unsigned(info.subspan(at, size), std::endian::little);
  };
  EXPECT_EQ(word(0, 8), 0xffffffffc0000014);
  EXPECT_EQ(word(8, 8), 0xffffffffc0010009);
  EXPECT_EQ(word(16, 8), 0xffffffff81000000);
  EXPECT_EQ(word(24, 4), 0x1234U);
  EXPECT_EQ(word(28, 4), 0U);
  auto table = symbol_table(*linked, 0);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("function")->address.value, 0xffffffffc0000004);
  EXPECT_EQ(table->find("variable")->address.value, 0xffffffffc0010008);
  EXPECT_EQ((*file)->section(".text")->address.value, 0U);
}

INSTANTIATE_TEST_SUITE_P(ModulesAndDebugFiles, Relocated,
                         testing::Values(false, true));

TEST(RelocatedModule, WithoutExternalSymbolsLeavesThemZero) {
  auto file = ElfFile::from_bytes(module(false), "tun.ko");
  auto linked = relocated(*file, *find_arch(unsigned{EM_X86_64}), {}, {});
  ASSERT_TRUE(linked) << linked.error().message();
  Bytes info = *(*linked)->contents(*(*linked)->section(".debug_info"));
  EXPECT_EQ(load_unsigned(info.subspan(0, 8), std::endian::little), 0x14U);
  EXPECT_EQ(load_unsigned(info.subspan(16, 8), std::endian::little), 0U);
}

TEST(RelocatedModule, MustBeAnObjectFile) {
  auto file = ElfFile::from_bytes(module(false, ET_EXEC), "vmlinux");
  auto linked = relocated(*file, *find_arch(unsigned{EM_X86_64}), {}, {});
  ASSERT_FALSE(linked);
  EXPECT_EQ(linked.error().kind(), ErrorKind::unsupported);
}

}  // namespace
}  // namespace inquest::test
