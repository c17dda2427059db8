// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/cfi.h"

#include <algorithm>
#include <map>

#include <dwarf.h>
#include <fmt/format.h>

#include "debuginfo/dwarf_cursor.h"

namespace inquest {
namespace {

constexpr std::size_t most_registers = 256;
constexpr std::size_t deepest_state = 32;

void set_rule(CfiRow& row, unsigned dwarf, const CfiRule& rule) {
  auto found = std::ranges::find(row.others, dwarf,
                                 &std::pair<unsigned, CfiRule>::first);
  if (found != row.others.end()) {
    found->second = rule;
  } else if (row.others.size() < most_registers) {
    row.others.emplace_back(dwarf, rule);
  }
}

// Runs the instructions of a CIE and then of an FDE up to an address.
class Program {
 public:
  Program(const CfiSection& section, const CfiCommon& common)
      : section_(section), common_(common) {
    row_.return_column = common.return_column;
    row_.is_signal = common.is_signal;
  }

  Result<CfiRow> run(const CfiFunction& function, Address pc) {
    location_ = function.first.value;
    TRY(run_part(common_.instructions, ~0ULL));
    initial_ = row_;
    location_ = function.first.value;
    TRY(run_part(function.instructions, pc.value));
    return row_;
  }

 private:
  Result<void> run_part(Bytes instructions, std::uint64_t pc) {
    DwarfCursor cursor(instructions, 0, section_.endian);
    while (cursor.is_good() && !cursor.at_end()) {
      auto code = static_cast<unsigned>(cursor.fixed(1));
      std::uint64_t before = location_;
      bool is_known = code >= 0x40 ? run_packed(cursor, code)
                                   : run_advance(cursor, code) ||
                                         run_cfa(cursor, code) ||
                                         run_register(cursor, code) ||
                                         run_other(cursor, code);
      if (!is_known) {
        return Error(ErrorKind::corrupt,
                     fmt::format("call frame instruction {:#x}", code));
      }
      if (location_ > pc && location_ != before) return {};
    }
    if (!cursor.is_good()) {
      return Error(ErrorKind::corrupt, "call frame instructions cut off");
    }
    return {};
  }

  // The operation in the top two bits, an operand in the others.
  bool run_packed(DwarfCursor& cursor, unsigned code) {
    unsigned operand = code & 0x3f;
    switch (code & 0xc0) {
      case DW_CFA_advance_loc:
        advance(operand);
        break;
      case DW_CFA_offset:
        saved(operand, unsigned_offset(cursor));
        break;
      default:
        restore(operand);
        break;
    }
    return true;
  }

  bool run_advance(DwarfCursor& cursor, unsigned code) {
    switch (code) {
      case DW_CFA_nop:
        break;
      case DW_CFA_set_loc:
        location_ = cfi_address(cursor, section_, common_.encoding,
                                common_.address_size);
        break;
      case DW_CFA_advance_loc1:
        advance(cursor.fixed(1));
        break;
      case DW_CFA_advance_loc2:
        advance(cursor.fixed(2));
        break;
      case DW_CFA_advance_loc4:
        advance(cursor.fixed(4));
        break;
      case DW_CFA_MIPS_advance_loc8:
        advance(cursor.fixed(8));
        break;
      default:
        return false;
    }
    return true;
  }

  bool run_cfa(DwarfCursor& cursor, unsigned code) {
    CfiRule& cfa = row_.cfa;
    switch (code) {
      case DW_CFA_def_cfa:
        cfa = {.kind = CfiRuleKind::in_register, .from = number(cursor)};
        cfa.offset = static_cast<std::int64_t>(cursor.uleb());
        break;
      case DW_CFA_def_cfa_sf:
        cfa = {.kind = CfiRuleKind::in_register, .from = number(cursor)};
        cfa.offset = signed_offset(cursor);
        break;
      case DW_CFA_def_cfa_register:
        cfa.from = number(cursor);
        break;
      case DW_CFA_def_cfa_offset:
        cfa.offset = static_cast<std::int64_t>(cursor.uleb());
        break;
      case DW_CFA_def_cfa_offset_sf:
        cfa.offset = signed_offset(cursor);
        break;
      case DW_CFA_def_cfa_expression:
        cfa = {.kind = CfiRuleKind::value_expression,
               .expression = cursor.bytes(cursor.uleb())};
        break;
      default:
        return false;
    }
    return true;
  }

