// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/lines_program.h"

#include <algorithm>
#include <array>

#include <dwarf.h>
#include <fmt/format.h>

namespace inquest {
namespace {

// More rows or files than any unit has; bounds what a broken one can cost.
constexpr std::size_t most_rows = 1 << 22;
constexpr std::size_t most_names = 1 << 16;

struct Header {
  unsigned version = 0;
  unsigned offset_size = 4;
  unsigned address_size = 8;
  std::uint64_t program = 0;  // where the instructions start
  std::uint64_t minimum = 1;  // length of an instruction
  std::uint64_t per_instruction = 1;
  bool is_statement = true;
  std::int64_t line_base = 0;
  std::uint64_t line_range = 1;
  unsigned opcode_base = 1;
  std::array<std::uint8_t, 256> operands{};
};

struct FileName {
  std::string_view name;
  std::uint64_t directory = 0;
};

std::string joined(std::string_view directory, std::string_view name) {
  if (name.starts_with('/') || directory.empty()) return std::string(name);
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/",
                     name);
}

Error bad_program(std::uint64_t offset, std::string_view why) {
  return Error(ErrorKind::corrupt,
               fmt::format("line numbers at {:#x}: {}", offset, why));
}

// The tables of directories and files in front of a program.
class Names {
 public:
  Names(const LineSections& sections, const Header& header,
        std::string_view directory)
      : header_(header) {
    unit_.offset_size = header.offset_size;
    unit_.address_size = header.address_size;
    unit_.version = header.version;
    strings_.strings = sections.strings;
    strings_.line_strings = sections.line_strings;
    strings_.endian = sections.endian;
    home_ = directory;
  }

  std::vector<std::string> read(DwarfCursor& cursor) {
    std::vector<std::string> paths;
    if (header_.version >= 5) {
      for (const FileName& one : table(cursor)) {
        directories_.push_back(one.name);
      }
      for (const FileName& one : table(cursor))
        paths.push_back(path(one));
      return paths;
    }
    read_old_directories(cursor);
    paths.emplace_back();  // files count from 1
    while (cursor.is_good() && paths.size() < most_names) {
      FileName one{cursor.c_string()};
      if (one.name.empty()) break;
      one.directory = cursor.uleb();
      cursor.uleb();  // time
      cursor.uleb();  // size
      paths.push_back(path(one));
    }
    return paths;
  }

 private:
  void read_old_directories(DwarfCursor& cursor) {
    directories_.push_back(home_);
    while (cursor.is_good() && directories_.size() < most_names) {
      std::string_view name = cursor.c_string();
      if (name.empty()) break;
      directories_.push_back(name);
    }
  }

  // DWARF 5: a description of the columns, then the rows.
  std::vector<FileName> table(DwarfCursor& cursor) const {
    std::vector<AttributeSpec> columns;
    auto width = static_cast<unsigned>(cursor.fixed(1));
    for (unsigned i = 0; i < width; ++i) {
      auto content = static_cast<std::uint16_t>(cursor.uleb());
      auto form = static_cast<std::uint16_t>(cursor.uleb());
      columns.push_back({content, form, 0});
    }
    std::uint64_t count = cursor.uleb();
    std::vector<FileName> rows;
    if (count > most_names || columns.empty()) {
      if (count != 0) cursor.fail();
      return rows;
    }
    for (std::uint64_t i = 0; i < count && cursor.is_good(); ++i) {
      FileName row;
      for (const AttributeSpec& column : columns) {
        Attribute value = read_attribute(cursor, column, strings_, unit_);
        if (column.name == DW_LNCT_path) row.name = value.text;
        if (column.name == DW_LNCT_directory_index) {
          row.directory = value.number;
        }
      }
      rows.push_back(row);
    }
    return rows;
  }

  std::string path(const FileName& file) const {
    std::string_view directory = file.directory < directories_.size()
                                     ? directories_[file.directory]
                                     : std::string_view();
    std::string full = joined(directory, file.name);
    if (file.directory == 0 && directory == home_) return full;
    return joined(home_, full);
  }

