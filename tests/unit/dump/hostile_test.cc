// SPDX-License-Identifier: GPL-3.0-or-later
// Headers that lie.

#include <gtest/gtest.h>

#include "dump/dump.h"
#include "unit/dump/sample.h"

namespace inquest {
namespace {

using test::Content;

void put(Content& file, std::size_t at, std::uint64_t value, std::size_t size) {
  ASSERT_LE(at + size, file.size());
  store_unsigned(std::span(file).subspan(at, size), value, std::endian::little);
}

Result<std::unique_ptr<Dump>> open(const test::Folder& folder,
                                   const Content& content) {
  auto path = folder.write("dump", content);
  return open_dump(std::span(&path, 1));
}

TEST(HostileKdump, PageSizesAreChecked) {
  test::Folder folder;
  Content file = test::dump_files(test::sample_machine(),
                                  {.compression = Compression::none})
                     .front();
  // The first descriptor follows header, sub header, notes and bitmaps.
  std::size_t sub_blocks =
      load_unsigned(Bytes(file).subspan(432, 4), std::endian::little);
  std::size_t bitmap_blocks =
      load_unsigned(Bytes(file).subspan(436, 4), std::endian::little);
  std::size_t at = (1 + sub_blocks + bitmap_blocks) * 4096;
  for (std::uint64_t size : {0ULL, 1ULL, 0x7fffffffULL, 0xffffffffULL}) {
    put(file, at + 8, size, 4);
    auto dump = open(folder, file);
    ASSERT_TRUE(dump);
    std::vector<std::byte> out(4096);
    auto done = (*dump)->read(PhysAddress{0x1000}, out);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind(), ErrorKind::corrupt);
    EXPECT_NE(done.error().message().find("0x1000"), std::string::npos);
  }
}

TEST(HostileKdump, BitmapMustFitInTheFile) {
  test::Folder folder;
  Content file = test::dump_files(test::sample_machine(), {}).front();
  put(file, 436, 0x7fffffff, 4);
  auto dump = open(folder, file);
  ASSERT_FALSE(dump);
  EXPECT_EQ(dump.error().kind(), ErrorKind::corrupt);
  EXPECT_NE(dump.error().message().find("bitmap"), std::string::npos);
}

TEST(HostileFlattened, RecordsMayNotOverflow) {
  test::Folder folder;
  Content file =
      test::dump_files(test::sample_machine(), {.is_flattened = true}).front();
  for (std::size_t i = 0; i < 8; ++i)
    file[4096 + i] = std::byte{0xff};
  auto dump = open(folder, file);
  ASSERT_FALSE(dump);
  EXPECT_NE(dump.error().message().find("flattened"), std::string::npos);
}

TEST(HostileFlattened, AFileCutOffStillGivesItsPages) {
  test::Folder folder;
  Content file = test::dump_files(test::sample_machine(),
                                  {.compression = Compression::none,
                                   .is_flattened = true,
                                   .is_scattered = false})
                     .front();
  file.resize(file.size() - 3000);
  auto dump = open(folder, file);
  ASSERT_TRUE(dump) << dump.error().message();
  EXPECT_TRUE((*dump)->info().is_incomplete);
  std::vector<std::byte> out(4096);
  EXPECT_TRUE((*dump)->read(PhysAddress{0x1000}, out));
  EXPECT_FALSE((*dump)->read(PhysAddress{0x1401000}, out));
}

TEST(HostileElf, SegmentsMayNotWrapAround) {
  test::Folder folder;
  Content file =
      test::dump_files(test::sample_machine(), {.kind = test::DumpKind::elf})
          .front();
  put(file, 64 + 56 + 24, ~std::uint64_t{0} - 100, 8);
  EXPECT_FALSE(open(folder, file));
}

// What nobody can have is nowhere searched; what the file holds is read.
TEST(HostileElf, MemoryEndsWhereItMay) {
  test::Folder folder;
  Content file =
      test::dump_files(test::sample_machine(), {.kind = test::DumpKind::elf})
          .front();
  auto sound = open(folder, file);
  ASSERT_TRUE(sound);
  std::uint64_t first = (*sound)->ranges().front().size;
  std::size_t segment = 64 + 56;  // behind that of the notes
  put(file, segment + 40, std::uint64_t{1} << 60, 8);
  auto dump = open(folder, file);
  ASSERT_TRUE(dump) << dump.error().message();
  EXPECT_LE((*dump)->ranges().front().size, first);
  std::vector<std::byte> out(4096);
  EXPECT_TRUE((*dump)->read(PhysAddress{0x1000}, out));

  put(file, segment + 32, std::uint64_t{1} << 60, 8);
  dump = open(folder, file);
  ASSERT_TRUE(dump) << dump.error().message();
  EXPECT_LE((*dump)->ranges().front().size, file.size());
}

TEST(HostileElf, ATruncatedFileSaysSo) {
  test::Folder folder;
  Content file =
      test::dump_files(test::sample_machine(), {.kind = test::DumpKind::elf})
          .front();
  file.resize(file.size() - 5000);
  auto dump = open(folder, file);
  ASSERT_TRUE(dump);
  EXPECT_TRUE((*dump)->info().is_incomplete);
  std::vector<std::byte> out(4096);
  EXPECT_TRUE((*dump)->read(PhysAddress{0x1000}, out));
  EXPECT_FALSE((*dump)->read(PhysAddress{0x1401000}, out));
}

}  // namespace
}  // namespace inquest
