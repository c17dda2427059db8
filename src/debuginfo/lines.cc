// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses to source lines, reading one compilation unit at a time.

#include <algorithm>
#include <map>

#include <dwarf.h>
#include <fmt/format.h>

#include "debuginfo/dwarf.h"
#include "debuginfo/dwarf_ranges.h"
#include "debuginfo/lines_program.h"

namespace inquest {
namespace {

struct CodeRange {
  AddressRange range;
  std::uint64_t die = 0;  // a unit's header, or a subprogram
};

// The range that holds |at|; of nested ones the last that starts before it.
const CodeRange* find_range(const std::vector<CodeRange>& sorted, Address at) {
  auto behind = std::ranges::upper_bound(
      sorted, at, {}, [](const CodeRange& one) { return one.range.first; });
  if (behind == sorted.begin()) return nullptr;
  const CodeRange& found = *std::prev(behind);
  return found.range.contains(at) ? &found : nullptr;
}

void sort_ranges(std::vector<CodeRange>& ranges) {
  std::ranges::stable_sort(
      ranges, {}, [](const CodeRange& one) { return one.range.first; });
}

// The ranges of one unit; false when they make no sense.
bool read_range_set(DwarfCursor& cursor, std::vector<CodeRange>& found) {
  std::uint64_t start = cursor.offset();
  auto [length, offset_size] = cursor.unit_length();
  if (length > cursor.left()) return false;
  std::uint64_t end = cursor.offset() + length;
  cursor.skip(2);  // version
  std::uint64_t unit = cursor.fixed(offset_size);
  auto size = static_cast<unsigned>(cursor.fixed(1));
  cursor.skip(1);  // segment selectors, which nobody has
  if (size == 0 || size > 8) return false;
  // An address and a number of bytes; aligned as a whole.
  std::uint64_t pair_size = std::uint64_t{size} * 2;
  std::uint64_t head = cursor.offset() - start;
  cursor.skip((pair_size - head % pair_size) % pair_size);
  while (cursor.is_good() && cursor.offset() + pair_size <= end) {
    Address first{cursor.fixed(size)};
    std::uint64_t bytes = cursor.fixed(size);
    if (bytes == 0 || first.value == 0) continue;
    found.push_back({{first, first + bytes}, unit});
  }
  cursor.seek(end);
  return true;
}

// .debug_aranges: which unit each piece of code belongs to.
std::vector<CodeRange> address_ranges(Bytes section, std::endian endian) {
  std::vector<CodeRange> found;
  DwarfCursor cursor(section, 0, endian);
  while (cursor.is_good() && !cursor.at_end()) {
    if (!read_range_set(cursor, found)) break;
  }
  sort_ranges(found);
  return found;
}

// What is kept of a unit once it has been asked about.
struct UnitCode {
  LineTable lines;
  std::string folder;  // where the compiler ran
  std::once_flag listed;
  std::vector<CodeRange> functions;  // once listed
};

class Lines : public SourceLines {
 public:
  static Result<std::shared_ptr<SourceLines>> open(
      std::shared_ptr<const ElfFile> file) {
    auto lines = std::make_shared<Lines>(TRY(dwarf_sections(*file)));
    lines->ranges_ = TRY(dwarf_range_sections(*file));
    const ElfSection* line = file->section(".debug_line");
    if (!line) {
      return Error(ErrorKind::not_found,
                   fmt::format("{}: no line numbers", file->path().string()));
    }
    const DwarfSections& sections = lines->data_.sections();
    lines->sections_ = {.line = TRY(file->contents(*line)),
                        .strings = sections.strings,
                        .line_strings = sections.line_strings,
                        .endian = sections.endian};
    if (const ElfSection* section = file->section(".debug_aranges")) {
      lines->aranges_ = TRY(file->contents(*section));
    }
    lines->file_ = std::move(file);
    return std::shared_ptr<SourceLines>(lines);
  }

  explicit Lines(const DwarfSections& sections) : data_(sections) {}

  Result<SourceLine> line_at(Address at) override {
    std::uint64_t unit = TRY(unit_of(at));
    const UnitCode& code = *TRY(unit_code(unit));
    const LineRow* row = code.lines.find(at);
    if (!row) return no_line(at);
    return SourceLine{code.lines.file(row->file), row->line, code.folder};
  }

  std::vector<InlinedCall> inlined_at(Address at) override {
    auto offset = unit_of(at);
    if (!offset) return {};
    auto code = unit_code(*offset);
    auto unit = data_.unit(*offset);
    if (!code || !unit) return {};
    const CodeRange* function = find_range(functions(**unit, **code), at);
    if (!function) return {};
    auto die = data_.die(**unit, function->die);
    std::vector<InlinedCall> calls;
    for (unsigned depth = 0; die && depth < 64; ++depth) {
      auto inner = block_at(**unit, *die, at);
      if (!inner) break;
      if (inner->tag == DW_TAG_inlined_subroutine) {
        calls.push_back(call(**code, **unit, *inner));
      }
      die = std::move(*inner);
    }
    std::ranges::reverse(calls);
    return calls;
  }

