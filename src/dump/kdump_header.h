// SPDX-License-Identifier: GPL-3.0-or-later
// The headers of a kdump-compressed file.

#pragma once

#include "dump/data_source.h"
#include "dump/dump.h"

namespace inquest {

// Where a part of the file lies; size 0: there is none.
struct FilePart {
  FileOffset at;
  std::uint64_t size = 0;
};

struct KdumpHeader {
  std::endian endian = std::endian::little;
  unsigned version = 0;
  bool is_diskdump = false;  // the old signature, which has another sub header
  UtsName uts;
  std::uint64_t saved_at = 0;
  std::uint32_t status = 0;
  std::uint64_t block_size = 0;
  std::uint64_t sub_header_blocks = 0;
  std::uint64_t bitmap_blocks = 0;  // of both bitmaps
  std::uint64_t page_count = 0;     // of the machine: the highest number + 1
  unsigned cpus = 0;
  // From the sub header.
  std::optional<std::uint64_t> phys_base;
  std::optional<unsigned> dump_level;
  bool is_split = false;
  std::uint64_t first_page = 0;  // of this part of a split set
  std::uint64_t end_page = 0;
  FilePart vmcoreinfo;
  FilePart notes;

  FileOffset bitmap_at() const {
    return {(1 + sub_header_blocks) * block_size};
  }
  FileOffset descriptors_at() const {
    return bitmap_at() + bitmap_blocks * block_size;
  }
  // Whether the writer says that it did not get to the end.
  bool is_incomplete() const;
};

// Whether |file| starts like one.
bool is_kdump(const DataSource& file);

// Reads and checks the headers: sizes are such that no sum of them overflows.
Result<KdumpHeader> read_kdump_header(const DataSource& file);

}  // namespace inquest
