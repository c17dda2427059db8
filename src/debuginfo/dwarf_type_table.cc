// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/dwarf_type_table.h"

#include <algorithm>

#include <dwarf.h>

namespace inquest {
namespace {

// Chains of declarations, signatures and origins are at most this long.
constexpr unsigned deepest = 8;
// Offsets have 32 bits (scan_dwarf sees to it).
constexpr unsigned dimension_shift = 40;
constexpr std::size_t most_dimensions = 32;

struct Dimension {
  std::uint64_t count = 0;
  bool is_flexible = false;
};

Dimension dimension(const Die& die) {
  if (auto count = die.number(DW_AT_count)) return {*count};
  auto upper = die.number(DW_AT_upper_bound);
  if (!upper) return {0, true};
  std::uint64_t lower = die.number(DW_AT_lower_bound).value_or(0);
  // An upper bound of -1, in whatever width: an array of none.
  std::uint64_t count = *upper - lower + 1;
  bool is_minus_one = *upper == 0xffffffff && lower == 0;
  return {is_minus_one ? 0 : count};
}

// A member's place in bytes. DWARF 2 writes it as an expression.
std::uint64_t member_location(const Die& die, std::endian endian) {
  const Attribute* place = die.find(DW_AT_data_member_location);
  if (!place) return 0;
  if (place->value_class == AttributeClass::number) return place->number;
  DwarfCursor cursor(place->block, 0, endian);
  if (cursor.fixed(1) != DW_OP_plus_uconst) return 0;
  return cursor.uleb();
}

std::optional<TypeKind> derived_kind(unsigned tag) {
  switch (tag) {
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
      return TypeKind::pointer;
    case DW_TAG_typedef:
      return TypeKind::typedef_type;
    case DW_TAG_const_type:
      return TypeKind::const_type;
    case DW_TAG_volatile_type:
      return TypeKind::volatile_type;
    case DW_TAG_restrict_type:
      return TypeKind::restrict_type;
    case DW_TAG_atomic_type:
      return TypeKind::atomic_type;
    default:
      return {};
  }
}

DwarfKind indexed_kind(unsigned tag) {
  if (tag == DW_TAG_union_type) return DwarfKind::union_type;
  if (tag == DW_TAG_enumeration_type) return DwarfKind::enumeration;
  return DwarfKind::structure;
}

void set_encoding(Type& type, std::uint64_t encoding) {
  type.kind = TypeKind::integer;
  switch (encoding) {
    case DW_ATE_boolean:
      type.kind = TypeKind::boolean;
      break;
    case DW_ATE_float:
    case DW_ATE_complex_float:
      type.kind = TypeKind::floating;
      break;
    case DW_ATE_signed_char:
      type.is_char = true;
      type.is_signed = true;
      break;
    case DW_ATE_unsigned_char:
      type.is_char = true;
      break;
    case DW_ATE_UTF:
      type.is_char = type.byte_size == 1;
      break;
    case DW_ATE_signed:
      type.is_signed = true;
      break;
    default:
      break;
  }
}

}  // namespace

Result<const DwarfData::Unit*> DwarfTypeTable::unit_of(
    std::uint64_t offset) const {
  return data_.unit(TRY(index_.unit_of(offset)));
}

std::optional<std::uint64_t> DwarfTypeTable::origin(const Die& die) const {
  auto found = die.reference(DW_AT_specification);
  return found ? found : die.reference(DW_AT_abstract_origin);
}

const Type* DwarfTypeTable::find(std::uint64_t key) {
  std::lock_guard lock(mutex_);
  auto found = types_.find(key);
  return found == types_.end() ? nullptr : found->second.get();
}

const Type* DwarfTypeTable::keep(std::uint64_t key,
                                 std::unique_ptr<Type> type) {
  std::lock_guard lock(mutex_);
  return types_.try_emplace(key, std::move(type)).first->second.get();
}

const Type* DwarfTypeTable::at(std::uint64_t offset, unsigned depth) {
  if (const Type* known = find(offset)) return known;
  if (depth > deepest) return nullptr;
  auto unit = unit_of(offset);
  if (!unit) return nullptr;
  auto die = data_.die(**unit, offset);
  return die ? make(**unit, *die, depth) : nullptr;
}

const Type* DwarfTypeTable::referred(const Attribute& attribute,
                                     unsigned depth) {
  if (attribute.value_class == AttributeClass::reference) {
    return at(attribute.number, depth);
  }
  if (attribute.value_class != AttributeClass::signature) return nullptr;
  auto offset = index_.signed_type(attribute.number);
  return offset ? at(*offset, depth) : nullptr;
}

const Type* DwarfTypeTable::of(const Unit& unit, const Die& die) {
  if (const Attribute* type = die.find(DW_AT_type)) return referred(*type, 0);
  const Unit* home = &unit;
  auto next = origin(die);
  for (unsigned depth = 0; next && depth < deepest; ++depth) {
    if (*next < home->first || *next >= home->end) {
      auto other = unit_of(*next);
      if (!other) return nullptr;
      home = *other;
    }
    auto found = data_.die(*home, *next);
    if (!found) return nullptr;
    if (const Attribute* type = found->find(DW_AT_type)) {
      return referred(*type, 0);
    }
    next = origin(*found);
  }
  return nullptr;
}

const Type* DwarfTypeTable::make(const Unit& unit, const Die& die,
                                 unsigned depth) {
  if (auto kind = derived_kind(die.tag)) return make_derived(unit, die, *kind);
  switch (die.tag) {
    case DW_TAG_base_type:
      return make_base(die);
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
      return make_compound(die, TypeKind::structure, depth);
    case DW_TAG_union_type:
      return make_compound(die, TypeKind::union_type, depth);
    case DW_TAG_enumeration_type:
      return make_enumeration(unit, die, depth);
    case DW_TAG_array_type:
      return make_array(unit, die);
    case DW_TAG_subroutine_type:
    case DW_TAG_subprogram:
      return make_function(unit, die);
    default:
      return nullptr;
  }
}

const Type* DwarfTypeTable::make_base(const Die& die) {
  auto type = std::make_unique<Type>();
  type->name = die.name();
  type->byte_size = die.number(DW_AT_byte_size).value_or(0);
  set_encoding(*type, die.number(DW_AT_encoding).value_or(0));
  return keep(die.offset, std::move(type));
}

const Type* DwarfTypeTable::definition(const Die& die, unsigned depth) {
  if (const Attribute* signature = die.find(DW_AT_signature)) {
    return referred(*signature, depth + 1);
  }
  if (!die.flag(DW_AT_declaration)) return nullptr;
  for (const DwarfEntry& entry : index_.find(die.name())) {
    if (entry.kind == indexed_kind(die.tag) && entry.die != die.offset &&
        dwarf_entry_name(data_.sections(), entry) == die.name()) {
      return at(entry.die, depth + 1);
    }
  }
  return nullptr;
}

const Type* DwarfTypeTable::make_compound(const Die& die, TypeKind kind,
                                          unsigned depth) {
  if (const Type* defined = definition(die, depth)) return defined;
  std::uint64_t offset = die.offset;
  auto type =
      std::make_unique<Type>([this, offset](const Type&, TypeBody& body) {
        complete_compound(offset, body);
      });
  type->kind = kind;
  type->name = die.name();
  type->byte_size = die.number(DW_AT_byte_size).value_or(0);
  type->is_declaration = die.flag(DW_AT_declaration);
  return keep(offset, std::move(type));
}

const Type* DwarfTypeTable::make_enumeration(const Unit& unit, const Die& die,
                                             unsigned depth) {
  if (const Type* defined = definition(die, depth)) return defined;
  std::uint64_t offset = die.offset;
  bool is_signed = false;
  // gdb takes an enumeration for signed when a value is negative.
  (void)data_.each_child(unit, die, [&](const Die& child) {
    const Attribute* value = child.find(DW_AT_const_value);
    is_signed |= value && value->is_signed &&
                 static_cast<std::int64_t>(value->number) < 0;
    return !is_signed;
  });
  auto type = std::make_unique<Type>(
      [this, offset, is_signed](const Type&, TypeBody& body) {
        complete_enumeration(offset, is_signed, body);
      });
  type->kind = TypeKind::enumeration;
  type->name = die.name();
  type->byte_size = die.number(DW_AT_byte_size).value_or(0);
  type->is_signed = is_signed;
  type->is_declaration = die.flag(DW_AT_declaration);
  return keep(offset, std::move(type));
}

const Type* DwarfTypeTable::make_derived(const Unit& unit, const Die& die,
                                         TypeKind kind) {
  const Attribute* target = die.find(DW_AT_type);
  auto type = std::make_unique<Type>(
      [this, to = target ? *target : Attribute()](const Type&, TypeBody& body) {
        body.target = referred(to, 0);
      });
  type->kind = kind;
  type->name = die.name();
  type->byte_size = die.number(DW_AT_byte_size).value_or(0);
  if (kind == TypeKind::pointer && type->byte_size == 0) {
    type->byte_size = unit.address_size;
  }
  return keep(die.offset, std::move(type));
}

const Type* DwarfTypeTable::make_array(const Unit& unit, const Die& die) {
  std::vector<Dimension> dimensions;
  (void)data_.each_child(unit, die, [&](const Die& child) {
    if (child.tag == DW_TAG_subrange_type) {
      dimensions.push_back(dimension(child));
    }
    return dimensions.size() < most_dimensions;
  });
  if (dimensions.empty()) dimensions.push_back({0, true});
  const Attribute* element = die.find(DW_AT_type);
  const Type* inner = nullptr;
  for (std::size_t i = dimensions.size(); i-- > 0;) {
    bool is_innermost = i + 1 == dimensions.size();
    Attribute to = is_innermost && element ? *element : Attribute();
    auto type = std::make_unique<Type>(
        [this, to, inner, is_innermost](const Type&, TypeBody& body) {
          body.target = is_innermost ? referred(to, 0) : inner;
        });
    type->kind = TypeKind::array;
    type->count = dimensions[i].count;
    type->is_flexible = dimensions[i].is_flexible;
    inner =
        keep(die.offset | std::uint64_t(i) << dimension_shift, std::move(type));
  }
  return inner;
}

const Type* DwarfTypeTable::make_function(const Unit& unit, const Die& die) {
  // An instance's prototype is that of the abstract function.
  if (auto abstract = die.reference(DW_AT_abstract_origin);
      abstract && *abstract != die.offset) {
    auto home = unit_of(*abstract);
    auto found = home ? data_.die(**home, *abstract) : home.error();
    if (found && !found->has(DW_AT_abstract_origin)) {
      return make_function(unit, *found);
    }
  }
  std::uint64_t offset = die.offset;
  auto type =
      std::make_unique<Type>([this, offset](const Type&, TypeBody& body) {
        complete_function(offset, body);
      });
  type->kind = TypeKind::function;
  return keep(offset, std::move(type));
}

Member DwarfTypeTable::member(const Unit& unit, const Die& die) {
  Member made{.name = std::string(die.name()), .type = of(unit, die)};
  std::endian endian = data_.sections().endian;
  made.bit_offset = 8 * member_location(die, endian);
  auto bits = die.number(DW_AT_bit_size);
  if (!bits) return made;
  made.bit_size = static_cast<unsigned>(std::min<std::uint64_t>(*bits, 128));
  if (auto from_start = die.number(DW_AT_data_bit_offset)) {
    made.bit_offset += *from_start;
  } else if (auto from_top = die.number(DW_AT_bit_offset)) {
    // Up to DWARF 3: counted from the storage unit's most significant bit.
    std::uint64_t storage =
        die.number(DW_AT_byte_size).value_or(made.type ? made.type->size() : 0);
    made.bit_offset += endian == std::endian::little
                           ? 8 * storage - *from_top - made.bit_size
                           : *from_top;
  }
  return made;
}

void DwarfTypeTable::complete_compound(std::uint64_t offset, TypeBody& body) {
  auto unit = unit_of(offset);
  if (!unit) return;
  auto die = data_.die(**unit, offset);
  if (!die) return;
  (void)data_.each_child(**unit, *die, [&](const Die& child) {
    bool is_static =
        child.flag(DW_AT_external) || child.flag(DW_AT_declaration);
    if (child.tag == DW_TAG_member && !is_static) {
      body.members.push_back(member(**unit, child));
    }
    return true;
  });
}

void DwarfTypeTable::complete_enumeration(std::uint64_t offset, bool is_signed,
                                          TypeBody& body) {
  auto unit = unit_of(offset);
  if (!unit) return;
  auto die = data_.die(**unit, offset);
  if (!die) return;
  std::uint64_t size = die->number(DW_AT_byte_size).value_or(8);
  if (const Attribute* target = die->find(DW_AT_type)) {
    body.target = referred(*target, 0);
  }
  (void)data_.each_child(**unit, *die, [&](const Die& child) {
    if (child.tag != DW_TAG_enumerator) return true;
    const Attribute* value = child.find(DW_AT_const_value);
    std::uint64_t number = value ? value->number : 0;
    // data1 to data8 do not say what their top bit means.
    if (is_signed && value && !value->is_signed && size < 8) {
      number = static_cast<std::uint64_t>(
          sign_extend(number, static_cast<unsigned>(8 * size)));
    }
    body.enumerators.push_back(
        {std::string(child.name()), static_cast<std::int64_t>(number)});
    return true;
  });
}

void DwarfTypeTable::complete_function(std::uint64_t offset, TypeBody& body) {
  auto unit = unit_of(offset);
  if (!unit) return;
  auto die = data_.die(**unit, offset);
  if (!die) return;
  body.target = of(**unit, *die);
  (void)data_.each_child(**unit, *die, [&](const Die& child) {
    if (child.tag == DW_TAG_formal_parameter) {
      body.parameters.push_back({std::string(child.name()), of(**unit, child)});
    }
    body.is_variadic |= child.tag == DW_TAG_unspecified_parameters;
    return true;
  });
}

}  // namespace inquest
