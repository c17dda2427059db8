// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/btf.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "debuginfo/btf_data.h"
#include "debuginfo/name_index.h"

namespace inquest {
namespace {

// A chain of tags or a forward declaration of a forward declaration: none is
// longer in sane BTF.
constexpr unsigned chain_limit = 64;

std::optional<TypeKind> type_kind(BtfKind kind) {
  switch (kind) {
    case BtfKind::integer:
      return TypeKind::integer;
    case BtfKind::pointer:
      return TypeKind::pointer;
    case BtfKind::array:
      return TypeKind::array;
    case BtfKind::structure:
    case BtfKind::forward:
      return TypeKind::structure;
    case BtfKind::union_type:
      return TypeKind::union_type;
    case BtfKind::enumeration:
    case BtfKind::enumeration64:
      return TypeKind::enumeration;
    case BtfKind::typedef_type:
      return TypeKind::typedef_type;
    case BtfKind::volatile_type:
      return TypeKind::volatile_type;
    case BtfKind::const_type:
      return TypeKind::const_type;
    case BtfKind::restrict_type:
      return TypeKind::restrict_type;
    case BtfKind::function_type:
      return TypeKind::function;
    case BtfKind::floating:
      return TypeKind::floating;
    default:
      return std::nullopt;
  }
}

bool is_enumeration(BtfKind kind) {
  return kind == BtfKind::enumeration || kind == BtfKind::enumeration64;
}

// The place of a kind in the order in which type() prefers definitions of one
// name, or nothing when |tag| does not mean it.
std::optional<int> rank(const BtfRecord& record, TypeTag tag) {
  auto when = [tag](TypeTag wanted, int place) -> std::optional<int> {
    if (tag == TypeTag::any || tag == wanted) return place;
    return std::nullopt;
  };
  switch (record.kind) {
    case BtfKind::structure:
      return when(TypeTag::structure, 0);
    case BtfKind::union_type:
      return when(TypeTag::union_type, 1);
    case BtfKind::enumeration:
    case BtfKind::enumeration64:
      if (record.count == 0) return std::nullopt;  // a declaration
      return when(TypeTag::enumeration, 2);
    case BtfKind::typedef_type:
      return when(TypeTag::plain, 3);
    case BtfKind::integer:
    case BtfKind::floating:
      return when(TypeTag::plain, 4);
    default:
      return std::nullopt;
  }
}

// What follows an integer's record.
struct IntegerBits {
  explicit IntegerBits(std::uint32_t word)
      : is_signed(word >> 24 & 1),
        is_bool(word >> 24 & 4),
        offset(word >> 16 & 0xff),
        bits(word & 0xff) {}
  bool is_signed, is_bool;
  unsigned offset, bits;
};

class BtfTypes : public Btf {
 public:
  BtfTypes(BtfData data, unsigned pointer_size,
           std::shared_ptr<const BtfTypes> base,
           std::shared_ptr<const void> keeps)
      : data_(std::move(data)),
        pointer_size_(pointer_size),
        base_(std::move(base)),
        keeps_(std::move(keeps)) {}

  const BtfData& data() const { return data_; }

  Result<const Type*> type(std::string_view name, TypeTag tag) override;
  std::vector<const Type*> types(std::string_view name, TypeTag tag) override;
  Result<TypedSymbol> variable(std::string_view name) override {
    return typed_symbol(name, BtfKind::variable, "variable");
  }
  Result<TypedSymbol> function(std::string_view name) override {
    return typed_symbol(name, BtfKind::function, "function");
  }
  Result<std::pair<const Type*, std::int64_t>> enumerator(
      std::string_view name) override;
  void each_type(const std::function<bool(const Type&)>& each) override;
  std::vector<std::string> names(std::string_view prefix,
                                 std::size_t limit) override;

 private:
  BtfRecord record(std::uint32_t id) const {
    return id < data_.first() && base_ ? base_->record(id) : data_.record(id);
  }
  std::string name_of(const BtfRecord& record) const {
    return std::string(data_.name(record.name));
  }
  // The type of that number; null for void. Never completes a body.
  const Type* type_at(std::uint32_t id) const;
  // The same where there must be one: void itself instead of null.
  const Type* type_or_void(std::uint32_t id) const {
    const Type* type = type_at(id);
    return type ? type : &void_;
  }
  std::uint32_t without_tags(std::uint32_t id) const;
  std::uint32_t without_qualifiers(std::uint32_t id) const;
  std::uint32_t definition(std::string_view name, TypeTag tag) const;
  std::vector<std::uint32_t> definitions(std::string_view name,
                                         TypeTag tag) const;
  std::unique_ptr<Type> shell(std::uint32_t id, const BtfRecord& record) const;
  void describe_integer(const BtfRecord& record, Type& type) const;
  bool is_signed(const BtfRecord& enumeration) const {
    return enumeration.flag || !data_.has_signed_enums();
  }

