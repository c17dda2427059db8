// SPDX-License-Identifier: GPL-3.0-or-later
// What is written into any format comes out again.

#include <algorithm>

#include <gtest/gtest.h>

#include "base/mapped_file.h"
#include "dump/dump.h"
#include "unit/dump/sample.h"

namespace inquest {
namespace {

using test::DumpKind;
using test::DumpShape;

class Formats : public testing::TestWithParam<DumpShape> {
 protected:
  void SetUp() override {
    auto opened = open_dump(folder_.write(machine_, GetParam()));
    ASSERT_TRUE(opened) << opened.error().message();
    dump_ = std::move(opened).value();
  }

  test::Machine machine_ = test::sample_machine();
  test::Folder folder_;
  std::unique_ptr<Dump> dump_;
};

TEST_P(Formats, HoldEveryPage) {
  for (const auto& [page, content] : machine_.pages) {
    std::vector<std::byte> out(machine_.page_size);
    PhysAddress at{page * machine_.page_size};
    auto done = dump_->read(at, out);
    EXPECT_EQ(dump_->has_page(at), content.has_value());
    ASSERT_EQ(done.has_value(), content.has_value()) << std::hex << at.value;
    if (content) {
      EXPECT_EQ(out, *content) << std::hex << at.value;
    } else {
      EXPECT_EQ(done.error().kind(), ErrorKind::fault);
      EXPECT_NE(done.error().message().find("excluded"), std::string::npos);
    }
  }
}

TEST_P(Formats, ReadAcrossPagesAndWithinThem) {
  std::array<std::byte, 16> out = {};
  ASSERT_TRUE(dump_->read(PhysAddress{0x3ff8}, out));
  EXPECT_EQ(load_unsigned(Bytes(out).first(8), std::endian::little),
            0x1122334455667788);
  EXPECT_EQ(as_text(Bytes(out).subspan(8)), "end of t");
  ASSERT_TRUE(dump_->read(PhysAddress{0x101ff8}, std::span(out).first(8)));
  EXPECT_EQ(out[0], std::byte{42});
}

// Runs over holes and excluded pages, from every page to every other.
TEST_P(Formats, ReadRunsAsPages) {
  constexpr std::uint64_t size = 0x9000;
  for (std::uint64_t start : {0x0U, 0x1000U, 0xff000U, 0x13fe000U}) {
    std::vector<std::byte> out(size);
    std::vector<Dump::Unit> units(size / Dump::scan_unit);
    dump_->read_run(PhysAddress{start}, out, units);
    for (std::size_t i = 0; i < units.size(); ++i) {
      std::vector<std::byte> page(Dump::scan_unit);
      PhysAddress at{start + i * Dump::scan_unit};
      bool is_there = dump_->read(at, page).has_value();
      ASSERT_EQ(units[i] == Dump::Unit::read, is_there) << std::hex << at.value;
      auto run = Bytes(out).subspan(i * Dump::scan_unit, Dump::scan_unit);
      EXPECT_TRUE(!is_there || std::ranges::equal(run, page))
          << std::hex << at.value;
    }
  }
}

// In place, or not at all.
TEST_P(Formats, AcquireWhatIsNotPacked) {
  Bytes bytes = dump_->acquire(PhysAddress{0x3000}, 0x1008);
  bool is_plain = GetParam().kind == DumpKind::elf && !GetParam().is_flattened;
  ASSERT_EQ(!bytes.empty(), is_plain);
  EXPECT_TRUE(dump_->acquire(PhysAddress{0x1000}, 0x2000).empty());
  EXPECT_TRUE(dump_->acquire(PhysAddress{0x4000}, 0x2000).empty());
  if (!is_plain) return;
  EXPECT_EQ(as_text(bytes.subspan(0x1000, 8)), "end of t");
  dump_->release(bytes);
}

TEST_P(Formats, FaultOutsideOfMemory) {
  std::array<std::byte, 8> out = {};
  for (std::uint64_t at :
       {std::uint64_t{0}, std::uint64_t{0x6000}, std::uint64_t{0x1402000},
        ~std::uint64_t{0} - 4095, std::uint64_t{0x1401ffc}}) {
    auto done = dump_->read(PhysAddress{at}, out);
    ASSERT_FALSE(done) << std::hex << at;
    EXPECT_EQ(done.error().kind(), ErrorKind::fault);
  }
  EXPECT_FALSE(dump_->has_page(PhysAddress{0x6000}));
}

TEST_P(Formats, NameMemoryIncludingExcludedPages) {
  auto ranges = dump_->ranges();
  ASSERT_FALSE(ranges.empty());
  std::uint64_t pages = 0;
  std::uint64_t last = 0;
  for (const PhysRange& range : ranges) {
    EXPECT_GE(range.start.value, last);
    last = range.start.value + range.size;
    pages += range.size / machine_.page_size;
  }
  EXPECT_EQ(ranges.front().start.value, 0x1000U);
  EXPECT_EQ(last, 0x1402000U);
  EXPECT_EQ(pages, machine_.pages.size());
}

TEST_P(Formats, DescribeThemselves) {
  const DumpShape& shape = GetParam();
  const DumpInfo& info = dump_->info();
  EXPECT_EQ(info.is_flattened, shape.is_flattened);
  EXPECT_EQ(info.endian, shape.endian);
  EXPECT_EQ(info.page_size, 4096U);
  EXPECT_EQ(info.elf_machine, 62U);
  EXPECT_EQ(info.files.size(), shape.parts);
  EXPECT_FALSE(info.is_incomplete);
  bool is_elf = shape.kind == DumpKind::elf;
  bool is_kdump = shape.kind == DumpKind::kdump;
  bool has_vmcoreinfo = is_elf || (is_kdump && shape.version >= 3);
  EXPECT_EQ(info.vmcoreinfo.starts_with("OSRELEASE=6.1.0-test\n"),
            has_vmcoreinfo);
  bool has_notes = is_elf || (is_kdump && shape.version >= 4);
  EXPECT_EQ(info.notes.size(), has_notes ? 3U : 0U);
  if (shape.is_flattened) return;
  auto file = MappedFile::open(info.files.front());
  ASSERT_TRUE(file);
  for (const Note& note : info.notes) {
    auto there =
        slice((*file)->bytes(), note.at.value, note.contents.size(), "note");
    ASSERT_TRUE(there) << there.error().message();
    EXPECT_TRUE(std::ranges::equal(*there, note.contents)) << note.name;
  }
  EXPECT_EQ(info.cpus, 2U);
  if (is_elf) return;
  ASSERT_TRUE(info.uts);
  EXPECT_EQ(info.uts->release, "6.1.0-test");
  EXPECT_EQ(info.saved_at, 1700000000U);
  if (!is_kdump) return;
  EXPECT_EQ(info.phys_base, 0x1000000U);
  if (shape.version >= 1) {
    EXPECT_EQ(info.dump_level, 31U);
  }
}

TEST_P(Formats, AreRecognised) {
  for (const auto& path : folder_.write(machine_, GetParam())) {
    EXPECT_TRUE(is_dump(path));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Formats, testing::ValuesIn(test::all_shapes()),
                         [](const auto& shape) { return shape.param.name(); });

std::unique_ptr<Dump> open(const test::Folder& folder,
                           const test::Machine& machine,
                           const DumpShape& shape) {
  auto dump = open_dump(folder.write(machine, shape));
  EXPECT_TRUE(dump) << dump.error().message();
  return dump ? std::move(dump).value() : nullptr;
}

TEST(ElfDump, FillsSegmentTailsWithZeroesWhenNothingWasFiltered) {
  test::Folder folder;
  auto machine = test::parse_machine("@0x1000 raw 11*4096\n@0x2000 exclude\n");
  auto dump = open(folder, machine, {.kind = DumpKind::elf});
  std::vector<std::byte> out(4096, std::byte{0xff});
  ASSERT_TRUE(dump->read(PhysAddress{0x1800}, out));
  EXPECT_EQ(out[0x7ff], std::byte{0x11});
  EXPECT_EQ(out[0x800], std::byte{0});
  EXPECT_TRUE(dump->has_page(PhysAddress{0x2000}));
  EXPECT_FALSE(dump->info().is_partial);
}

TEST(ElfDump, FindsPhysicalAddressOfFileOffset) {
  test::Folder folder;
  auto machine = test::sample_machine();
  auto dump = open(folder, machine, {.kind = DumpKind::elf});
  std::uint64_t size = std::filesystem::file_size(dump->info().files.front());
  auto at = dump->physical_at(FileOffset{size - 8});
  ASSERT_TRUE(at);
  EXPECT_EQ(at->value, 0x1401ff8U);
  auto header = dump->physical_at(FileOffset{0});
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().kind(), ErrorKind::not_found);
}

TEST(KdumpDump, SaysThatTheWriterRanOutOfSpace) {
  test::Folder folder;
  auto machine = test::sample_machine();
  auto dump = open(folder, machine, {.is_incomplete = true});
  EXPECT_TRUE(dump->info().is_incomplete);
  std::vector<std::byte> out(4096);
  EXPECT_TRUE(dump->read(PhysAddress{0x1000}, out));
  auto lost = dump->read(PhysAddress{0x1401000}, out);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind(), ErrorKind::fault);
}

TEST(KdumpDump, MissesTheAbsentPartOfASplitSet) {
  test::Folder folder;
  auto machine = test::sample_machine();
  auto paths = folder.write(machine, {.parts = 3});
  paths.erase(paths.begin());
  auto dump = open_dump(paths);
  ASSERT_TRUE(dump);
  std::vector<std::byte> out(4096);
  EXPECT_TRUE((*dump)->read(PhysAddress{0x1401000}, out));
  auto absent = (*dump)->read(PhysAddress{0x1000}, out);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message().find("split"), std::string::npos);
}

