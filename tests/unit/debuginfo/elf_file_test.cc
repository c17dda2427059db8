// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/elf_file.h"

#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include "temporary.h"
#include "unit/debuginfo/build_elf.h"
#include "unit/debuginfo/packers.h"

namespace inquest::test {
namespace {

std::vector<std::byte> to_bytes(std::string_view text) {
  return Writer().text(text).bytes();
}

std::vector<std::byte> example(bool is_64, std::endian endian) {
  ElfBuilder elf(ET_EXEC, is_64, endian);
  elf.add({.name = ".text",
           .flags = SHF_ALLOC | SHF_EXECINSTR,
           .address = 0x81000000,
           .bytes = to_bytes("code")});
  elf.add({.name = ".bss",
           .type = SHT_NOBITS,
           .flags = SHF_ALLOC,
           .address = 0x82000000,
           .size = 1 << 20});
  auto id = to_bytes("\x12\xab\x0f");
  auto notes = note("Linux", 0x100, to_bytes("xyz"), endian);
  auto own = note("GNU", NT_GNU_BUILD_ID, id, endian);
  notes.insert(notes.end(), own.begin(), own.end());
  elf.add({.name = ".notes", .type = SHT_NOTE, .bytes = notes});
  elf.add({.name = ".gnu_debuglink",
           .bytes = to_bytes(std::string("a.debug\0crc", 11))});
  elf.add_symbols(
      {{.name = "_text", .value = 0x81000000, .section = 1, .size = 4},
       {.name = "local",
        .value = 0x81000002,
        .type = STT_OBJECT,
        .binding = STB_LOCAL,
        .section = 2}});
  return elf.build();
}

class ElfFileForms
    : public testing::TestWithParam<std::pair<bool, std::endian>> {};

TEST_P(ElfFileForms, AreRead) {
  auto [is_64, endian] = GetParam();
  auto file = ElfFile::from_bytes(example(is_64, endian), "example");
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ((*file)->machine(), unsigned{EM_X86_64});
  EXPECT_EQ((*file)->type(), unsigned{ET_EXEC});
  EXPECT_EQ((*file)->endian(), endian);
  EXPECT_EQ((*file)->pointer_size(), is_64 ? 8U : 4U);
  EXPECT_EQ((*file)->build_id(), "12ab0f");
  EXPECT_EQ((*file)->debug_link(), "a.debug");

  const ElfSection* text = (*file)->section(".text");
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(text->address.value, 0x81000000U);
  EXPECT_EQ(as_text(*(*file)->contents(*text)), "code");
  const ElfSection* bss = (*file)->section(".bss");
  ASSERT_NE(bss, nullptr);
  EXPECT_EQ(bss->size, 1U << 20);
  EXPECT_TRUE((*file)->contents(*bss)->empty());
  EXPECT_EQ((*file)->section(".data"), nullptr);

  auto symbols = (*file)->symbols();
  ASSERT_TRUE(symbols);
  ASSERT_EQ(symbols->size(), 3U);
  EXPECT_EQ((*symbols)[1].name, "_text");
  EXPECT_EQ((*symbols)[1].value, 0x81000000U);
  EXPECT_EQ((*symbols)[1].size, 4U);
  EXPECT_EQ((*symbols)[1].section, 1U);
  EXPECT_EQ((*symbols)[2].name, "local");
  EXPECT_EQ(ELF64_ST_TYPE((*symbols)[2].info), STT_OBJECT);
  EXPECT_EQ(ELF64_ST_BIND((*symbols)[2].info), STB_LOCAL);
}

INSTANTIATE_TEST_SUITE_P(All, ElfFileForms,
                         testing::Values(std::pair(true, std::endian::little),
                                         std::pair(true, std::endian::big),
                                         std::pair(false, std::endian::little),
                                         std::pair(false, std::endian::big)));

TEST(ElfFile, WithoutSectionHeadersIsEmpty) {
  auto bytes = example(true, std::endian::little);
  std::fill_n(bytes.begin() + 40, 8, std::byte{});
  auto file = ElfFile::from_bytes(bytes, "example");
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->sections().empty());
  EXPECT_TRUE((*file)->symbols()->empty());
}

TEST(ElfFile, NamesTheFileInErrors) {
  auto none = ElfFile::from_bytes(to_bytes("no such thing, really"), "junk");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message(), "junk: not an ELF file");
  auto bytes = example(true, std::endian::little);
  bytes.resize(bytes.size() - 70);
  auto cut = ElfFile::from_bytes(bytes, "cut");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind(), ErrorKind::corrupt);
  EXPECT_TRUE(cut.error().message().starts_with("cut: "));
}