  void complete(std::uint32_t id, TypeBody& body) const;
  void add_members(const BtfRecord& record, TypeBody& body) const;
  void add_enumerators(const BtfRecord& record, TypeBody& body) const;
  void add_parameters(const BtfRecord& record, TypeBody& body) const;
  Member member(const BtfRecord& record, std::uint32_t index) const;
  Enumerator enumerator_at(const BtfRecord& record, std::uint32_t index) const;

  Result<TypedSymbol> typed_symbol(std::string_view name, BtfKind kind,
                                   std::string_view what) const;
  const NameIndex& index() const;
  void fill_enumerators() const;

  BtfData data_;
  unsigned pointer_size_;
  std::shared_ptr<const BtfTypes> base_;
  std::shared_ptr<const void> keeps_;
  Type void_;

  mutable std::mutex mutex_;
  mutable std::unordered_map<std::uint32_t, std::unique_ptr<Type>> types_;
  mutable std::once_flag index_once_;
  mutable NameIndex index_;  // of own types, functions and variables
  mutable std::once_flag enumerators_once_;
  mutable NameIndex enumerator_index_;
  // Type number and place of each enumerator.
  mutable std::vector<std::pair<std::uint32_t, std::uint32_t>> enumerators_;
};

// ---- Types by number ----

std::uint32_t BtfTypes::without_tags(std::uint32_t id) const {
  for (unsigned i = 0; i < chain_limit; ++i) {
    BtfRecord now = record(id);
    if (now.kind != BtfKind::type_tag) return id;
    id = now.size_or_type;
  }
  return 0;
}

std::uint32_t BtfTypes::without_qualifiers(std::uint32_t id) const {
  for (unsigned i = 0; i < chain_limit; ++i) {
    BtfRecord now = record(id);
    switch (now.kind) {
      case BtfKind::type_tag:
      case BtfKind::typedef_type:
      case BtfKind::const_type:
      case BtfKind::volatile_type:
      case BtfKind::restrict_type:
        id = now.size_or_type;
        break;
      default:
        return id;
    }
  }
  return 0;
}

const Type* BtfTypes::type_at(std::uint32_t id) const {
  id = without_tags(id);
  if (id < data_.first() && base_) return base_->type_at(id);
  BtfRecord record = data_.record(id);
  if (!type_kind(record.kind)) return nullptr;
  if (record.kind == BtfKind::forward) {
    TypeTag tag = record.flag ? TypeTag::union_type : TypeTag::structure;
    std::uint32_t defined = definition(data_.name(record.name), tag);
    if (defined != 0) return type_at(defined);
  }
  std::lock_guard lock(mutex_);
  std::unique_ptr<Type>& kept = types_[id];
  if (!kept) kept = shell(id, record);
  return kept.get();
}

void BtfTypes::describe_integer(const BtfRecord& record, Type& type) const {
  IntegerBits bits(data_.word(record, 0));
  if (bits.is_bool) type.kind = TypeKind::boolean;
  type.is_signed = bits.is_signed;
  type.is_char = !bits.is_bool && record.size_or_type == 1;
}

std::unique_ptr<Type> BtfTypes::shell(std::uint32_t id,
                                      const BtfRecord& record) const {
  auto type = std::make_unique<Type>(
      [this, id](const Type&, TypeBody& body) { complete(id, body); });
  type->kind = *type_kind(record.kind);
  switch (record.kind) {
    case BtfKind::integer:
      type->byte_size = record.size_or_type;
      describe_integer(record, *type);
      break;
    case BtfKind::enumeration:
    case BtfKind::enumeration64:
      type->is_signed = is_signed(record);
      type->is_declaration = record.count == 0;
      type->byte_size = record.size_or_type;
      break;
    case BtfKind::structure:
    case BtfKind::union_type:
    case BtfKind::floating:
      type->byte_size = record.size_or_type;
      break;
    case BtfKind::forward:
      if (record.flag) type->kind = TypeKind::union_type;
      type->is_declaration = true;
      break;
    case BtfKind::pointer:
      type->byte_size = pointer_size_;
      return type;  // pointers, arrays and qualifiers have no names
    case BtfKind::array:
      type->count = data_.word(record, 2);
      type->is_flexible = type->count == 0;
      return type;
    default:
      break;
  }
  type->name = name_of(record);
  return type;
}

// ---- Bodies ----

void BtfTypes::complete(std::uint32_t id, TypeBody& body) const {
  BtfRecord record = data_.record(id);
  switch (record.kind) {
    case BtfKind::structure:
    case BtfKind::union_type:
      return add_members(record, body);
    case BtfKind::enumeration:
    case BtfKind::enumeration64:
      return add_enumerators(record, body);
    case BtfKind::function_type:
      body.target = type_at(record.size_or_type);
      return add_parameters(record, body);
    case BtfKind::array:
      body.target = type_or_void(data_.word(record, 0));
      return;
    case BtfKind::pointer:
    case BtfKind::typedef_type:
    case BtfKind::volatile_type:
    case BtfKind::const_type:
    case BtfKind::restrict_type:
      body.target = type_at(record.size_or_type);
      return;
    default:
      return;
  }
}

// Bit-fields come in two forms: sizes in the member's offset when the record's
// flag is set (9d5f9f701b18, v5.0), else as an odd integer type of their own.
Member BtfTypes::member(const BtfRecord& of, std::uint32_t index) const {
  std::uint32_t type = data_.word(of, index * 3 + 1);
  std::uint32_t offset = data_.word(of, index * 3 + 2);
  Member member;
  member.name = data_.name(data_.word(of, index * 3));
  member.type = type_or_void(type);
  member.bit_offset = offset;
  if (of.flag) {
    member.bit_offset = offset & 0xffffff;
    member.bit_size = offset >> 24;
    return member;
  }
  std::uint32_t plain = without_qualifiers(type);
  BtfRecord integer = record(plain);
  if (integer.kind != BtfKind::integer) return member;
  const BtfData& owner = plain < data_.first() && base_ ? base_->data() : data_;
  IntegerBits bits(owner.word(integer, 0));
  if (bits.bits != std::uint64_t{integer.size_or_type} * 8) {
    member.bit_offset += bits.offset;
    member.bit_size = bits.bits;
  }
  return member;
}

void BtfTypes::add_members(const BtfRecord& record, TypeBody& body) const {
  body.members.reserve(record.count);
  for (std::uint32_t i = 0; i < record.count; ++i) {
    body.members.push_back(member(record, i));
  }
}

Enumerator BtfTypes::enumerator_at(const BtfRecord& record,
                                   std::uint32_t index) const {
  Enumerator found;
  if (record.kind == BtfKind::enumeration64) {
    found.name = data_.name(data_.word(record, index * 3));
    std::uint64_t low = data_.word(record, index * 3 + 1);
    std::uint64_t high = data_.word(record, index * 3 + 2);
    found.value = static_cast<std::int64_t>(high << 32 | low);
    return found;
  }
  found.name = data_.name(data_.word(record, index * 2));
  std::uint32_t value = data_.word(record, index * 2 + 1);
  found.value = is_signed(record) ? sign_extend(value, 32) : value;
  return found;
}

void BtfTypes::add_enumerators(const BtfRecord& record, TypeBody& body) const {
  body.enumerators.reserve(record.count);
  for (std::uint32_t i = 0; i < record.count; ++i) {
    body.enumerators.push_back(enumerator_at(record, i));
  }
}

void BtfTypes::add_parameters(const BtfRecord& record, TypeBody& body) const {
  for (std::uint32_t i = 0; i < record.count; ++i) {
    std::uint32_t name = data_.word(record, i * 2);
    std::uint32_t type = data_.word(record, i * 2 + 1);
    if (name == 0 && type == 0 && i + 1 == record.count) {
      body.is_variadic = true;
      return;
    }
    body.parameters.push_back(
        {std::string(data_.name(name)), type_or_void(type)});
  }
}

// ---- Types by name ----

const NameIndex& BtfTypes::index() const {
  std::call_once(index_once_, [this] {
    index_.fill(data_.end() - data_.first(), [this](std::size_t i) {
      BtfRecord each =
          data_.record(data_.first() + static_cast<std::uint32_t>(i));
      bool is_indexed = rank(each, TypeTag::any).has_value() ||
                        each.kind == BtfKind::function ||
                        each.kind == BtfKind::variable;
      return is_indexed ? data_.name(each.name) : std::string_view();
    });
  });
  return index_;
}

std::vector<std::uint32_t> BtfTypes::definitions(std::string_view name,
                                                 TypeTag tag) const {
  std::vector<std::pair<int, std::uint32_t>> found;
  index().candidates(name, [&](std::size_t i) {
    auto id = data_.first() + static_cast<std::uint32_t>(i);
    BtfRecord each = data_.record(id);
    auto place = rank(each, tag);
    if (place && data_.name(each.name) == name) found.emplace_back(*place, id);
    return true;
  });
  std::sort(found.begin(), found.end());
  std::vector<std::uint32_t> ids;
  ids.reserve(found.size());
  for (const auto& [place, id] : found)
    ids.push_back(id);
  return ids;
}

std::uint32_t BtfTypes::definition(std::string_view name, TypeTag tag) const {
  if (name.empty()) return 0;
  std::vector<std::uint32_t> found = definitions(name, tag);
  if (!found.empty()) return found.front();
  return base_ ? base_->definition(name, tag) : 0;
}

Result<const Type*> BtfTypes::type(std::string_view name, TypeTag tag) {
  std::vector<std::uint32_t> found = definitions(name, tag);
  if (!found.empty()) return type_at(found.front());
  return Error(ErrorKind::not_found, fmt::format("no type named {}", name));
}

std::vector<const Type*> BtfTypes::types(std::string_view name, TypeTag tag) {
  std::vector<std::uint32_t> ids = definitions(name, tag);
  std::vector<const Type*> found(ids.size());
  std::transform(ids.begin(), ids.end(), found.begin(),
                 [this](std::uint32_t id) { return type_at(id); });
  return found;
}

Result<TypedSymbol> BtfTypes::typed_symbol(std::string_view name, BtfKind kind,
                                           std::string_view what) const {
  std::optional<TypedSymbol> found;
  index().candidates(name, [&](std::size_t i) {
    BtfRecord each =
        data_.record(data_.first() + static_cast<std::uint32_t>(i));
    if (each.kind == kind && data_.name(each.name) == name) {
      found = TypedSymbol{type_at(each.size_or_type), {}};
    }
    return !found;
  });
  if (found && found->type) return *found;
  return Error(ErrorKind::not_found, fmt::format("no {} named {}", what, name));
}

void BtfTypes::fill_enumerators() const {
  for (std::uint32_t id = data_.first(); id < data_.end(); ++id) {
    BtfRecord each = data_.record(id);
    if (!is_enumeration(each.kind)) continue;
    for (std::uint32_t i = 0; i < each.count; ++i) {
      enumerators_.emplace_back(id, i);
    }
  }
  enumerator_index_.fill(enumerators_.size(), [this](std::size_t i) {
    auto [id, place] = enumerators_[i];
    BtfRecord each = data_.record(id);
    std::uint32_t words = each.kind == BtfKind::enumeration64 ? 3 : 2;
    return data_.name(data_.word(each, place * words));
  });
}

Result<std::pair<const Type*, std::int64_t>> BtfTypes::enumerator(
    std::string_view name) {
  std::call_once(enumerators_once_, [this] { fill_enumerators(); });
  std::optional<std::pair<const Type*, std::int64_t>> found;
  enumerator_index_.candidates(name, [&](std::size_t i) {
    auto [id, place] = enumerators_[i];
    Enumerator each = enumerator_at(data_.record(id), place);
    if (each.name == name) found = {type_at(id), each.value};
    return !found;
  });
  if (found) return *found;
  return Error(ErrorKind::not_found,
               fmt::format("no enumerator named {}", name));
}

void BtfTypes::each_type(const std::function<bool(const Type&)>& each) {
  for (std::uint32_t id = data_.first(); id < data_.end(); ++id) {
    BtfRecord now = data_.record(id);
    bool is_named = now.name != 0 && rank(now, TypeTag::any).has_value();
    if (is_named && !each(*type_at(id))) return;
  }
}

std::vector<std::string> BtfTypes::names(std::string_view prefix,
                                         std::size_t limit) {
  std::set<std::string_view> found;
  for (std::uint32_t id = data_.first(); id < data_.end(); ++id) {
    BtfRecord each = data_.record(id);
    bool is_named = rank(each, TypeTag::any).has_value() ||
                    each.kind == BtfKind::function ||
                    each.kind == BtfKind::variable;
    std::string_view name = data_.name(each.name);
    if (!is_named || name.empty() || !name.starts_with(prefix)) continue;
    found.insert(name);
    if (found.size() > limit) found.erase(std::prev(found.end()));
  }
  return {found.begin(), found.end()};
}

}  // namespace

Result<std::shared_ptr<Btf>> Btf::open(Bytes bytes, std::endian endian,
                                       unsigned pointer_size,
                                       std::shared_ptr<const Btf> base,
                                       std::shared_ptr<const void> keeps) {
  auto own_base = std::static_pointer_cast<const BtfTypes>(std::move(base));
  BtfData data = TRY(
      BtfData::parse(bytes, endian, own_base ? &own_base->data() : nullptr));
  return std::shared_ptr<Btf>(std::make_shared<BtfTypes>(
      std::move(data), pointer_size, std::move(own_base), std::move(keeps)));
}

}  // namespace inquest
