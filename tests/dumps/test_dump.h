// SPDX-License-Identifier: GPL-3.0-or-later
// Dumps for tests, written from text into every format and compression.
//
//   # a comment
//   release = 6.1.0                 names of uname: system, node, release,
//                                   version, machine
//   vmcoreinfo = OSRELEASE=6.1.0    one line of it; may be repeated
//   cpus = 2                        so many NT_PRSTATUS notes
//   dump_level = 31
//   @0x1000 raw AA*4096             bytes in hexadecimal, each may repeat
//   @0x2000 u64 0x1067 0x2067*2     little-endian words: u8 u16 u32 u64
//   @0x3000 text "hello\n\0"
//   @0x4000 exclude                 the page exists but is not in the dump
//
// What is not written of a page that is written to is zero. Memory is what
// lies between the lowest and highest page; unmentioned pages do not exist.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dump/compress.h"

namespace inquest::test {

using Content = std::vector<std::byte>;

// What a dump holds, whatever its format.
struct Machine {
  std::uint64_t page_size = 4096;
  // By page number; nothing: the page is excluded.
  std::map<std::uint64_t, std::optional<Content>> pages;
  std::map<std::string, std::string, std::less<>> values;
  std::string vmcoreinfo;

  // Writes |bytes| at physical |at|, making pages as needed.
  void write(std::uint64_t at, const Content& bytes);
  // |size| bytes of the integer |value|.
  void write(std::uint64_t at, std::uint64_t value, unsigned size);
  void exclude(std::uint64_t at);
  std::string value(std::string_view key, std::string_view other = "") const;
  std::uint64_t number(std::string_view key, std::uint64_t other) const;
};

// Throws std::invalid_argument, with the line, on text that makes no sense.
Machine parse_machine(std::string_view text, std::uint64_t page_size = 4096);

enum class DumpKind { elf, kdump, diskdump };

struct DumpShape {
  DumpKind kind = DumpKind::kdump;
  unsigned version = 6;  // kdump header, 0 to 6
  Compression compression = Compression::zlib;
  std::endian endian = std::endian::little;
  bool is_64 = true;  // the dumped machine
  bool is_flattened = false;
  bool is_scattered = true;    // flattened: records in no order, overwriting
  bool is_incomplete = false;  // kdump: descriptors of the last half empty
  bool has_extended_count = false;  // ELF: PN_XNUM
  unsigned parts = 1;               // kdump: a split set of so many files

  std::string name() const;  // for test names
};

// The files that make up the dump.
std::vector<Content> dump_files(const Machine& machine, const DumpShape& shape);

// |plain| as makedumpfile would write it to a pipe.
Content flatten(const Content& plain, bool is_scattered);

// Packs one page.
Content compress(Compression method, const Content& page);

// A folder that is gone when the test ends.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(std::string_view name,
                              const Content& content) const;
  // Writes all files of a dump.
  std::vector<std::filesystem::path> write(const Machine& machine,
                                           const DumpShape& shape) const;

 private:
  std::filesystem::path path_;
};

// The folder of shared real dumps ($INQUEST_SHARED or ../shared beside the
// source tree), if it is there.
std::optional<std::filesystem::path> shared_folder(std::string_view source);

}  // namespace inquest::test
