// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/elf_header.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace inquest {
namespace {

constexpr std::uint64_t pn_xnum = 0xffff;

// A field at its 64-bit place or its 32-bit one.
struct Field {
  unsigned at_64, size_64, at_32, size_32;
};

std::uint64_t field(Bytes bytes, const ElfHeader& elf, const Field& which) {
  unsigned at = elf.is_64 ? which.at_64 : which.at_32;
  unsigned size = elf.is_64 ? which.size_64 : which.size_32;
  if (at + size > bytes.size()) return 0;
  return load_unsigned(bytes.subspan(at, size), elf.endian);
}

Segment read_segment(Bytes bytes, const ElfHeader& elf) {
  return {.type = static_cast<unsigned>(field(bytes, elf, {0, 4, 0, 4})),
          .offset = {field(bytes, elf, {8, 8, 4, 4})},
          .virtual_start = {field(bytes, elf, {16, 8, 8, 4})},
          .start = {field(bytes, elf, {24, 8, 12, 4})},
          .file_size = field(bytes, elf, {32, 8, 16, 4}),
          .memory_size = field(bytes, elf, {40, 8, 20, 4})};
}

// A file with 65535 segments or more keeps their number in the first section
// header's sh_info.
Result<std::uint64_t> segment_count(const DataSource& file,
                                    const ElfHeader& elf) {
  if (elf.program_header_count != pn_xnum || elf.section_headers_at == 0) {
    return elf.program_header_count;
  }
  auto section = TRY(file.bytes(FileOffset{elf.section_headers_at},
                                elf.is_64 ? 64 : 40, "section header"));
  return field(section, elf, {44, 4, 28, 4});
}

}  // namespace

Result<ElfHeader> read_header(const DataSource& file) {
  constexpr std::size_t size_64 = 64;
  constexpr std::size_t size_32 = 52;
  std::array<std::byte, size_64> buffer = {};
  std::span<std::byte> bytes =
      std::span(buffer).first(std::min<std::uint64_t>(file.size(), size_64));
  TRY(file.read(FileOffset{0}, bytes));
  ElfHeader elf;
  if (bytes.size() < size_32 || !as_text(bytes).starts_with("\x7f\x45LF")) {
    return file.error(ErrorKind::unsupported, "header", FileOffset{0},
                      "not an ELF file");
  }
  elf.is_64 = bytes[4] == std::byte{2};
  elf.endian =
      bytes[5] == std::byte{2} ? std::endian::big : std::endian::little;
  elf.type = static_cast<unsigned>(field(bytes, elf, {16, 2, 16, 2}));
  elf.machine = static_cast<unsigned>(field(bytes, elf, {18, 2, 18, 2}));
  elf.program_headers_at = field(bytes, elf, {32, 8, 28, 4});
  elf.section_headers_at = field(bytes, elf, {40, 8, 32, 4});
  elf.program_header_size = field(bytes, elf, {54, 2, 42, 2});
  elf.program_header_count = field(bytes, elf, {56, 2, 44, 2});
  return elf;
}

Result<std::vector<Segment>> read_segments(const DataSource& file,
                                           const ElfHeader& elf) {
  FileOffset at{elf.program_headers_at};
  std::uint64_t count = TRY(segment_count(file, elf));
  std::uint64_t size = elf.program_header_size;
  if (size < (elf.is_64 ? 56U : 32U)) {
    return file.error(ErrorKind::corrupt, "program headers", at,
                      fmt::format("impossible size {} of one", size));
  }
  auto table = TRY(file.bytes(at, count * size, "program headers"));
  std::vector<Segment> segments;
  segments.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    segments.push_back(read_segment(Bytes(table).subspan(i * size, size), elf));
  }
  return segments;
}

}  // namespace inquest