TEST(ElfFile, SectionOutsideTheFileIsAnErrorWhenAskedFor) {
  ElfBuilder elf;
  elf.add({.name = ".odd", .type = SHT_NOBITS, .size = 1 << 20});
  auto bytes = elf.build();
  // Turn the NOBITS section into one that claims to have these bytes.
  std::size_t headers =
      load_unsigned(Bytes(bytes).subspan(40, 8), std::endian::little);
  store_unsigned(std::span(bytes).subspan(headers + 64 + 4, 4), SHT_PROGBITS,
                 std::endian::little);
  auto file = ElfFile::from_bytes(bytes, "odd");
  ASSERT_TRUE(file) << file.error().message();
  auto contents = (*file)->contents(*(*file)->section(".odd"));
  ASSERT_FALSE(contents);
  EXPECT_TRUE(contents.error().message().starts_with("odd: .odd"));
}

// ---- Compression ----

std::filesystem::path written(const std::string& name, Bytes bytes) {
  std::filesystem::path path = inquest::test::temporary_folder() + name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return path;
}

TEST(ElfFile, PackedFilesAreUnpacked) {
  auto plain = example(true, std::endian::little);
  for (const auto& packed :
       {plain, with_gzip(plain), with_xz(plain), with_zstd(plain)}) {
    auto path = written("inquest_elf_packed_test", packed);
    auto file = ElfFile::open(path);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ((*file)->build_id(), "12ab0f");
    EXPECT_EQ((*file)->path(), path);
    std::filesystem::remove(path);
  }
}

TEST(ElfFile, DamagedPackedFilesAreErrors) {
  auto plain = example(true, std::endian::little);
  for (auto packed : {with_gzip(plain), with_xz(plain), with_zstd(plain)}) {
    packed.resize(packed.size() / 2);
    auto path = written("inquest_elf_damaged_test", packed);
    auto file = ElfFile::open(path);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().kind(), ErrorKind::corrupt);
    std::filesystem::remove(path);
  }
}

std::vector<std::byte> compressed(unsigned type, std::uint64_t size,
                                  Bytes packed) {
  Writer out;
  out.u32(type).u32(0).u64(size).u64(1).append(packed);
  return out.bytes();
}

TEST(ElfFile, CompressedSectionsAreUnpacked) {
  auto text = to_bytes(std::string(5000, 'x'));
  ElfBuilder elf;
  elf.add({.name = ".debug_a",
           .flags = SHF_COMPRESSED,
           .bytes = compressed(1, text.size(), with_zlib(text))});
  elf.add({.name = ".debug_b",
           .flags = SHF_COMPRESSED,
           .bytes = compressed(2, text.size(), with_zstd(text))});
  elf.add({.name = ".debug_c",
           .flags = SHF_COMPRESSED,
           .bytes = compressed(1, text.size() + 1, with_zlib(text))});
  elf.add({.name = ".debug_d",
           .flags = SHF_COMPRESSED,
           .bytes = compressed(9, text.size(), with_zlib(text))});
  auto file = ElfFile::from_bytes(elf.build(), "packed");
  ASSERT_TRUE(file);
  for (const char* name : {".debug_a", ".debug_b"}) {
    auto contents = (*file)->contents(*(*file)->section(name));
    ASSERT_TRUE(contents) << contents.error().message();
    EXPECT_EQ(as_text(*contents), as_text(text));
    auto again = (*file)->contents(*(*file)->section(name));
    EXPECT_EQ(again->data(), contents->data());
  }
  auto wrong = (*file)->contents(*(*file)->section(".debug_c"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind(), ErrorKind::corrupt);
  auto unknown = (*file)->contents(*(*file)->section(".debug_d"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), ErrorKind::unsupported);
}

TEST(BuildId, IsFoundBehindOtherNotes) {
  auto notes = note("Xen", 3, to_bytes("GNU"));
  auto own = note("GNU", NT_GNU_BUILD_ID, to_bytes("\x01\x02"));
  EXPECT_EQ(build_id_in_notes(notes, std::endian::little), "");
  notes.insert(notes.end(), own.begin(), own.end());
  EXPECT_EQ(build_id_in_notes(notes, std::endian::little), "0102");
  notes.resize(notes.size() - 5);
  EXPECT_EQ(build_id_in_notes(notes, std::endian::little), "");
}

}  // namespace
}  // namespace inquest::test
