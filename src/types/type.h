// SPDX-License-Identifier: GPL-3.0-or-later
// C types as debug information describes them. A type is owned by its
// TypeSource, immutable once complete, and completed on first use, so that
// naming one structure never parses the rest of the kernel.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inquest {

class Type;

struct Member {
  std::string name;  // "" for an anonymous struct or union
  const Type* type = nullptr;
  std::uint64_t bit_offset = 0;  // from the start of the containing type
  unsigned bit_size = 0;         // of a bit-field; 0: none

  std::uint64_t offset() const { return bit_offset / 8; }
};

struct Enumerator {
  std::string name;
  std::int64_t value = 0;
};

struct Parameter {
  std::string name;
  const Type* type = nullptr;
};

enum class TypeKind {
  void_type,
  boolean,
  integer,  // char too: see is_char()
  floating,
  enumeration,
  structure,
  union_type,
  array,
  pointer,
  function,
  typedef_type,
  const_type,
  volatile_type,
  restrict_type,
  atomic_type,
};

// What a C tag or plain name stands for.
enum class TypeTag { any, structure, union_type, enumeration, plain };

// A slot of a hash table of members.
struct NamedPlace {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  std::uint32_t hash = 0;
  std::uint32_t place = none;  // among the members
};

// The parts of a type that are filled on first use.
struct TypeBody {
  const Type* target = nullptr;  // see Type::target()
  std::vector<Member> members;
  std::vector<Enumerator> enumerators;
  std::vector<Parameter> parameters;
  bool is_variadic = false;

  // Places in |members|: a hash table of those with a name (see type.cc), and
  // those without.
  std::vector<NamedPlace> named = {};
  std::vector<std::uint32_t> unnamed = {};
};

class Type {
 public:
  // Fills the body. Called on first use with no lock held, by each thread that
  // meets the type unfinished (once, then, nearly always): the source takes
  // what lock it needs. May ask other types for their bodies.
  using Complete = std::function<void(const Type&, TypeBody&)>;

  TypeKind kind = TypeKind::void_type;
  std::string name;             // without "struct"; "" when anonymous
  std::uint64_t byte_size = 0;  // as recorded; see size()
  std::uint64_t count = 0;      // array: elements; flexible: 0
  bool is_flexible = false;     // array without a bound
  bool is_signed = false;       // integer, enumeration
  bool is_char = false;         // integer that gdb shows as a character
  bool is_declaration = false;  // struct without a definition in this source

  Type() = default;
  explicit Type(Complete complete) : complete_(std::move(complete)) {}
  Type(TypeKind of_kind, TypeBody body);
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  // pointer, array, typedef, qualifier: what it is of; function: its result;
  // enumeration: its integer type or null. Null stands for void.
  const Type* target() const { return body().target; }
  std::span<const Member> members() const { return body().members; }
  // The first member called |name|, not looking into unnamed ones; or null.
  const Member* named_member(std::string_view wanted) const;
  // Where among members() those without a name are.
  std::span<const std::uint32_t> unnamed_members() const {
    return body().unnamed;
  }
  std::span<const Enumerator> enumerators() const { return body().enumerators; }
  std::span<const Parameter> parameters() const { return body().parameters; }
  bool is_variadic() const { return body().is_variadic; }

  // In bytes; through typedefs, qualifiers and arrays. 0: incomplete or void.
  std::uint64_t size() const;
  // Without typedefs and qualifiers. A chain longer than 64 ends in void.
  const Type& stripped() const;

  bool is_pointer() const { return stripped().kind == TypeKind::pointer; }
  bool is_array() const { return stripped().kind == TypeKind::array; }
  bool is_compound() const {
    TypeKind kind_now = stripped().kind;
    return kind_now == TypeKind::structure || kind_now == TypeKind::union_type;
  }
  // Integers, booleans, enumerations, floating point and pointers.
  bool is_scalar() const;

 private:
  enum class State : std::uint8_t { open, publishing, complete };

  const TypeBody& body() const;

  Complete complete_;
  mutable std::atomic<State> state_ = State::open;
  mutable TypeBody body_;
};

// A member found by name, also inside anonymous structs and unions.
struct MemberPlace {
  const Type* type = nullptr;
  std::uint64_t bit_offset = 0;  // from the start of the outer type
  unsigned bit_size = 0;

  std::uint64_t offset() const { return bit_offset / 8; }
};

// |path| may name nested members and array elements: "se.vruntime",
// "cpus_mask.bits[1]". |not_found| names type and member.
Result<MemberPlace> find_member(const Type& type, std::string_view path);
bool has_member(const Type& type, std::string_view path);

}  // namespace inquest