  const Header& header_;
  DwarfUnit unit_;
  DwarfSections strings_;
  std::string_view home_;
  std::vector<std::string_view> directories_;
};

// The machine that runs the instructions.
class LineMachine {
 public:
  LineMachine(const Header& header, LineTable& table)
      : header_(header), table_(table) {
    reset();
  }

  void run(DwarfCursor& cursor) {
    while (cursor.is_good() && !cursor.at_end() &&
           table_.rows.size() < most_rows) {
      auto opcode = static_cast<unsigned>(cursor.fixed(1));
      if (opcode >= header_.opcode_base) {
        special(opcode - header_.opcode_base);
      } else if (opcode == 0) {
        extended(cursor);
      } else {
        standard(opcode, cursor);
      }
    }
    // A sequence without an end is not believed.
    table_.rows.resize(sequence_);
  }

 private:
  void reset() {
    row_ = LineRow();
    row_.file = row_.line = 1;
    row_.is_statement = header_.is_statement;
    index_ = 0;
  }

  void special(unsigned adjusted) {
    advance(adjusted / header_.line_range);
    move_line(header_.line_base +
              static_cast<std::int64_t>(adjusted % header_.line_range));
    emit();
  }

  void standard(unsigned opcode, DwarfCursor& cursor) {
    switch (opcode) {
      case DW_LNS_copy:
        emit();
        break;
      case DW_LNS_advance_pc:
        advance(cursor.uleb());
        break;
      case DW_LNS_advance_line:
        move_line(cursor.sleb());
        break;
      case DW_LNS_set_file:
        row_.file = static_cast<std::uint32_t>(cursor.uleb());
        break;
      case DW_LNS_negate_stmt:
        row_.is_statement = !row_.is_statement;
        break;
      case DW_LNS_const_add_pc:
        advance((255 - header_.opcode_base) / header_.line_range);
        break;
      case DW_LNS_fixed_advance_pc:
        row_.address.value += cursor.fixed(2);
        index_ = 0;
        break;
      default:
        // Column, block, prologue, epilogue, ISA, or one of the future.
        for (unsigned i = 0; i < header_.operands[opcode]; ++i)
          cursor.uleb();
    }
  }

  void extended(DwarfCursor& cursor) {
    std::uint64_t size = cursor.uleb();
    if (size == 0 || size > cursor.left()) return cursor.fail();
    std::uint64_t end = cursor.offset() + size;
    auto opcode = static_cast<unsigned>(cursor.fixed(1));
    if (opcode == DW_LNE_end_sequence) {
      row_.is_end = true;
      emit();
      close_sequence();
      reset();
    } else if (opcode == DW_LNE_set_address && size - 1 <= 8) {
      row_.address.value = cursor.fixed(static_cast<unsigned>(size - 1));
      index_ = 0;
    }
    cursor.seek(end);
  }

  void advance(std::uint64_t operations) {
    if (header_.per_instruction <= 1) {
      row_.address.value += operations * header_.minimum;
      return;
    }
    std::uint64_t total = index_ + operations;
    row_.address.value += total / header_.per_instruction * header_.minimum;
    index_ = total % header_.per_instruction;
  }
  void move_line(std::int64_t by) {
    row_.line =
        static_cast<std::uint32_t>(row_.line + static_cast<std::uint64_t>(by));
  }
  // Line 0 means that no line is to blame; the row before goes on.
  void emit() {
    if (row_.line != 0 || row_.is_end) table_.rows.push_back(row_);
  }

  void close_sequence() {
    std::size_t count = table_.rows.size() - sequence_;
    std::span rows(table_.rows.data() + sequence_, count);
    bool is_sorted = std::ranges::is_sorted(rows, {}, &LineRow::address);
    // Code that was not linked in is left at 0.
    if (count < 2 || !is_sorted || rows.front().address.value == 0) {
      table_.rows.resize(sequence_);
      return;
    }
    table_.sequences.push_back({static_cast<std::uint32_t>(sequence_),
                                static_cast<std::uint32_t>(count)});
    sequence_ = table_.rows.size();
  }