TEST(KdumpDump, TakesPartsInAnyOrder) {
  test::Folder folder;
  auto machine = test::sample_machine();
  auto paths = folder.write(machine, {.parts = 3});
  std::swap(paths[0], paths[2]);
  auto dump = open_dump(paths);
  ASSERT_TRUE(dump);
  for (const auto& [page, content] : machine.pages) {
    std::vector<std::byte> out(4096);
    if (!content) continue;
    ASSERT_TRUE((*dump)->read(PhysAddress{page * 4096}, out));
    EXPECT_EQ(out, *content);
  }
}

TEST(KdumpDump, HasBlocksOfAnySize) {
  test::Folder folder;
  test::Machine machine;
  machine.page_size = 65536;
  machine.write(0x40000000, 7, 8);
  machine.write(0x4001fff8, 9, 8);
  auto dump = open(folder, machine, {});
  EXPECT_EQ(dump->info().page_size, 65536U);
  std::array<std::byte, 8> out = {};
  ASSERT_TRUE(dump->read(PhysAddress{0x4001fff8}, out));
  EXPECT_EQ(out[0], std::byte{9});
}

TEST(OpenDump, RefusesWhatIsNoDump) {
  test::Folder folder;
  for (std::string_view text : {"", "x", "KDUMP", "some text, no dump\n"}) {
    auto bytes = as_bytes(text);
    auto path = folder.write("file", {bytes.begin(), bytes.end()});
    EXPECT_FALSE(is_dump(path));
    auto dump = open_dump(std::span(&path, 1));
    ASSERT_FALSE(dump);
    EXPECT_NE(dump.error().message().find(path.string()), std::string::npos);
  }
}

TEST(OpenDump, RefusesPartsOfDifferentDumps) {
  test::Folder folder;
  auto machine = test::sample_machine();
  auto paths = folder.write(machine, {});
  auto more = folder.write(machine, {.kind = DumpKind::elf});
  paths.push_back(more.front());
  EXPECT_FALSE(open_dump(paths));
  auto other = folder.write(machine, {.version = 4});
  paths.back() = other.front();
  EXPECT_FALSE(open_dump(paths));
}

}  // namespace
}  // namespace inquest
