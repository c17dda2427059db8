// SPDX-License-Identifier: GPL-3.0-or-later
// Abbreviations made ready for the scan: of each DIE only the few attributes
// that the index needs are read, and runs of others are stepped over at once.

#pragma once

#include <vector>

#include "debuginfo/dwarf_data.h"

namespace inquest {

enum class ScanSlot : std::uint8_t {
  none,  // of no interest, of varying length
  name,
  sibling,
  declaration,
  byte_size,
  line,
  column,
  location,
  code,    // has machine code
  origin,  // DW_AT_specification, DW_AT_abstract_origin
};

struct ScanStep {
  ScanSlot slot = ScanSlot::none;
  std::uint16_t form = 0;
  std::uint32_t skip = 0;  // bytes to step over before it
  std::int64_t constant = 0;
};

struct ScanShape {
  std::uint16_t tag = 0;
  bool has_children = false;
  std::uint32_t first = 0, count = 0;  // its steps
  std::uint32_t tail = 0;              // bytes to step over behind them
};

// What the scan learns of one DIE.
struct ScannedDie {
  std::uint64_t name = 0;  // as DwarfEntry::name
  bool has_name = false;
  bool is_inline = false;
  bool is_declaration = false;
  bool has_address = false;
  std::uint32_t line = 0, column = 0;
  std::uint64_t byte_size = 0;
  std::uint64_t sibling = 0;  // an offset in the common space, or 0
  std::uint64_t origin = 0;   // the same
};

// The shapes of one unit.
class ScanShapes {
 public:
  ScanShapes(const DwarfSections& sections, const DwarfUnit& unit,
             const Abbreviations& table);

  // Null for an abbreviation that does not exist.
  const ScanShape* find(std::uint64_t code) const {
    std::size_t index = table_->find(code);
    return index < shapes_.size() ? &shapes_[index] : nullptr;
  }
  // Reads the attributes; |start| is where the cursor's bytes begin in the
  // common space.
  void read(DwarfCursor& cursor, const ScanShape& shape, std::uint64_t start,
            ScannedDie& die) const;

 private:
  void read_name(DwarfCursor& cursor, unsigned form, std::uint64_t start,
                 ScannedDie& die) const;
  std::uint64_t number(DwarfCursor& cursor, const ScanStep& step) const;
  std::uint64_t reference(DwarfCursor& cursor, unsigned form) const;
  bool is_static_location(DwarfCursor& cursor, unsigned form) const;

  const DwarfSections& sections_;
  const DwarfUnit& unit_;
  const Abbreviations* table_;
  std::vector<ScanShape> shapes_;
  std::vector<ScanStep> steps_;
};

}  // namespace inquest
