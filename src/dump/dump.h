// SPDX-License-Identifier: GPL-3.0-or-later
// A dump: the physical memory that one file, or a set of files, kept of a
// machine, and what the dump says about that machine.

#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

namespace inquest {

// An ELF note of the dump. NT_PRSTATUS notes are named "CORE" and come in the
// dump's order (kdump: online CPUs; QEMU: all CPUs).
struct Note {
  std::string name;
  std::uint32_t type = 0;
  std::vector<std::byte> contents;
  FileOffset at = {};  // of the contents
};

// A range of physical memory [start, start + size), and the virtual address
// that an ELF program header gave it, if any.
struct PhysRange {
  PhysAddress start;
  std::uint64_t size = 0;
  std::optional<Address> virtual_start;
};

// new_utsname as kdump-compressed headers hold it.
struct UtsName {
  std::string system, node, release, version, machine, domain;
};

struct DumpInfo {
  std::string format;                        // "ELF", "kdump-compressed", ...
  std::vector<std::filesystem::path> files;  // as given
  bool is_flattened = false;
  unsigned elf_machine = 0;  // EM_X86_64, ...; 0: not said
  std::endian endian = std::endian::little;
  std::uint64_t page_size = 4096;  // what the dump is stored in
  bool is_partial = false;         // makedumpfile left pages out
  bool is_incomplete = false;      // the writer ran out of space
  bool is_live = false;            // memory in use: it changes while we look
  bool is_own_machine = false;     // ... by the kernel that we run on
  std::optional<unsigned> dump_level;
  // Where physical memory starts, in the kdump sub header's opinion.
  std::optional<std::uint64_t> phys_base;
  std::optional<UtsName> uts;
  std::optional<std::uint64_t> saved_at;  // seconds since 1970
  unsigned cpus = 0;                      // 0: not said
  std::string vmcoreinfo;                 // "" when the dump has none
  std::vector<Note> notes;
};

class Dump {
 public:
  virtual ~Dump() = default;

  const DumpInfo& info() const { return info_; }

  // Fills |out| or fails: |fault| when the dump has no such page (excluded or
  // outside of memory), |corrupt| when the file's data makes no sense. Safe
  // from many threads. Not cached: that is PhysicalMemory's work. Excluded
  // pages are not zero pages, but an ELF segment's p_memsz beyond p_filesz is.
  virtual Result<void> read(PhysAddress from,
                            std::span<std::byte> out) const = 0;

  // ---- For scans of long runs ----
  // What became of each |scan_unit| bytes of a run.
  enum class Unit : std::uint8_t { missing, damaged, read };
  static constexpr std::uint64_t scan_unit = 4096;
  // Fills |out| from |from| on, both multiples of |scan_unit|, as far as the
  // dump has it; |units| has one element for each unit. Much faster than read()
  // for many pages in a row, and cheap where pages are missing.
  virtual void read_run(PhysAddress from, std::span<std::byte> out,
                        std::span<Unit> units) const;
  // The same bytes in place, to be given back with release(); nothing where
  // the dump does not hold all of them in one piece.
  virtual Bytes acquire(PhysAddress /*from*/, std::uint64_t /*size*/) const {
    return {};
  }
  virtual void release(Bytes /*acquired*/) const {}

  // The memory that the dump describes, ascending, excluded pages included.
  virtual std::vector<PhysRange> ranges() const = 0;
  // Where it ends.
  PhysAddress memory_end() const;

  // Whether the page at |at| is in the file. Cheap.
  virtual bool has_page(PhysAddress at) const = 0;

  // The bytes of the file that hold the page at |at| are |out| at this offset
  // of the (first) file; |not_found| where pages are compressed.
  virtual Result<PhysAddress> physical_at(FileOffset offset) const = 0;

  // Changes memory: |unsupported| unless it is live, |io| where the host does
  // not let us. Whether the user allowed it was asked before.
  virtual Result<void> write(PhysAddress to, Bytes bytes) const;

 protected:
  DumpInfo info_;
};

// A dump format: how to recognise it by content, and how to open it.
class DataSource;  // random access to a possibly flattened file
struct DumpFormat {
  std::string_view name;
  bool (*probe)(const DataSource& file);
  Result<std::unique_ptr<Dump>> (*open)(
      std::vector<std::shared_ptr<const DataSource>> files);
};

// Opens |files| (one dump; several files are parts of a split set) by
// content. Errors name file, place and reason.
Result<std::unique_ptr<Dump>> open_dump(
    std::span<const std::filesystem::path> files);

// The memory of the machine we run on, through |device|: /proc/kcore, or
// /dev/mem or what else shows memory at its physical addresses. Errors say what
// is missing: the file, privileges, or the kernel's leave.
Result<std::unique_ptr<Dump>> open_live(const std::filesystem::path& device);

// "file@1000": the memory from physical address 1000 on, as it is. Several of
// them are one dump. "live:file@0": memory in use, of a virtual machine.
struct RawPart {
  std::filesystem::path file;
  PhysAddress start;
  bool is_live = false;
};
// Nothing when |name| is no such thing, or the name of a file as a whole.
std::optional<RawPart> raw_part(std::string_view name);

// Writes all of |dump| as an ELF core file. |elf_machine|: EM_*.
Result<void> save_as_elf(const Dump& dump, unsigned elf_machine,
                         std::string_view vmcoreinfo,
                         const std::filesystem::path& file);

// Whether |file| looks like a dump, and not like a vmlinux or a text file.
bool is_dump(const std::filesystem::path& file);

}  // namespace inquest
