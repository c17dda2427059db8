// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/types.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include <fmt/format.h>

#include "types/type_name.h"

namespace inquest {
namespace {

struct CType {
  std::string_view name;
  TypeKind kind;
  unsigned size;  // 0: as a pointer
  bool is_signed;
};

constexpr std::array<CType, 17> c_types = {{
    {"char", TypeKind::integer, 1, true},
    {"signed char", TypeKind::integer, 1, true},
    {"unsigned char", TypeKind::integer, 1, false},
    {"short", TypeKind::integer, 2, true},
    {"unsigned short", TypeKind::integer, 2, false},
    {"int", TypeKind::integer, 4, true},
    {"unsigned int", TypeKind::integer, 4, false},
    {"long", TypeKind::integer, 0, true},
    {"unsigned long", TypeKind::integer, 0, false},
    {"long long", TypeKind::integer, 8, true},
    {"unsigned long long", TypeKind::integer, 8, false},
    {"__int128", TypeKind::integer, 16, true},
    {"__int128 unsigned", TypeKind::integer, 16, false},
    {"_Bool", TypeKind::boolean, 1, false},
    {"float", TypeKind::floating, 4, true},
    {"double", TypeKind::floating, 8, true},
    {"long double", TypeKind::floating, 16, true},
}};

bool is_same_member(const Member& a, const Member& b) {
  return a.name == b.name && a.bit_offset == b.bit_offset &&
         a.bit_size == b.bit_size;
}

bool is_same_enumerator(const Enumerator& a, const Enumerator& b) {
  return a.name == b.name && a.value == b.value;
}

bool is_same(const Type& a, const Type& b) {
  return a.kind == b.kind && a.size() == b.size() &&
         std::ranges::equal(a.members(), b.members(), is_same_member) &&
         std::ranges::equal(a.enumerators(), b.enumerators(),
                            is_same_enumerator);
}

Error no_such(std::string_view what, std::string_view name) {
  return {ErrorKind::not_found, fmt::format("no {} named {}", what, name)};
}

std::string_view tag_text(TypeTag tag) {
  switch (tag) {
    case TypeTag::structure:
      return "struct";
    case TypeTag::union_type:
      return "union";
    case TypeTag::enumeration:
      return "enum";
    default:
      return "type";
  }
}

// The first answer that is not |not_found|.
template <typename Sources, typename Ask>
auto first_of(const Sources& sources, Ask ask, Error none)
    -> decltype(ask(*sources.front())) {
  for (const auto& source : sources) {
    auto answer = ask(*source);
    if (answer || answer.error().kind() != ErrorKind::not_found) return answer;
  }
  return none;
}

}  // namespace

struct Types::Derived {
  std::shared_mutex lock;
  std::vector<std::shared_ptr<TypeSource>> sources;
  Type void_type;
  std::map<std::string, std::unique_ptr<Type>, std::less<>> c;
  std::map<std::pair<const Type*, TypeKind>, std::unique_ptr<Type>> wrapped;
  std::map<std::pair<const Type*, std::uint64_t>, std::unique_ptr<Type>> arrays;
  std::deque<Type> functions;

