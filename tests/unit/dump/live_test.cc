// SPDX-License-Identifier: GPL-3.0-or-later
// Raw RAM, and memory in use as /proc/kcore shows it.

#include <array>

#include <gtest/gtest.h>

#include "dump/dump.h"
#include "dumps/test_dump.h"
#include "unit/debuginfo/build_elf.h"

namespace inquest {
namespace {

namespace fs = std::filesystem;
using test::Content;
using test::Folder;
using test::Writer;

Content page_of(char letter, std::size_t size = 4096) {
  return Content(size, std::byte(letter));
}

std::string named(const fs::path& file, std::string_view start) {
  return file.string() + "@" + std::string(start);
}

Result<std::unique_ptr<Dump>> open(const std::vector<std::string>& names) {
  std::vector<fs::path> files(names.begin(), names.end());
  return open_dump(files);
}

std::string text_at(const Dump& dump, std::uint64_t at, std::size_t size) {
  std::string text(size, '\0');
  auto done =
      dump.read(PhysAddress{at},
                std::as_writable_bytes(std::span(text.data(), text.size())));
  return done ? text : done.error().message();
}

// ---- Raw RAM ----

TEST(RawRam, IsNamedWithItsAddress) {
  auto part = raw_part("some/ram@1f000");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->file, "some/ram");
  EXPECT_EQ(part->start.value, 0x1f000U);
  EXPECT_FALSE(part->is_live);
  EXPECT_TRUE(raw_part("live:ram@0")->is_live);
  EXPECT_FALSE(raw_part("ram"));
  EXPECT_FALSE(raw_part("@1000"));
  EXPECT_FALSE(raw_part("ram@"));
  EXPECT_FALSE(raw_part("ram@here"));
  Folder folder;
  auto real = folder.write("a@10", page_of('a'));
  EXPECT_FALSE(raw_part(real.native()));
}

TEST(RawRam, PartsAreOneMemoryInAnyOrder) {
  Folder folder;
  auto low = folder.write("low", page_of('l'));
  auto high = folder.write("high", page_of('h', 100));
  auto dump = open({named(high, "2000"), named(low, "1000")});
  ASSERT_TRUE(dump) << dump.error().message();
  EXPECT_EQ(text_at(**dump, 0x1ffe, 4), "llhh");
  EXPECT_NE(text_at(**dump, 0x2060, 8).find("not in dump"), std::string::npos);
  EXPECT_NE(text_at(**dump, 0xfff, 1).find("not in dump"), std::string::npos);
  auto ranges = (*dump)->ranges();
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].start.value, 0x1000U);
  EXPECT_EQ(ranges[1].size, 100U);
  EXPECT_TRUE((*dump)->has_page(PhysAddress{0x1000}));
  EXPECT_EQ((*dump)->physical_at(FileOffset{5})->value, 0x1005U);
  EXPECT_FALSE((*dump)->physical_at(FileOffset{4096}));
}

TEST(RawRam, WhatMakesNoSenseIsRefused) {
  Folder folder;
  auto a = folder.write("a", page_of('a'));
  auto empty = folder.write("empty", {});
  auto reason = [](const std::vector<std::string>& names) {
    auto dump = open(names);
    return dump ? "opened" : dump.error().message();
  };
  EXPECT_NE(reason({named(a, "1000"), named(a, "1fff")}).find("begins at 1fff"),
            std::string::npos);
  EXPECT_NE(reason({named(empty, "0")}).find("size of 0"), std::string::npos);
  EXPECT_NE(reason({named(a, "fffffffffffff000")}).find("no such physical"),
            std::string::npos);
  EXPECT_NE(reason({named(a.parent_path() / "none", "0")}).find("No such file"),
            std::string::npos);
}

TEST(RawRam, BecomesAnElfFile) {
  Folder folder;
  auto low = folder.write("low", page_of('l', 5000));
  auto high = folder.write("high", page_of('h'));
  auto raw = open({named(low, "1000"), named(high, "10000")});
  ASSERT_TRUE(raw);
  auto file = folder.write("elf", {});
  auto done = save_as_elf(**raw, 62, "OSRELEASE=6.1\nPAGESIZE=4096\n", file);
  ASSERT_TRUE(done) << done.error().message();
  auto elf = open_dump(std::span(&file, 1));
  ASSERT_TRUE(elf) << elf.error().message();
  EXPECT_EQ((*elf)->info().format, "ELF");
  EXPECT_EQ((*elf)->info().elf_machine, 62U);
  EXPECT_TRUE((*elf)->info().vmcoreinfo.starts_with("OSRELEASE=6.1\n"));
  EXPECT_EQ(text_at(**elf, 0x1000 + 4990, 10), "llllllllll");
  EXPECT_EQ(text_at(**elf, 0x10ffe, 2), "hh");
  EXPECT_NE(text_at(**elf, 0x1000 + 5000, 1).find("not in dump"),
            std::string::npos);
  auto nowhere = file.parent_path() / "no/where";
  EXPECT_FALSE(save_as_elf(**raw, 62, "", nowhere));
}

// ---- Memory in use ----

