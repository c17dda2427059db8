// SPDX-License-Identifier: GPL-3.0-or-later
// Hand-made types and memory for tests.

#pragma once

#include <deque>
#include <map>

#include "types/object.h"
#include "types/types.h"

namespace inquest {

// Memory made of a few pieces; everything else is not there.
class FakeSpace : public AddressSpace {
 public:
  explicit FakeSpace(std::endian endian = std::endian::little)
      : endian_(endian) {}

  void put(std::uint64_t at, std::string_view text) {
    Bytes bytes = as_bytes(text);
    pieces_[at].assign(bytes.begin(), bytes.end());
  }
  void put(std::uint64_t at, std::uint64_t value, unsigned size) {
    std::vector<std::byte> bytes(size);
    store_unsigned(bytes, value, endian_);
    pieces_[at] = std::move(bytes);
  }

  std::endian endian() const override { return endian_; }
  Result<void> read(Address from, std::span<std::byte> out) const override {
    std::uint64_t at = from.value;
    for (std::byte& byte : out) {
      auto piece = pieces_.upper_bound(at);
      if (piece == pieces_.begin()) return missing(at);
      --piece;
      if (at - piece->first >= piece->second.size()) return missing(at);
      byte = piece->second[at - piece->first];
      ++at;
    }
    return {};
  }
  Result<PhysAddress> to_physical(Address at) const override {
    return PhysAddress{at.value};
  }

 private:
  static Error missing(std::uint64_t at) {
    return {ErrorKind::fault, "not in dump", at};
  }

  std::endian endian_;
  std::map<std::uint64_t, std::vector<std::byte>> pieces_;
};

// A source of types written down member by member.
class FakeSource : public TypeSource {
 public:
  Type& make(TypeKind kind, TypeBody body, std::string_view name = "",
             std::uint64_t size = 0) {
    Type& type = all_.emplace_back(kind, std::move(body));
    type.name = name;
    type.byte_size = size;
    return type;
  }
  Type& structure(std::string_view name, std::uint64_t size,
                  std::vector<Member> members) {
    TypeBody body;
    body.members = std::move(members);
    return make(TypeKind::structure, std::move(body), name, size);
  }
  Type& union_of(std::string_view name, std::uint64_t size,
                 std::vector<Member> members) {
    Type& type = structure(name, size, std::move(members));
    type.kind = TypeKind::union_type;
    return type;
  }
  Type& enumeration(std::string_view name, std::vector<Enumerator> values) {
    TypeBody body;
    body.enumerators = std::move(values);
    return make(TypeKind::enumeration, std::move(body), name, 4);
  }
  Type& alias(std::string_view name, const Type& target,
              TypeKind kind = TypeKind::typedef_type) {
    TypeBody body;
    body.target = &target;
    return make(kind, std::move(body), name, 0);
  }
  Type& flexible(const Type& element) {
    Type& type = alias("", element, TypeKind::array);
    type.is_flexible = true;
    return type;
  }

  Result<const Type*> type(std::string_view name, TypeTag tag) override {
    std::vector<const Type*> found = types(name, tag);
    if (!found.empty()) return found.front();
    return Error(ErrorKind::not_found, "no type " + std::string(name));
  }
  std::vector<const Type*> types(std::string_view name, TypeTag tag) override {
    std::vector<const Type*> found;
    for (const Type& type : all_) {
      if (type.name == name && !name.empty() && fits(type, tag)) {
        found.push_back(&type);
      }
    }
    return found;
  }
  Result<TypedSymbol> variable(std::string_view name) override {
    auto found = variables.find(name);
    if (found != variables.end()) return found->second;
    return Error(ErrorKind::not_found, "no variable");
  }
  Result<TypedSymbol> function(std::string_view name) override {
    auto found = functions.find(name);
    if (found != functions.end()) return found->second;
    return Error(ErrorKind::not_found, "no function");
  }
  Result<std::pair<const Type*, std::int64_t>> enumerator(
      std::string_view name) override {
    for (const Type& type : all_) {
      for (const Enumerator& one : type.enumerators()) {
        if (one.name == name) return std::pair{&type, one.value};
      }
    }
    return Error(ErrorKind::not_found, "no enumerator");
  }
  void each_type(const std::function<bool(const Type&)>& each) override {
    for (const Type& type : all_) {
      if (!type.name.empty() && !each(type)) return;
    }
  }
  std::vector<std::string> names(std::string_view prefix,
                                 std::size_t limit) override {
    std::vector<std::string> found;
    for (const Type& type : all_) {
      if (!type.name.empty() && type.name.starts_with(prefix) &&
          found.size() < limit) {
        found.push_back(type.name);
      }
    }
    return found;
  }

  std::map<std::string, TypedSymbol, std::less<>> variables;
  std::map<std::string, TypedSymbol, std::less<>> functions;

 private:
  static bool fits(const Type& type, TypeTag tag) {
    switch (tag) {
      case TypeTag::structure:
        return type.kind == TypeKind::structure;
      case TypeTag::union_type:
        return type.kind == TypeKind::union_type;
      case TypeTag::enumeration:
        return type.kind == TypeKind::enumeration;
      case TypeTag::plain:
        return type.kind == TypeKind::typedef_type ||
               type.kind == TypeKind::integer;
      case TypeTag::any:
        break;
    }
    return true;
  }

  std::deque<Type> all_;
};

// Types with a FakeSource added, and short ways to C's own.
struct TypeBench {
  TypeBench() { types.add(source); }

  const Type& c(std::string_view name) { return types.c_type(name); }
  const Type& pointer(const Type& to) { return types.pointer_to(to); }
  const Type& array(const Type& of, std::uint64_t count) {
    return types.array_of(of, count);
  }

  std::shared_ptr<FakeSource> source = std::make_shared<FakeSource>();
  Types types{8};
  FakeSpace space;
};

}  // namespace inquest