  const Header& header_;
  LineTable& table_;
  LineRow row_;
  std::uint64_t index_ = 0;   // of the operation, on VLIW machines
  std::size_t sequence_ = 0;  // its first row
};

// Reads the header up to the tables of names.
Header read_header(DwarfCursor& cursor, unsigned offset_size,
                   unsigned address_size) {
  Header header{.offset_size = offset_size, .address_size = address_size};
  header.version = static_cast<unsigned>(cursor.fixed(2));
  if (header.version >= 5) {
    header.address_size = static_cast<unsigned>(cursor.fixed(1));
    cursor.skip(1);
  }
  header.program = cursor.fixed(header.offset_size);
  header.program += cursor.offset();
  header.minimum = cursor.fixed(1);
  if (header.version >= 4) header.per_instruction = cursor.fixed(1);
  header.is_statement = cursor.fixed(1) != 0;
  header.line_base = sign_extend(cursor.fixed(1), 8);
  header.line_range = cursor.fixed(1);
  header.opcode_base = static_cast<unsigned>(cursor.fixed(1));
  for (unsigned i = 1; i < header.opcode_base; ++i) {
    header.operands[i] = static_cast<std::uint8_t>(cursor.fixed(1));
  }
  return header;
}

}  // namespace

Result<LineTable> line_table(const LineSections& sections, std::uint64_t offset,
                             std::string_view directory,
                             unsigned address_size) {
  DwarfCursor cursor(sections.line, offset, sections.endian);
  auto [length, offset_size] = cursor.unit_length();
  if (!cursor.is_good() || length > cursor.left()) {
    return bad_program(offset, "longer than their section");
  }
  cursor.limit(cursor.offset() + length);
  Header header = read_header(cursor, offset_size, address_size);
  if (header.version < 2 || header.version > 5) {
    return bad_program(offset, fmt::format("version {}", header.version));
  }
  if (!cursor.is_good() || header.line_range == 0 || header.opcode_base == 0 ||
      header.address_size > 8) {
    return bad_program(offset, "the header makes no sense");
  }
  LineTable table;
  table.files = Names(sections, header, directory).read(cursor);
  cursor.seek(header.program);
  LineMachine(header, table).run(cursor);
  auto start = [&](const LineSequence& one) {
    return table.rows[one.first].address;
  };
  std::ranges::stable_sort(table.sequences, {}, start);
  return table;
}

const LineRow* LineTable::find(Address at) const {
  auto start = [&](const LineSequence& one) { return rows[one.first].address; };
  auto behind = std::ranges::upper_bound(sequences, at, {}, start);
  if (behind == sequences.begin()) return nullptr;
  const LineSequence& sequence = *std::prev(behind);
  std::span all(rows.data() + sequence.first, sequence.count);
  if (at >= all.back().address) return nullptr;
  auto last = std::ranges::upper_bound(all, at, {}, &LineRow::address);
  auto first = std::ranges::lower_bound(all, std::prev(last)->address, {},
                                        &LineRow::address);
  // Of several rows for one address the last counts, except that one which is
  // no statement does not displace a statement of another file.
  auto chosen = first;
  bool has_statement = first->is_statement;
  for (auto row = std::next(first); row != last; ++row) {
    if (row->file != chosen->file && !row->is_statement && has_statement) {
      continue;
    }
    chosen = row;
    has_statement |= row->is_statement;
  }
  // Within a file, statements come first.
  for (auto row = chosen; !chosen->is_statement && row != first;) {
    --row;
    if (row->file != chosen->file) break;
    if (row->is_statement) chosen = row;
  }
  return &*chosen;
}

const std::string& LineTable::file(std::uint64_t number) const {
  static const std::string none;
  return number < files.size() ? files[static_cast<std::size_t>(number)] : none;
}

}  // namespace inquest
