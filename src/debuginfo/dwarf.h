// SPDX-License-Identifier: GPL-3.0-or-later
// DWARF 2 to 5 of one object: an index from names to DIEs, kept in a cache
// file; types, variables and functions made from the DIEs it finds.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "debuginfo/elf_file.h"
#include "types/type_source.h"

namespace inquest {

// Bytes of debug info read so far, and of all. Called by one thread, some
// times a second, and with all of them at the end, even an interrupted one.
using DwarfProgress = std::function<void(std::uint64_t, std::uint64_t)>;

struct DwarfOptions {
  std::filesystem::path cache = {};  // folder for index files; "" : keep none
  unsigned threads = 0;              // 0: as many as the machine has
  DwarfProgress progress = {};       // called while the index is built
};

// The index is built (in parallel) or mapped from the cache when first asked
// for; constructing this costs nothing. A cache file is verified when read,
// rebuilt when damaged or foreign, and never required.
Result<std::shared_ptr<TypeSource>> dwarf_types(
    std::shared_ptr<const ElfFile> file, const DwarfOptions& options);

// A place in a source file.
struct SourceLine {
  std::string file;  // as compiled: directory and name
  unsigned line = 0;
  std::string folder = {};  // where the compiler ran: DW_AT_comp_dir
};

// A function that was inlined at an address, innermost first.
struct InlinedCall {
  std::string function;
  SourceLine called_from;
};

// Line tables; addresses are as linked. Only the compilation unit of an
// address is read. Safe from many threads.
class SourceLines {
 public:
  virtual ~SourceLines() = default;
  virtual Result<SourceLine> line_at(Address at) = 0;
  virtual std::vector<InlinedCall> inlined_at(Address at) = 0;
};
Result<std::shared_ptr<SourceLines>> source_lines(
    std::shared_ptr<const ElfFile> file);

}  // namespace inquest