 private:
  Error no_line(Address at) const {
    return Error(ErrorKind::not_found,
                 fmt::format("{}: no line number for {:#x}",
                             file_->path().string(), at.value),
                 at.value);
  }

  Result<std::uint64_t> unit_of(Address at) {
    std::call_once(listed_, [this] {
      units_ = address_ranges(aranges_, data_.sections().endian);
      if (units_.empty()) list_units();
    });
    const CodeRange* found = find_range(units_, at);
    if (!found) return no_line(at);
    return found->die;
  }

  // Without .debug_aranges (clang): from each unit's own ranges.
  void list_units() {
    const DwarfSections& sections = data_.sections();
    for (std::uint64_t at = 0; at < sections.info.size();) {
      auto header = dwarf_unit(sections, at);
      if (!header || header->end <= at) break;
      at = header->end;
      auto unit = data_.unit(header->offset);
      auto root = unit ? data_.die(**unit, header->first) : unit.error();
      if (!root) continue;
      for (const AddressRange& range :
           dwarf_ranges(data_, ranges_, **unit, *root)) {
        units_.push_back({range, header->offset});
      }
    }
    sort_ranges(units_);
  }

  Result<UnitCode*> unit_code(std::uint64_t offset) {
    std::lock_guard lock(mutex_);
    auto found = codes_.find(offset);
    if (found != codes_.end()) return found->second.get();
    const DwarfData::Unit& unit = *TRY(data_.unit(offset));
    Die root = TRY(data_.die(unit, unit.first));
    auto program = root.number(DW_AT_stmt_list);
    const Attribute* directory = root.find(DW_AT_comp_dir);
    auto code = std::make_unique<UnitCode>();
    if (program) {
      if (directory) code->folder = directory->text;
      code->lines =
          TRY(line_table(sections_, *program, code->folder, unit.address_size));
    }
    return codes_.emplace(offset, std::move(code)).first->second.get();
  }

  const std::vector<CodeRange>& functions(const DwarfData::Unit& unit,
                                          UnitCode& code) const {
    std::call_once(code.listed, [&] {
      auto root = data_.die(unit, unit.first);
      if (!root) return;
      (void)data_.each_child(unit, *root, [&](const Die& child) {
        if (child.tag != DW_TAG_subprogram) return true;
        for (const AddressRange& range :
             dwarf_ranges(data_, ranges_, unit, child)) {
          code.functions.push_back({range, child.offset});
        }
        return true;
      });
      sort_ranges(code.functions);
    });
    return code.functions;
  }

  // The block or inlined function directly inside |parent| that holds |at|.
  std::optional<Die> block_at(const DwarfData::Unit& unit, const Die& parent,
                              Address at) const {
    std::optional<Die> found;
    (void)data_.each_child(unit, parent, [&](const Die& child) {
      if (child.tag != DW_TAG_inlined_subroutine &&
          child.tag != DW_TAG_lexical_block) {
        return true;
      }
      auto ranges = dwarf_ranges(data_, ranges_, unit, child);
      bool is_inside = std::ranges::any_of(
          ranges, [&](const AddressRange& one) { return one.contains(at); });
      if (is_inside) found = child;
      return !is_inside;
    });
    return found;
  }

  InlinedCall call(const UnitCode& code, const DwarfData::Unit& unit,
                   const Die& die) const {
    InlinedCall made;
    made.called_from.file =
        code.lines.file(die.number(DW_AT_call_file).value_or(~0ULL));
    made.called_from.line =
        static_cast<unsigned>(die.number(DW_AT_call_line).value_or(0));
    // The name may be two steps away: an instance of a declared function.
    auto origin = die.reference(DW_AT_abstract_origin);
    for (unsigned depth = 0; origin && depth < 4; ++depth) {
      auto found = data_.die(unit, *origin);
      if (!found) break;
      made.function = found->name();
      if (!made.function.empty()) break;
      origin = found->reference(DW_AT_specification);
      if (!origin) origin = found->reference(DW_AT_abstract_origin);
    }
    return made;
  }

  DwarfData data_;
  DwarfRangeSections ranges_;
  LineSections sections_;
  Bytes aranges_;
  std::shared_ptr<const ElfFile> file_;
  std::once_flag listed_;
  std::vector<CodeRange> units_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::unique_ptr<UnitCode>> codes_;
};

}  // namespace

Result<std::shared_ptr<SourceLines>> source_lines(
    std::shared_ptr<const ElfFile> file) {
  return Lines::open(std::move(file));
}

}  // namespace inquest
