// SPDX-License-Identifier: GPL-3.0-or-later
// How pages, areas and translations look, in crash's columns.

#include "command/memory_rows.h"

#include <gtest/gtest.h>

#include "command/vtop_row.h"

namespace inquest {
namespace {

Error missing() {
  return {ErrorKind::fault, "0x1000: not in dump", 0x1000};
}

TEST(PageEntryRow, ShowsWhereAPageWentTo) {
  PageEntryRow row{.value = 0x20004,
                   .entry = {.kind = PageEntry::Kind::swapped,
                             .physical = {},
                             .swap = {.type = 0, .offset = 512},
                             .flags = {}},
                   .swap_file = std::string("/swap")};
  EXPECT_EQ(to_text(row), " PTE   SWAP   OFFSET\n20004  /swap    512 \n");
  row.swap_file = Error(ErrorKind::not_found, "no swap area 0");
  EXPECT_EQ(to_text(row),
            " PTE         SWAP        OFFSET\n"
            "20004  (no swap area 0)    512 \n");
}

TEST(PageEntryRow, SaysThatNothingIsMapped) {
  EXPECT_EQ(to_text(PageEntryRow()),
            "PTE  PHYSICAL  FLAGS\n 0       0     (no mapping)\n");
}

TEST(PageRow, HasRoomForHighAddresses) {
  PageRow row{.page = {.at = Address{0xffffea0000000000},
                       .physical = {0x1234567000},
                       .mapping = missing(),
                       .index = std::uint64_t{0x1c2},
                       .count = std::int64_t{-1},
                       .flags = std::uint64_t{0x14},
                       .flag_names = {"uptodate", "lru"}},
              .physical_width = 10};
  EXPECT_EQ(page_heading(10) + to_text(row),
            "      PAGE         PHYSICAL      MAPPING       INDEX CNT FLAGS\n"
            "ffffea0000000000 1234567000 (page not in dump)      1c2 -1 14 "
            "uptodate,lru\n");
}

TEST(VmaRow, KeepsWhatCanBeRead) {
  Vma vma{.object = Error(ErrorKind::fault, ""),
          .at = Address{0xffff888000001000},
          .start = Address{0x400000},
          .end = Address{0x401000},
          .flags = std::uint64_t{0x75},
          .page_offset = std::uint64_t{0},
          .file = missing()};
  EXPECT_EQ(vma_heading() + to_text(vma),
            "      VMA           START       END     FLAGS FILE\n"
            "ffff888000001000     400000     401000     75 "
            "(page not in dump)\n");
}

VtopRow large_page() {
  VtopRow row;
  row.address = {0xffff888040001000};
  row.state = VtopRow::State::mapped;
  row.physical = {0x40001000};
  row.directory = Address{0xffffffff82000000};
  row.tables = {{"PGD", 0x2000888, 0x3067}, {"PUD", 0x3008, 0x400000e3}};
  row.page_size = std::uint64_t{1} << 30;
  row.page_base = {0x40000000};
  row.is_large = true;
  row.entry = PageEntryRow{.value = 0x400000e3,
                           .entry = {.kind = PageEntry::Kind::present,
                                     .physical = {0x40000000},
                                     .swap = {},
                                     .flags = {"PRESENT", "RW"}}};
  return row;
}

TEST(VtopRow, NamesLargePages) {
  VtopRow row = large_page();
  row.names_directories = true;
  EXPECT_EQ(to_text(row),
            "VIRTUAL           PHYSICAL        \n"
            "ffff888040001000  40001000        \n\n"
            "PGD DIRECTORY: ffffffff82000000\n"
            "PAGE DIRECTORY: 3067\n"
            "   PUD: 3008 => 400000e3\n"
            "  PAGE: 40000000  (1GB)\n\n"
            "  PTE     PHYSICAL  FLAGS\n"
            "400000e3  40000000  (PRESENT|RW)\n");
}

TEST(VtopRow, NamesZeroPages) {
  VtopRow row = large_page();
  row.is_zero_page = true;
  row.page_size = std::uint64_t{1} << 21;
  EXPECT_NE(to_text(row).find("  PAGE: 40000000  (2MB, ZERO PAGE)\n"),
            std::string::npos);
  EXPECT_NE(to_text(row).find("   PGD: 2000888 => 3067\n"), std::string::npos);
  row.is_large = false;
  EXPECT_NE(to_text(row).find("  PAGE: 40000000  (ZERO PAGE)\n"),
            std::string::npos);
}

TEST(VtopRow, SaysWhyItEnds) {
  VtopRow row = large_page();
  row.state = VtopRow::State::unreadable;
  row.fault = missing();
  row.tables.resize(1);
  row.entry.reset();
  EXPECT_EQ(to_text(row),
            "VIRTUAL           PHYSICAL        \n"
            "ffff888040001000  (page not in dump)\n\n"
            "PAGE DIRECTORY: ffffffff82000000\n"
            "   PGD: 2000888 => 3067\n");
  report::Record record = to_record(row);
  ASSERT_NE(record.find("physical"), nullptr);
  EXPECT_TRUE(std::holds_alternative<Error>(record.find("physical")->data));
}

}  // namespace
}  // namespace inquest
