// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <set>

#include <dwarf.h>
#include <fmt/format.h>

#include "base/lost_pages.h"
#include "debuginfo/dwarf.h"
#include "debuginfo/dwarf_index.h"
#include "debuginfo/dwarf_ranges.h"
#include "debuginfo/dwarf_type_table.h"

namespace inquest {
namespace {

using Kinds = std::span<const DwarfKind>;

constexpr std::array type_kinds = {
    DwarfKind::structure, DwarfKind::union_type, DwarfKind::enumeration,
    DwarfKind::typedef_type, DwarfKind::base_type};

Kinds kinds_of(TypeTag tag) {
  Kinds all = type_kinds;
  switch (tag) {
    case TypeTag::structure:
      return all.subspan(0, 1);
    case TypeTag::union_type:
      return all.subspan(1, 1);
    case TypeTag::enumeration:
      return all.subspan(2, 1);
    case TypeTag::plain:
      return all.subspan(3);
    case TypeTag::any:
      break;
  }
  return all;
}

bool is_same_layout(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.size() != b.size()) return false;
  auto same_member = [](const Member& x, const Member& y) {
    return x.name == y.name && x.bit_offset == y.bit_offset &&
           x.bit_size == y.bit_size &&
           (x.type ? x.type->size() : 0) == (y.type ? y.type->size() : 0);
  };
  auto same_value = [](const Enumerator& x, const Enumerator& y) {
    return x.name == y.name && x.value == y.value;
  };
  return std::ranges::equal(a.members(), b.members(), same_member) &&
         std::ranges::equal(a.enumerators(), b.enumerators(), same_value);
}

// The fixed address that a variable's location gives, if any.
std::optional<Address> static_address(const DwarfData& data,
                                      const DwarfData::Unit& unit,
                                      const Die& die) {
  const Attribute* location = die.find(DW_AT_location);
  if (!location || location->block.empty()) return {};
  const DwarfSections& sections = data.sections();
  DwarfCursor cursor(location->block, 0, sections.endian);
  auto operation = static_cast<unsigned>(cursor.fixed(1));
  std::uint64_t address = 0;
  if (operation == DW_OP_addr) {
    address = cursor.fixed(unit.address_size);
  } else if (operation == DW_OP_addrx || operation == DW_OP_GNU_addr_index) {
    Attribute found =
        read_attribute(cursor, {0, DW_FORM_addrx, 0}, sections, unit);
    if (found.value_class != AttributeClass::address) return {};
    address = found.number;
  } else {
    return {};
  }
  if (!cursor.at_end() && cursor.fixed(1) == DW_OP_plus_uconst) {
    address += cursor.uleb();
  }
  if (!cursor.is_good()) return {};
  return Address{address};
}

// Everything that exists once the index does.
struct Loaded {
  Loaded(const DwarfSections& sections,
         std::shared_ptr<const DwarfIndex> an_index)
      : data(sections), index(std::move(an_index)), table(data, *index) {}

  DwarfData data;
  std::shared_ptr<const DwarfIndex> index;
  DwarfTypeTable table;
};

class DwarfTypes : public TypeSource {
 public:
  DwarfTypes(std::shared_ptr<const ElfFile> file, DwarfOptions options)
      : file_(std::move(file)), options_(std::move(options)) {}

  Result<const Type*> type(std::string_view name, TypeTag tag) override {
    Loaded& dwarf = *TRY(loaded());
    for (DwarfKind kind : kinds_of(tag)) {
      for (const DwarfEntry* entry : entries(dwarf, name, kind)) {
        if (const Type* found = dwarf.table.at(entry->die)) return found;
      }
    }
    return not_found("type", name);
  }

  std::vector<const Type*> types(std::string_view name, TypeTag tag) override {
    std::vector<const Type*> found;
    auto dwarf = loaded();
    if (!dwarf) return found;
    for (DwarfKind kind : kinds_of(tag)) {
      for (const DwarfEntry* entry : entries(**dwarf, name, kind)) {
        const Type* one = (*dwarf)->table.at(entry->die);
        if (!one) continue;
        bool is_known = std::ranges::any_of(found, [&](const Type* other) {
          return is_same_layout(*one, *other);
        });
        if (!is_known) found.push_back(one);
      }
    }
    return found;
  }

  Result<TypedSymbol> variable(std::string_view name) override {
    return symbol(name, DwarfKind::variable);
  }
  Result<TypedSymbol> function(std::string_view name) override {
    return symbol(name, DwarfKind::function);
  }

  Result<std::pair<const Type*, std::int64_t>> enumerator(
      std::string_view name) override {
    Loaded& dwarf = *TRY(loaded());
    for (const DwarfEntry* entry :
         entries(dwarf, name, DwarfKind::enumerator)) {
      const Type* type = dwarf.table.at(entry->die);
      if (!type) continue;
      for (const Enumerator& one : type->enumerators()) {
        if (one.name == name) return std::pair(type, one.value);
      }
    }
    return not_found("enumerator", name);
  }

