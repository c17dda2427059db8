// SPDX-License-Identifier: GPL-3.0-or-later
// The types of one file's DWARF: made from DIEs when first asked for, one per
// DIE, never moved. Safe from many threads.

#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "debuginfo/dwarf_index.h"
#include "types/type.h"

namespace inquest {

class DwarfTypeTable {
 public:
  using Unit = DwarfData::Unit;

  // |data| and |index| must outlive the table.
  DwarfTypeTable(const DwarfData& data, const DwarfIndex& index)
      : data_(data), index_(index) {}

  // The type that the DIE at |offset| describes; null for void and for what
  // makes no sense. A subprogram gives its function type.
  const Type* at(std::uint64_t offset) { return at(offset, 0); }
  // The type that |die| names in DW_AT_type, its own or its origin's.
  const Type* of(const Unit& unit, const Die& die);
  Result<const Unit*> unit_of(std::uint64_t offset) const;
  // What |die| specifies or is an instance of.
  std::optional<std::uint64_t> origin(const Die& die) const;

 private:
  const Type* at(std::uint64_t offset, unsigned depth);
  const Type* keep(std::uint64_t key, std::unique_ptr<Type> type);
  const Type* find(std::uint64_t key);
  const Type* referred(const Attribute& attribute, unsigned depth);

  const Type* make(const Unit& unit, const Die& die, unsigned depth);
  const Type* make_base(const Die& die);
  const Type* make_compound(const Die& die, TypeKind kind, unsigned depth);
  const Type* make_enumeration(const Unit& unit, const Die& die,
                               unsigned depth);
  const Type* make_derived(const Unit& unit, const Die& die, TypeKind kind);
  const Type* make_array(const Unit& unit, const Die& die);
  const Type* make_function(const Unit& unit, const Die& die);
  // The definition of a declared |die|, or null.
  const Type* definition(const Die& die, unsigned depth);

  void complete_compound(std::uint64_t offset, TypeBody& body);
  void complete_enumeration(std::uint64_t offset, bool is_signed,
                            TypeBody& body);
  void complete_function(std::uint64_t offset, TypeBody& body);
  Member member(const Unit& unit, const Die& die);

  const DwarfData& data_;
  const DwarfIndex& index_;
  std::mutex mutex_;
  // By the DIE's offset; dimensions of an array but the first have theirs
  // above it.
  std::unordered_map<std::uint64_t, std::unique_ptr<Type>> types_;
};

}  // namespace inquest