  bool run_register(DwarfCursor& cursor, unsigned code) {
    CfiRule rule;
    if (code < DW_CFA_offset_extended || code > DW_CFA_val_expression) {
      return false;
    }
    if (code >= DW_CFA_remember_state && code <= DW_CFA_def_cfa_expression) {
      return false;
    }
    unsigned dwarf = number(cursor);
    switch (code) {
      case DW_CFA_offset_extended:
        rule = {.kind = CfiRuleKind::offset, .offset = unsigned_offset(cursor)};
        break;
      case DW_CFA_offset_extended_sf:
        rule = {.kind = CfiRuleKind::offset, .offset = signed_offset(cursor)};
        break;
      case DW_CFA_val_offset:
        rule = {.kind = CfiRuleKind::value_offset,
                .offset = unsigned_offset(cursor)};
        break;
      case DW_CFA_val_offset_sf:
        rule = {.kind = CfiRuleKind::value_offset,
                .offset = signed_offset(cursor)};
        break;
      case DW_CFA_undefined:
        rule = {.kind = CfiRuleKind::undefined};
        break;
      case DW_CFA_same_value:
        rule = {.kind = CfiRuleKind::same};
        break;
      case DW_CFA_register:
        rule = {.kind = CfiRuleKind::in_register, .from = number(cursor)};
        break;
      case DW_CFA_expression:
        rule = {.kind = CfiRuleKind::expression,
                .expression = cursor.bytes(cursor.uleb())};
        break;
      case DW_CFA_val_expression:
        rule = {.kind = CfiRuleKind::value_expression,
                .expression = cursor.bytes(cursor.uleb())};
        break;
      case DW_CFA_restore_extended:
        restore(dwarf);
        return true;
      default:
        return false;
    }
    set_rule(row_, dwarf, rule);
    return true;
  }

  bool run_other(DwarfCursor& cursor, unsigned code) {
    switch (code) {
      case DW_CFA_remember_state:
        if (states_.size() == deepest_state) return false;
        states_.push_back(row_);
        break;
      case DW_CFA_restore_state:
        if (states_.empty()) return false;
        row_ = std::move(states_.back());
        states_.pop_back();
        break;
      case DW_CFA_GNU_args_size:
        cursor.uleb();
        break;
      case DW_CFA_GNU_window_save:
        break;  // arm64: toggles pointer signing
      case DW_CFA_GNU_negative_offset_extended: {
        unsigned dwarf = number(cursor);
        saved(dwarf, -unsigned_offset(cursor));
        break;
      }
      default:
        return false;
    }
    return true;
  }

  static unsigned number(DwarfCursor& cursor) {
    return static_cast<unsigned>(cursor.uleb());
  }
  std::int64_t factored(std::uint64_t value) const {
    return static_cast<std::int64_t>(
        value * static_cast<std::uint64_t>(common_.data_alignment));
  }
  std::int64_t unsigned_offset(DwarfCursor& cursor) const {
    return factored(cursor.uleb());
  }
  std::int64_t signed_offset(DwarfCursor& cursor) const {
    return factored(static_cast<std::uint64_t>(cursor.sleb()));
  }
  void advance(std::uint64_t delta) {
    location_ += delta * common_.code_alignment;
  }
  void saved(unsigned dwarf, std::int64_t offset) {
    set_rule(row_, dwarf, {.kind = CfiRuleKind::offset, .offset = offset});
  }
  void restore(unsigned dwarf) { set_rule(row_, dwarf, initial_.rule(dwarf)); }

  const CfiSection& section_;
  const CfiCommon& common_;
  std::uint64_t location_ = 0;
  CfiRow row_, initial_;
  std::vector<CfiRow> states_;
};

// The common entries of a section, each read once.
class Commons {
 public:
  explicit Commons(const CfiSection& section) : section_(section) {}

  // Nothing when it makes no sense.
  const std::optional<CfiCommon>& at(std::uint64_t offset) {
    auto [known, is_new] = known_.try_emplace(offset);
    if (is_new) {
      auto common = cfi_common(section_, offset);
      if (common) known->second = *common;
    }
    return known->second;
  }

