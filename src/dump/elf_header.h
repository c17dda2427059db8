// SPDX-License-Identifier: GPL-3.0-or-later
// The headers of an ELF core file, of either word size and byte order.

#pragma once

#include <vector>

#include "dump/data_source.h"

namespace inquest {

constexpr unsigned et_core = 4;
constexpr unsigned pt_load = 1;
constexpr unsigned pt_note = 4;

struct ElfHeader {
  bool is_64 = true;
  std::endian endian = std::endian::little;
  unsigned type = 0;
  unsigned machine = 0;
  std::uint64_t program_headers_at = 0;
  std::uint64_t section_headers_at = 0;
  std::uint64_t program_header_size = 0;
  std::uint64_t program_header_count = 0;
};

struct Segment {
  unsigned type = 0;
  FileOffset offset;
  Address virtual_start;
  PhysAddress start;
  std::uint64_t file_size = 0;
  std::uint64_t memory_size = 0;
};

// |unsupported| when |file| is no ELF file.
Result<ElfHeader> read_header(const DataSource& file);
Result<std::vector<Segment>> read_segments(const DataSource& file,
                                           const ElfHeader& elf);

}  // namespace inquest
