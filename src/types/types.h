// SPDX-License-Identifier: GPL-3.0-or-later
// All types of the kernel: several sources, asked in order.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "types/type_source.h"

namespace inquest {

// C's own types for one data model, and derived types made on demand
// (pointers to, arrays of); the sources of a kernel in the order of trust.
class Types : public TypeSource {
 public:
  explicit Types(unsigned pointer_size);
  ~Types() override;

  void add(std::shared_ptr<TypeSource> source);
  void remove(const TypeSource& source);

  Result<const Type*> type(std::string_view name, TypeTag tag) override;
  std::vector<const Type*> types(std::string_view name, TypeTag tag) override;
  Result<TypedSymbol> variable(std::string_view name) override;
  Result<TypedSymbol> function(std::string_view name) override;
  Result<std::pair<const Type*, std::int64_t>> enumerator(
      std::string_view name) override;
  void each_type(const std::function<bool(const Type&)>& each) override;
  std::vector<std::string> names(std::string_view prefix,
                                 std::size_t limit) override;

  // "struct list_head", "unsigned long", "task_struct", "char *", "int [4]":
  // a C type name as in a cast; a bare name may be a structure's too.
  Result<const Type*> parse(std::string_view name);
  Result<const Type*> structure(std::string_view name) {
    return type(name, TypeTag::structure);
  }

  const Type& void_type() const;
  // A C integer: "int", "unsigned long", "char", "long long", ...
  const Type& c_type(std::string_view name) const;
  const Type& pointer_to(const Type& target);
  const Type& array_of(const Type& element, std::uint64_t count);
  // |kind| is const_type or volatile_type.
  const Type& qualified(const Type& target, TypeKind kind);
  const Type& function_of(const Type& result, std::vector<Parameter> parameters,
                          bool is_variadic);
  unsigned pointer_size() const { return pointer_size_; }

 private:
  struct Derived;

  std::vector<std::shared_ptr<TypeSource>> sources() const;

  unsigned pointer_size_;
  std::unique_ptr<Derived> derived_;
};

}  // namespace inquest