  void each_type(const std::function<bool(const Type&)>& each) override {
    auto dwarf = loaded();
    if (!dwarf) return;
    for (const DwarfEntry& entry : (*dwarf)->index->entries()) {
      if (std::ranges::find(type_kinds, entry.kind) == type_kinds.end()) {
        continue;
      }
      const Type* found = (*dwarf)->table.at(entry.die);
      if (found && !each(*found)) return;
    }
  }

  std::vector<std::string> names(std::string_view prefix,
                                 std::size_t limit) override {
    auto dwarf = loaded();
    if (!dwarf) return {};
    std::set<std::string_view> found;
    for (const DwarfEntry& entry : (*dwarf)->index->entries()) {
      if (found.size() >= limit) break;
      auto name = dwarf_entry_name((*dwarf)->data.sections(), entry);
      if (name.starts_with(prefix)) found.insert(name);
    }
    return {found.begin(), found.end()};
  }

 private:
  // Maps or builds the index. A build that fails is tried again next time: it
  // was interrupted, or fails quickly.
  Result<Loaded*> loaded() {
    std::lock_guard lock(mutex_);
    if (!loaded_) {
      DwarfSections sections = TRY(dwarf_sections(*file_));
      auto index = TRY(usable_index(sections));
      loaded_ = std::make_unique<Loaded>(sections, std::move(index));
    }
    return loaded_.get();
  }

  Result<std::shared_ptr<const DwarfIndex>> usable_index(
      const DwarfSections& sections) const {
    DwarfIdentity identity = dwarf_identity(*file_, sections);
    auto cached = cached_index(options_.cache, identity);
    if (cached) return cached;
    unsigned lost = lost_pages();
    auto built =
        TRY(scan_dwarf(*file_, sections, options_.threads, options_.progress));
    // What is missing today may be back tomorrow.
    if (lost_pages() == lost) cache_index(options_.cache, identity, *built);
    return built;
  }

  static std::vector<const DwarfEntry*> entries(const Loaded& dwarf,
                                                std::string_view name,
                                                DwarfKind kind) {
    std::vector<const DwarfEntry*> found;
    for (const DwarfEntry& entry : dwarf.index->find(name)) {
      if (entry.kind == kind &&
          dwarf_entry_name(dwarf.data.sections(), entry) == name) {
        found.push_back(&entry);
      }
    }
    return found;
  }

  // Of several of one name the first that has an address, or the first.
  Result<TypedSymbol> symbol(std::string_view name, DwarfKind kind) {
    Loaded& dwarf = *TRY(loaded());
    auto found = entries(dwarf, name, kind);
    std::ranges::stable_sort(found, {}, [](const DwarfEntry* entry) {
      return entry->has_address ? 0 : 1;
    });
    for (const DwarfEntry* entry : found) {
      auto made = symbol_at(dwarf, entry->die, kind);
      if (made) return made;
    }
    return not_found(kind == DwarfKind::variable ? "variable" : "function",
                     name);
  }

  Result<TypedSymbol> symbol_at(Loaded& dwarf, std::uint64_t offset,
                                DwarfKind kind) const {
    const DwarfData::Unit& unit = *TRY(dwarf.table.unit_of(offset));
    Die die = TRY(dwarf.data.die(unit, offset));
    if (kind == DwarfKind::variable) {
      return TypedSymbol{dwarf.table.of(unit, die),
                         static_address(dwarf.data, unit, die)};
    }
    TypedSymbol made{dwarf.table.at(offset), {}};
    auto lists = TRY(dwarf_range_sections(*file_));
    auto ranges = dwarf_ranges(dwarf.data, lists, unit, die);
    if (!ranges.empty()) made.address = ranges.front().first;
    return made;
  }

  Error not_found(std::string_view what, std::string_view name) const {
    return Error(ErrorKind::not_found,
                 fmt::format("{}: no {} {} in its DWARF",
                             file_->path().string(), what, name));
  }

  const std::shared_ptr<const ElfFile> file_;
  const DwarfOptions options_;
  std::mutex mutex_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace

Result<std::shared_ptr<TypeSource>> dwarf_types(
    std::shared_ptr<const ElfFile> file, const DwarfOptions& options) {
  if (!file->section(".debug_info")) {
    return Error(ErrorKind::not_found,
                 fmt::format("{}: no DWARF debug info", file->path().string()));
  }
  return std::shared_ptr<TypeSource>(
      std::make_shared<DwarfTypes>(std::move(file), options));
}

}  // namespace inquest