  const Type& wrap(const Type& target, TypeKind kind, unsigned size) {
    std::unique_lock held(lock);
    std::unique_ptr<Type>& type = wrapped[{&target, kind}];
    if (!type) {
      TypeBody body;
      body.target = &target;
      type = std::make_unique<Type>(kind, std::move(body));
      type->byte_size = size;
    }
    return *type;
  }
};

Types::Types(unsigned pointer_size)
    : pointer_size_(pointer_size), derived_(std::make_unique<Derived>()) {
  for (const CType& fact : c_types) {
    auto type = std::make_unique<Type>(fact.kind, TypeBody());
    type->name = fact.name;
    type->byte_size = fact.size == 0 ? pointer_size : fact.size;
    type->is_signed = fact.is_signed;
    type->is_char = fact.kind == TypeKind::integer && fact.size == 1;
    derived_->c.emplace(fact.name, std::move(type));
  }
}

Types::~Types() = default;

void Types::add(std::shared_ptr<TypeSource> source) {
  std::unique_lock held(derived_->lock);
  derived_->sources.push_back(std::move(source));
}

void Types::remove(const TypeSource& source) {
  std::unique_lock held(derived_->lock);
  std::erase_if(derived_->sources,
                [&](const auto& one) { return one.get() == &source; });
}

std::vector<std::shared_ptr<TypeSource>> Types::sources() const {
  std::shared_lock held(derived_->lock);
  return derived_->sources;
}

Result<const Type*> Types::type(std::string_view name, TypeTag tag) {
  Result<const Type*> found = first_of(
      sources(), [&](TypeSource& source) { return source.type(name, tag); },
      no_such(tag_text(tag), name));
  bool is_missing = !found && found.error().kind() == ErrorKind::not_found;
  if (!is_missing || (tag != TypeTag::any && tag != TypeTag::plain)) {
    return found;
  }
  if (name == "void") return &derived_->void_type;
  auto c = derived_->c.find(canonical_name(name));
  if (c == derived_->c.end()) return found;
  return c->second.get();
}

std::vector<const Type*> Types::types(std::string_view name, TypeTag tag) {
  std::vector<const Type*> all;
  for (const auto& source : sources()) {
    for (const Type* type : source->types(name, tag)) {
      bool is_known = std::ranges::any_of(
          all, [&](const Type* known) { return is_same(*known, *type); });
      if (!is_known) all.push_back(type);
    }
  }
  return all;
}

Result<TypedSymbol> Types::variable(std::string_view name) {
  return first_of(
      sources(), [&](TypeSource& source) { return source.variable(name); },
      no_such("variable", name));
}

Result<TypedSymbol> Types::function(std::string_view name) {
  return first_of(
      sources(), [&](TypeSource& source) { return source.function(name); },
      no_such("function", name));
}

Result<std::pair<const Type*, std::int64_t>> Types::enumerator(
    std::string_view name) {
  return first_of(
      sources(), [&](TypeSource& source) { return source.enumerator(name); },
      no_such("enumerator", name));
}

void Types::each_type(const std::function<bool(const Type&)>& each) {
  std::set<std::tuple<TypeKind, std::string, std::uint64_t>> seen;
  bool goes_on = true;
  for (const auto& source : sources()) {
    if (!goes_on) return;
    source->each_type([&](const Type& type) {
      if (seen.emplace(type.kind, type.name, type.byte_size).second) {
        goes_on = each(type);
      }
      return goes_on;
    });
  }
}

std::vector<std::string> Types::names(std::string_view prefix,
                                      std::size_t limit) {
  std::set<std::string> all;
  for (const auto& source : sources()) {
    for (std::string& name : source->names(prefix, limit)) {
      all.insert(std::move(name));
    }
  }
  std::vector<std::string> some(all.begin(), all.end());
  if (some.size() > limit) some.resize(limit);
  return some;
}

Result<const Type*> Types::parse(std::string_view name) {
  std::vector<Token> all = TRY(tokens(name));
  TokenCursor cursor(name, all);
  const Type* type = TRY(parse_type(cursor, *this, true));
  if (!cursor.at_end()) return cursor.syntax_error();
  return type;
}

const Type& Types::void_type() const {
  return derived_->void_type;
}

const Type& Types::c_type(std::string_view name) const {
  auto found = derived_->c.find(name);
  if (found == derived_->c.end())
    found = derived_->c.find(canonical_name(name));
  return found == derived_->c.end() ? derived_->void_type : *found->second;
}

const Type& Types::pointer_to(const Type& target) {
  return derived_->wrap(target, TypeKind::pointer, pointer_size_);
}

const Type& Types::qualified(const Type& target, TypeKind kind) {
  return derived_->wrap(target, kind, 0);
}

const Type& Types::array_of(const Type& element, std::uint64_t count) {
  std::unique_lock held(derived_->lock);
  std::unique_ptr<Type>& type = derived_->arrays[{&element, count}];
  if (!type) {
    TypeBody body;
    body.target = &element;
    type = std::make_unique<Type>(TypeKind::array, std::move(body));
    type->count = count;
  }
  return *type;
}

const Type& Types::function_of(const Type& result,
                               std::vector<Parameter> parameters,
                               bool is_variadic) {
  TypeBody body;
  body.target = &result;
  body.parameters = std::move(parameters);
  body.is_variadic = is_variadic;
  std::unique_lock held(derived_->lock);
  return derived_->functions.emplace_back(TypeKind::function, std::move(body));
}

}  // namespace inquest