 private:
  const CfiSection& section_;
  std::map<std::uint64_t, std::optional<CfiCommon>> known_;
};

// Entries of code that the linker has dropped are at 0 or empty.
bool is_live(const CfiFunction& one) {
  return one.first != one.end && one.first != Address{};
}

std::uint64_t moved(std::uint64_t value, std::int64_t offset) {
  return value + static_cast<std::uint64_t>(offset);
}

}  // namespace

CfiRule CfiRow::rule(unsigned dwarf) const {
  for (const auto& [number, rule] : others) {
    if (number == dwarf) return rule;
  }
  return {};
}

Result<std::shared_ptr<const Cfi>> Cfi::open(
    std::shared_ptr<const ElfFile> file) {
  std::shared_ptr<Cfi> cfi(new Cfi);
  for (std::string_view name : {".debug_frame", ".eh_frame"}) {
    const ElfSection* section = file->section(name);
    if (!section) continue;
    Bytes bytes = TRY(file->contents(*section));
    if (bytes.empty()) continue;
    cfi->sections_.push_back({.bytes = bytes,
                              .address = section->address,
                              .is_eh_frame = name == ".eh_frame",
                              .endian = file->endian(),
                              .pointer_size = file->pointer_size()});
  }
  if (cfi->sections_.empty()) {
    return Error(
        ErrorKind::not_found,
        fmt::format("{}: no call frame information", file->path().string()));
  }
  cfi->file_ = std::move(file);
  return std::shared_ptr<const Cfi>(cfi);
}

std::shared_ptr<const Cfi> Cfi::from_section(const CfiSection& section) {
  std::shared_ptr<Cfi> cfi(new Cfi);
  cfi->sections_.push_back(section);
  return cfi;
}

void Cfi::list(std::uint32_t index) const {
  const CfiSection& section = sections_[index];
  Commons commons(section);
  for (std::uint64_t at = 0;;) {
    auto entry = cfi_entry(section, at);
    if (!entry || entry->end <= at) return;
    at = entry->end;
    if (entry->is_common) continue;
    const auto& common = commons.at(entry->common);
    if (!common) continue;
    auto function = cfi_function(section, *entry, *common);
    if (!function || !is_live(*function)) continue;
    functions_.push_back(
        {function->first, function->end, index, entry->offset});
  }
}

const std::vector<Cfi::Function>& Cfi::functions() const {
  std::call_once(listed_, [this] {
    for (std::uint32_t i = 0; i < sections_.size(); ++i)
      list(i);
    std::ranges::stable_sort(functions_, {}, &Function::first);
  });
  return functions_;
}

Result<CfiRow> Cfi::row_at(Address pc) const {
  const auto& all = functions();
  auto behind = std::ranges::upper_bound(all, pc, {}, &Function::first);
  if (behind == all.begin() || pc >= std::prev(behind)->end) {
    return Error(ErrorKind::not_found, "no call frame information here",
                 pc.value);
  }
  const Function& found = *std::prev(behind);
  const CfiSection& section = sections_[found.section];
  CfiEntry entry = TRY(cfi_entry(section, found.entry));
  CfiCommon common = TRY(cfi_common(section, entry.common));
  CfiFunction function = TRY(cfi_function(section, entry, common));
  return Program(section, common).run(function, pc);
}

Result<Address> Cfi::cfa(const CfiRow& row, const CfiFrame& frame) const {
  const CfiRule& rule = row.cfa;
  if (rule.kind == CfiRuleKind::value_expression) {
    return Address{
        TRY(evaluate_dwarf(rule.expression, {}, frame, sections_[0].endian,
                           sections_[0].pointer_size))};
  }
  if (rule.kind != CfiRuleKind::in_register) {
    return Error(ErrorKind::corrupt, "call frame entry without a CFA");
  }
  auto base = frame.reg(rule.from);
  if (!base) {
    return Error(ErrorKind::fault,
                 fmt::format("register {} is not known", rule.from));
  }
  return Address{moved(*base, rule.offset)};
}

Result<CfiValue> Cfi::caller_register(const CfiRow& row, unsigned dwarf,
                                      Address cfa,
                                      const CfiFrame& frame) const {
  CfiRule rule = row.rule(dwarf);
  unsigned size = sections_[0].pointer_size;
  auto run = [&](Bytes expression) {
    return evaluate_dwarf(expression, cfa.value, frame, sections_[0].endian,
                          size);
  };
  auto saved = [&](Address at) -> Result<CfiValue> {
    return CfiValue{TRY(frame.memory(at, size)), at};
  };
  switch (rule.kind) {
    case CfiRuleKind::undefined:
      return CfiValue{};
    case CfiRuleKind::unspecified:
    case CfiRuleKind::same:
      return CfiValue{frame.reg(dwarf), {}};
    case CfiRuleKind::offset:
      return saved({moved(cfa.value, rule.offset)});
    case CfiRuleKind::value_offset:
      return CfiValue{moved(cfa.value, rule.offset), {}};
    case CfiRuleKind::in_register:
      return CfiValue{frame.reg(rule.from), {}};
    case CfiRuleKind::expression:
      return saved({TRY(run(rule.expression))});
    case CfiRuleKind::value_expression:
      return CfiValue{TRY(run(rule.expression)), {}};
  }
  return CfiValue{};
}

}  // namespace inquest