TEST(LiveMemory, IsWrittenAndDumpsAreNot) {
  Folder folder;
  auto file = folder.write("ram", page_of('a'));
  std::array<std::byte, 2> bytes = {std::byte{'x'}, std::byte{'y'}};
  auto live = open({"live:" + named(file, "1000")});
  ASSERT_TRUE(live);
  ASSERT_TRUE((*live)->write(PhysAddress{0x1ffe}, bytes));
  EXPECT_EQ(text_at(**live, 0x1ffc, 4), "aaxy");
  EXPECT_TRUE((*live)->info().is_live);
  EXPECT_FALSE((*live)->info().is_own_machine);
  EXPECT_FALSE((*live)->write(PhysAddress{0x1fff}, bytes));
  EXPECT_FALSE((*live)->write(PhysAddress{0}, bytes));
  auto dump = open({named(file, "1000")});
  ASSERT_TRUE(dump);
  auto refused = (*dump)->write(PhysAddress{0x1000}, bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::unsupported);
  EXPECT_EQ(text_at(**dump, 0x1000, 2), "aa");
}

struct Range {
  std::uint64_t virtual_start, start, size;
  char letter;
};

constexpr std::uint64_t no_address = ~std::uint64_t{0};
constexpr std::size_t data_at = 0x2000;

// As the kernel writes it: notes first, then each range of virtual addresses.
Content kcore(const std::vector<Range>& ranges) {
  Writer notes;
  notes.u32(5).u32(4).u32(1).text(std::string_view("CORE\0\0\0\0", 8)).u32(0);
  std::string info = "OSRELEASE=6.1.0\nPAGESIZE=4096\n";
  info.resize((info.size() + 3) / 4 * 4);
  notes.u32(11).u32(info.size()).u32(0);
  notes.text(std::string_view("VMCOREINFO\0\0", 12)).text(info);
  Writer file;
  file.text("\x7f\x45LF")
      .text(std::string_view("\2\1\1\0\0\0\0\0\0\0\0\0", 12));
  file.u16(4).u16(62).u32(1).u64(0).u64(64).u64(0).u32(0);
  file.u16(64).u16(56).u16(ranges.size() + 1).u16(0).u16(0).u16(0);
  std::size_t notes_at = 64 + 56 * (ranges.size() + 1);
  std::size_t notes_size = notes.bytes().size();
  file.u32(4).u32(0).u64(notes_at).u64(0).u64(0).u64(notes_size).u64(0).u64(0);
  std::size_t at = data_at;
  for (const Range& range : ranges) {
    file.u32(1).u32(7).u64(at).u64(range.virtual_start).u64(range.start);
    file.u64(range.size).u64(range.size).u64(4096);
    at += range.size;
  }
  Content bytes = file.bytes();
  Content more = notes.bytes();
  bytes.insert(bytes.end(), more.begin(), more.end());
  bytes.resize(data_at);
  for (const Range& range : ranges)
    bytes.insert(bytes.end(), range.size, std::byte(range.letter));
  return bytes;
}

const std::vector<Range> usual = {
    {0xffffffff81000000, 0x2000, 0x1000, 't'},      // the image
    {0xffffc90000000000, no_address, 0x1000, 'v'},  // vmalloc
    {0xffff888000001000, 0x1000, 0x3000, 'r'},
};

TEST(Kcore, ShowsRamAtItsPhysicalAddresses) {
  Folder folder;
  auto dump = open_live(folder.write("kcore", kcore(usual)));
  ASSERT_TRUE(dump) << dump.error().message();
  const DumpInfo& info = (*dump)->info();
  EXPECT_TRUE(info.is_live);
  EXPECT_EQ(info.elf_machine, 62U);
  EXPECT_TRUE(info.vmcoreinfo.starts_with("OSRELEASE=6.1.0\n"));
  // The other notes are about who reads.
  EXPECT_EQ(info.notes.size(), 1U);
  EXPECT_EQ(info.cpus, 0U);
  EXPECT_EQ(text_at(**dump, 0x1000, 2), "rr");
  EXPECT_EQ(text_at(**dump, 0x3ffe, 2), "rr");
  EXPECT_NE(text_at(**dump, 0x4000, 1).find("not in the machine's memory"),
            std::string::npos);
  ASSERT_EQ((*dump)->ranges().size(), 2U);
  EXPECT_EQ((*dump)->ranges()[1].virtual_start, Address{0xffffffff81000000});
}

TEST(Kcore, WithoutPhysicalAddressesIsTooOld) {
  Folder folder;
  std::vector<Range> old = usual;
  for (Range& range : old)
    range.start = 0;
  auto dump = open_live(folder.write("kcore", kcore(old)));
  ASSERT_FALSE(dump);
  EXPECT_NE(dump.error().message().find("since 4.11"), std::string::npos);
}

TEST(Kcore, HeadersThatLieAreErrors) {
  Folder folder;
  Content file = kcore(usual);
  // The size of the last range in memory.
  std::size_t at = 64 + 56 * 3 + 40;
  for (std::uint64_t size :
       {no_address, std::uint64_t{1} << 52, std::uint64_t{1} << 40}) {
    store_unsigned(std::span(file).subspan(at, 8), size, std::endian::little);
    auto dump = open_live(folder.write("kcore", file));
    ASSERT_FALSE(dump) << size;
    EXPECT_EQ(dump.error().kind(), ErrorKind::corrupt);
  }
  for (std::size_t size : {0U, 63U, 100U, 250U}) {
    Content cut = kcore(usual);
    cut.resize(size);
    EXPECT_FALSE(open_live(folder.write("kcore", cut))) << size;
  }
}

TEST(LiveMemory, SaysWhatIsMissing) {
  auto dump = open_live("/dev/there-is-none");
  ASSERT_FALSE(dump);
  EXPECT_NE(dump.error().message().find("no such device"), std::string::npos);
  EXPECT_NE(dump.error().message().find("running kernel cannot be opened"),
            std::string::npos);
}

}  // namespace
}  // namespace inquest
