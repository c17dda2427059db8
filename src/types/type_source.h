// SPDX-License-Identifier: GPL-3.0-or-later
// Where types come from: BTF, DWARF, or C itself.

#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "types/type.h"

namespace inquest {

// A global variable or function as debug information knows it.
struct TypedSymbol {
  const Type* type = nullptr;
  std::optional<Address> address;  // as linked; no KASLR offset applied
};

class TypeSource {
 public:
  virtual ~TypeSource() = default;

  // |not_found| unless this source has a definition (or, for |plain|, a
  // typedef or base type) of that name. |any| prefers structure, union, enum,
  // typedef, base type in this order. Safe from many threads.
  virtual Result<const Type*> type(std::string_view name, TypeTag tag) = 0;
  // All definitions of that name that differ in size or members: kernels have
  // several "struct entry". The first is what type() returns.
  virtual std::vector<const Type*> types(std::string_view name,
                                         TypeTag tag) = 0;
  virtual Result<TypedSymbol> variable(std::string_view name) = 0;
  virtual Result<TypedSymbol> function(std::string_view name) = 0;
  // The enumeration that has this enumerator, and its value.
  virtual Result<std::pair<const Type*, std::int64_t>> enumerator(
      std::string_view name) = 0;
  // Every named type definition until |each| returns false. Expensive.
  virtual void each_type(const std::function<bool(const Type&)>& each) = 0;
  // Names that start with |prefix|, for completion; at most |limit|.
  virtual std::vector<std::string> names(std::string_view prefix,
                                         std::size_t limit) = 0;
};

}  // namespace inquest
