// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/cfi_entries.h"

#include <dwarf.h>
#include <fmt/format.h>

namespace inquest {
namespace {

Error bad_entry(std::uint64_t offset, std::string_view why) {
  return Error(ErrorKind::corrupt,
               fmt::format("call frame entry at {:#x}: {}", offset, why));
}

DwarfCursor cursor_at(const CfiSection& section, std::uint64_t offset) {
  return DwarfCursor(section.bytes, offset, section.endian);
}

// The letters behind "z": what the augmentation data consists of.
void read_augmentation(DwarfCursor& cursor, const CfiSection& section,
                       std::string_view letters, CfiCommon& common) {
  std::uint64_t size = cursor.uleb();
  std::uint64_t end = cursor.offset() + size;
  for (char letter : letters) {
    if (letter == 'R') {
      common.encoding = static_cast<unsigned>(cursor.fixed(1));
    } else if (letter == 'P') {
      auto encoding = static_cast<unsigned>(cursor.fixed(1));
      cfi_address(cursor, section, encoding, common.address_size);
    } else if (letter == 'L') {
      cursor.skip(1);
    } else if (letter == 'S') {
      common.is_signal = true;
    }
  }
  if (size > section.bytes.size()) return cursor.fail();
  cursor.seek(end);
}

std::uint64_t value_of(DwarfCursor& cursor, unsigned format,
                       unsigned address_size) {
  auto sign = [](std::uint64_t value, unsigned bits) {
    return static_cast<std::uint64_t>(sign_extend(value, bits));
  };
  switch (format) {
    case DW_EH_PE_absptr:
      return cursor.fixed(address_size);
    case DW_EH_PE_uleb128:
      return cursor.uleb();
    case DW_EH_PE_udata2:
      return cursor.fixed(2);
    case DW_EH_PE_udata4:
      return cursor.fixed(4);
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      return cursor.fixed(8);
    case DW_EH_PE_sleb128:
      return static_cast<std::uint64_t>(cursor.sleb());
    case DW_EH_PE_sdata2:
      return sign(cursor.fixed(2), 16);
    case DW_EH_PE_sdata4:
      return sign(cursor.fixed(4), 32);
    default:
      cursor.fail();
      return 0;
  }
}

}  // namespace

std::uint64_t cfi_address(DwarfCursor& cursor, const CfiSection& section,
                          unsigned encoding, unsigned address_size) {
  if (encoding == DW_EH_PE_omit) return 0;
  std::uint64_t place = section.address.value + cursor.offset();
  std::uint64_t value = value_of(cursor, encoding & 0xf, address_size);
  if ((encoding & 0x70) == DW_EH_PE_pcrel) return place + value;
  return value;
}

Result<CfiEntry> cfi_entry(const CfiSection& section, std::uint64_t offset) {
  CfiEntry entry{.offset = offset};
  DwarfCursor cursor = cursor_at(section, offset);
  if (!cursor.is_good() || cursor.at_end()) {
    return Error(ErrorKind::not_found, "no more call frame entries");
  }
  auto [length, offset_size] = cursor.unit_length();
  entry.offset_size = offset_size;
  if (length == 0 && section.is_eh_frame) {
    return Error(ErrorKind::not_found, "no more call frame entries");
  }
  if (!cursor.is_good() || length > cursor.left()) {
    return bad_entry(offset, "longer than its section");
  }
  std::uint64_t id_at = cursor.offset();
  entry.end = id_at + length;
  cursor.limit(entry.end);
  std::uint64_t id = cursor.fixed(entry.offset_size);
  if (!cursor.is_good()) return bad_entry(offset, "cut off");
  entry.body = cursor.offset();
  if (section.is_eh_frame) {
    entry.is_common = id == 0;
    entry.common = id_at - id;
  } else {
    std::uint64_t common_id = entry.offset_size == 8 ? ~0ULL : 0xffffffff;
    entry.is_common = id == common_id;
    entry.common = id;
  }
  return entry;
}

Result<CfiCommon> cfi_common(const CfiSection& section, std::uint64_t offset) {
  CfiEntry entry = TRY(cfi_entry(section, offset));
  if (!entry.is_common) return bad_entry(offset, "is no CIE");
  DwarfCursor cursor = cursor_at(section, entry.body);
  cursor.limit(entry.end);
  CfiCommon common;
  common.address_size = section.pointer_size;
  auto version = static_cast<unsigned>(cursor.fixed(1));
  if (version != 1 && version != 3 && version != 4) {
    return bad_entry(offset, fmt::format("version {}", version));
  }
  std::string_view augmentation = cursor.c_string();
  if (version == 4) {
    common.address_size = static_cast<unsigned>(cursor.fixed(1));
    cursor.skip(1);
  }
  common.code_alignment = cursor.uleb();
  common.data_alignment = cursor.sleb();
  common.return_column =
      static_cast<unsigned>(version == 1 ? cursor.fixed(1) : cursor.uleb());
  common.has_augmentation_data = augmentation.starts_with('z');
  if (common.has_augmentation_data) {
    read_augmentation(cursor, section, augmentation.substr(1), common);
  } else if (!augmentation.empty()) {
    return bad_entry(offset, "unknown augmentation");
  }
  common.instructions = cursor.bytes(cursor.left());
  if (!cursor.is_good() || common.address_size == 0 ||
      common.address_size > 8) {
    return bad_entry(offset, "makes no sense");
  }
  return common;
}

Result<CfiFunction> cfi_function(const CfiSection& section,
                                 const CfiEntry& entry,
                                 const CfiCommon& common) {
  DwarfCursor cursor = cursor_at(section, entry.body);
  cursor.limit(entry.end);
  CfiFunction function;
  function.common = entry.common;
  function.first = {
      cfi_address(cursor, section, common.encoding, common.address_size)};
  std::uint64_t size =
      value_of(cursor, common.encoding & 0xf, common.address_size);
  function.end = function.first + size;
  if (common.has_augmentation_data) cursor.skip(cursor.uleb());
  function.instructions = cursor.bytes(cursor.left());
  if (!cursor.is_good() || function.end < function.first) {
    return bad_entry(entry.offset, "makes no sense");
  }
  return function;
}

}  // namespace inquest
