// SPDX-License-Identifier: GPL-3.0-or-later
// C's operators on objects: promotions, conversions, pointer arithmetic. A
// fault of an operand is the fault of the result.

#pragma once

#include <string_view>

#include "types/object.h"
#include "types/types.h"

namespace inquest {

class Arithmetic {
 public:
  Arithmetic(Types& types, const AddressSpace& space)
      : types_(types), space_(space) {}

  // + - * / % & | ^ << >> == != < > <= >= && || @
  Object binary(std::string_view op, const Object& left,
                const Object& right) const;
  // + - ! ~
  Object unary(std::string_view op, const Object& operand) const;
  Object cast(const Type& type, const Object& operand) const;
  Object dereference(const Object& operand) const;
  Object address_of(const Object& operand) const;
  Object subscript(const Object& array, const Object& index) const;
  Object member(const Object& of, std::string_view name, bool is_arrow) const;
  // Whether the value is not 0.
  Result<bool> is_true(const Object& operand) const;
  // Arrays and functions become pointers, as C has it.
  Object decayed(const Object& operand) const;

 private:
  struct Number;

  Result<Number> number(const Object& operand) const;
  const Type& promoted(const Type& type) const;
  const Type& common(const Number& left, const Number& right) const;
  Object make(const Type& type, std::uint64_t bits) const;
  Object make_real(const Type& type, double value) const;
  Object integers(std::string_view op, const Number& left,
                  const Number& right) const;
  Object reals(std::string_view op, const Number& left,
               const Number& right) const;
  Object shifted(std::string_view op, const Number& left,
                 const Number& right) const;
  Object compared(std::string_view op, const Number& left,
                  const Number& right) const;
  Object pointers(std::string_view op, const Object& left,
                  const Object& right) const;
  Object moved(const Object& pointer, const Object& distance,
               bool is_back) const;
  Object logical(std::string_view op, const Object& left,
                 const Object& right) const;
  Object repeated(const Object& first, const Object& count) const;
  // The value as the scalar |type|.
  Object converted(const Type& type, const Number& value) const;
  // The definition of a structure that is only declared here.
  Object completed(const Object& object) const;

  Types& types_;
  const AddressSpace& space_;
};

}  // namespace inquest
