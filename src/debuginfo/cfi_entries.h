// SPDX-License-Identifier: GPL-3.0-or-later
// The entries of .debug_frame and .eh_frame: CIEs, which several functions
// share, and FDEs, one per function. The two sections differ in how an entry
// names its CIE and in how addresses are encoded.

#pragma once

#include <optional>

#include "base/address.h"
#include "debuginfo/dwarf_cursor.h"

namespace inquest {

struct CfiSection {
  Bytes bytes;
  Address address = {};  // where it lies; only .eh_frame needs it
  bool is_eh_frame = false;
  std::endian endian = std::endian::little;
  unsigned pointer_size = 8;
};

struct CfiCommon {  // a CIE
  unsigned address_size = 8;
  unsigned encoding = 0;  // DW_EH_PE_*, of an FDE's addresses
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  unsigned return_column = 0;
  bool has_augmentation_data = false;
  bool is_signal = false;
  Bytes instructions;
};

struct CfiFunction {  // an FDE
  Address first, end;
  std::uint64_t common = 0;  // the offset of its CIE
  Bytes instructions;
};

// Where an entry is, before its contents are looked at.
struct CfiEntry {
  std::uint64_t offset = 0;  // of its length field
  std::uint64_t body = 0;    // behind the CIE's id or pointer
  std::uint64_t end = 0;
  std::uint64_t common = 0;  // an FDE's CIE
  bool is_common = false;    // a CIE
  unsigned offset_size = 4;
};

// The entry at |offset|; |not_found| behind the last.
Result<CfiEntry> cfi_entry(const CfiSection& section, std::uint64_t offset);
Result<CfiCommon> cfi_common(const CfiSection& section, std::uint64_t offset);
// |common| is the CIE that |entry| names.
Result<CfiFunction> cfi_function(const CfiSection& section,
                                 const CfiEntry& entry,
                                 const CfiCommon& common);
// An encoded address; 0 for DW_EH_PE_omit.
std::uint64_t cfi_address(DwarfCursor& cursor, const CfiSection& section,
                          unsigned encoding, unsigned address_size);

}  // namespace inquest
