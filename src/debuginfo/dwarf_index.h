// SPDX-License-Identifier: GPL-3.0-or-later
// From names to DIEs: the index over one file's DWARF, and its cache file.
//
// The index is three sorted arrays, the same in memory and on disk: where the
// units are, the signatures of type units, and one entry per definition,
// sorted by the hash of its name. Names themselves stay in the file's own
// .debug_str. A definition that a header brings into a thousand units has one
// entry; definitions that differ in size or place each have their own.

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "debuginfo/dwarf.h"
#include "debuginfo/dwarf_data.h"

namespace inquest {

enum class DwarfKind : std::uint8_t {
  structure,
  union_type,
  enumeration,
  typedef_type,
  base_type,
  variable,
  function,
  enumerator,  // the entry's DIE is the enumeration
};

struct DwarfEntry {
  std::uint32_t hash = 0;  // of the name
  std::uint32_t die = 0;   // its offset, in the common space
  std::uint32_t name = 0;  // an offset in .debug_str or, inline, where the
                           // DIE's own section has the text
  DwarfKind kind = DwarfKind::structure;
  std::uint8_t is_inline = 0;       // see |name|
  std::uint8_t is_declaration = 0;  // variable or function defined elsewhere
  std::uint8_t has_address = 0;     // variable or function
};

struct DwarfSignature {
  std::uint64_t signature = 0;
  std::uint64_t die = 0;
};

std::uint32_t dwarf_name_hash(std::string_view name);
// The name of |entry|, "" when it makes no sense.
std::string_view dwarf_entry_name(const DwarfSections& sections,
                                  const DwarfEntry& entry);

// What an index is made of before it has its final form.
struct DwarfIndexParts {
  std::vector<std::uint32_t> units;  // offsets of unit headers, ascending
  std::vector<DwarfSignature> signatures;
  std::vector<DwarfEntry> entries;
};

// What a cache file must have been made from.
struct DwarfIdentity {
  std::string build_id;  // "": this file cannot be cached
  std::uint64_t info = 0, types = 0, abbrev = 0, strings = 0;  // section sizes
};

class DwarfIndex {
 public:
  // Takes sorted parts.
  DwarfIndex(const DwarfIdentity& identity, const DwarfIndexParts& parts);
  // Checks that |bytes| are a whole, undamaged index of |identity|.
  static Result<std::shared_ptr<const DwarfIndex>> open(
      Bytes bytes, const DwarfIdentity& identity,
      std::shared_ptr<const void> keeps);

  std::span<const std::uint32_t> units() const { return units_; }
  std::span<const DwarfEntry> entries() const { return entries_; }
  // All entries whose name may be |name|: its hash is the same.
  std::span<const DwarfEntry> find(std::string_view name) const;
  // The header of the unit that a DIE lies in; |not_found| before the first.
  Result<std::uint64_t> unit_of(std::uint64_t die) const;
  // The type that a signature stands for.
  std::optional<std::uint64_t> signed_type(std::uint64_t signature) const;
  // As written to a cache file.
  Bytes bytes() const { return bytes_; }

 private:
  DwarfIndex() = default;
  void take(Bytes bytes);

  std::vector<std::uint64_t> own_;  // bytes_, unless mapped
  std::shared_ptr<const void> keeps_;
  Bytes bytes_;
  std::span<const std::uint32_t> units_;
  std::span<const DwarfSignature> signatures_;
  std::span<const DwarfEntry> entries_;
};

// Reads all of |file|'s DWARF on |threads| threads (0: as many as there are).
// An error only when interrupted or when the file is too large; units that
// make no sense are left out.
Result<std::shared_ptr<const DwarfIndex>> scan_dwarf(
    const ElfFile& file, const DwarfSections& sections, unsigned threads,
    const DwarfProgress& progress);

DwarfIdentity dwarf_identity(const ElfFile& file,
                             const DwarfSections& sections);
// The cached index; any error means there is none to use.
Result<std::shared_ptr<const DwarfIndex>> cached_index(
    const std::filesystem::path& folder, const DwarfIdentity& identity);
// Writes the cache file in one step; failing to is no error.
void cache_index(const std::filesystem::path& folder,
                 const DwarfIdentity& identity, const DwarfIndex& index);

}  // namespace inquest
