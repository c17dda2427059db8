// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/arithmetic.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "types/declaration.h"

namespace inquest {
namespace {

Error refused(std::string message) {
  return {ErrorKind::usage, std::move(message)};
}

bool is_comparison(std::string_view op) {
  return op == "==" || op == "!=" || op == "<" || op == ">" || op == "<=" ||
         op == ">=";
}

template <typename T>
bool compare(std::string_view op, T a, T b) {
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  return a >= b;
}

std::uint64_t size_of_target(const Type& pointer) {
  const Type* target = pointer.stripped().target();
  std::uint64_t size = target == nullptr ? 1 : target->size();
  return size == 0 ? 1 : size;
}

// Whether memory of one type may be looked at as an array or structure.
bool fits_memory_of(const Type& from, const Type& type) {
  if (from.is_scalar() || from.kind == TypeKind::function) return false;
  return type.is_array() || &type.stripped() == &from ||
         type.stripped().name == from.name;
}

// Division as the machine would do it, also of the one quotient that does not
// fit.
std::uint64_t divided(std::uint64_t a, std::uint64_t b, bool is_signed,
                      bool wants_rest) {
  if (!is_signed) return wants_rest ? a % b : a / b;
  auto left = static_cast<std::int64_t>(a);
  auto right = static_cast<std::int64_t>(b);
  if (right == -1) return wants_rest ? 0 : std::uint64_t{0} - a;
  return static_cast<std::uint64_t>(wants_rest ? left % right : left / right);
}

}  // namespace

struct Arithmetic::Number {
  const Type* type = nullptr;  // stripped
  std::uint64_t bits = 0;      // sign- or zero-extended
  double real = 0;
  bool is_real = false;
};

Result<Arithmetic::Number> Arithmetic::number(const Object& operand) const {
  const Object value = decayed(operand);
  if (value.fault() != nullptr) return *value.fault();
  Number number;
  number.type = &value.type().stripped();
  if (!value.type().is_scalar()) {
    return refused("Argument to arithmetic operation not a number or boolean.");
  }
  if (number.type->kind != TypeKind::floating) {
    number.bits = TRY(value.to_unsigned());
    number.real =
        number.type->is_signed
            ? static_cast<double>(static_cast<std::int64_t>(number.bits))
            : static_cast<double>(number.bits);
    return number;
  }
  number.is_real = true;
  std::vector<std::byte> bytes = TRY(value.to_bytes());
  std::uint64_t raw = load_unsigned(bytes, space_.endian());
  if (bytes.size() == 4) {
    number.real = static_cast<double>(
        std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
  } else if (bytes.size() == 8) {
    number.real = std::bit_cast<double>(raw);
  } else {
    return refused("That floating-point type is not supported.");
  }
  return number;
}

Object Arithmetic::make(const Type& type, std::uint64_t bits) const {
  return Object::value(space_, type, bits);
}

Object Arithmetic::make_real(const Type& type, double value) const {
  if (type.size() == 4) {
    auto narrow = static_cast<float>(value);
    return make(type, std::bit_cast<std::uint32_t>(narrow));
  }
  if (type.size() == 8) return make(type, std::bit_cast<std::uint64_t>(value));
  return refused("That floating-point type is not supported.");
}

Object Arithmetic::decayed(const Object& operand) const {
  if (operand.fault() != nullptr) return operand;
  const Type& type = operand.type().stripped();
  if (type.kind == TypeKind::function) return address_of(operand);
  if (type.kind != TypeKind::array || type.target() == nullptr) return operand;
  if (operand.is_value()) {
    return refused("Attempt to take address of value not located in memory.");
  }
  return make(types_.pointer_to(*type.target()), operand.address().value);
}

const Type& Arithmetic::promoted(const Type& type) const {
  if (type.kind == TypeKind::pointer) return types_.c_type("unsigned long");
  const Type& plain = types_.c_type("int");
  if (type.kind == TypeKind::boolean || type.byte_size < plain.size()) {
    return plain;
  }
  bool is_wide = type.byte_size > plain.size();
  if (type.is_signed) return is_wide ? types_.c_type("long") : plain;
  return types_.c_type(is_wide ? "unsigned long" : "unsigned int");
}

const Type& Arithmetic::common(const Number& left, const Number& right) const {
  const Type& a = promoted(*left.type);
  const Type& b = promoted(*right.type);
  if (a.byte_size != b.byte_size) return a.byte_size > b.byte_size ? a : b;
  return a.is_signed ? b : a;
}

Object Arithmetic::compared(std::string_view op, const Number& left,
                            const Number& right) const {
  bool is_true = false;
  if (left.is_real || right.is_real) {
    is_true = compare(op, left.real, right.real);
  } else {
    const Type& type = common(left, right);
    std::uint64_t mask = type.byte_size >= 8
                             ? ~std::uint64_t{0}
                             : (std::uint64_t{1} << type.byte_size * 8) - 1;
    is_true = type.is_signed ? compare(op, static_cast<std::int64_t>(left.bits),
                                       static_cast<std::int64_t>(right.bits))
                             : compare(op, left.bits & mask, right.bits & mask);
  }
  return make(types_.c_type("int"), is_true ? 1 : 0);
}

Object Arithmetic::shifted(std::string_view op, const Number& left,
                           const Number& right) const {
  const Type& type = promoted(*left.type);
  bool is_negative = type.is_signed && static_cast<std::int64_t>(left.bits) < 0;
  if (right.bits >= type.byte_size * 8) {
    bool is_minus_one = op == ">>" && is_negative;
    return make(type, is_minus_one ? ~std::uint64_t{0} : 0);
  }
  if (op == "<<") return make(type, left.bits << right.bits);
  if (!type.is_signed) return make(type, left.bits >> right.bits);
  return make(type, static_cast<std::uint64_t>(
                        static_cast<std::int64_t>(left.bits) >> right.bits));
}

Object Arithmetic::integers(std::string_view op, const Number& left,
                            const Number& right) const {
  if (op == "<<" || op == ">>") return shifted(op, left, right);
  const Type& type = common(left, right);
  // What a conversion to the common type leaves of the operands.
  std::uint64_t a = *make(type, left.bits).to_unsigned();
  std::uint64_t b = *make(type, right.bits).to_unsigned();
  if (op == "+") return make(type, a + b);
  if (op == "-") return make(type, a - b);
  if (op == "*") return make(type, a * b);
  if (op == "&") return make(type, a & b);
  if (op == "|") return make(type, a | b);
  if (op == "^") return make(type, a ^ b);
  if (b == 0) return refused("Division by zero");
  return make(type, divided(a, b, type.is_signed, op == "%"));
}

Object Arithmetic::reals(std::string_view op, const Number& left,
                         const Number& right) const {
  const Type* type = left.is_real ? left.type : right.type;
  if (right.is_real && right.type->byte_size > type->byte_size) {
    type = right.type;
  }
  if (op == "+") return make_real(*type, left.real + right.real);
  if (op == "-") return make_real(*type, left.real - right.real);
  if (op == "*") return make_real(*type, left.real * right.real);
  if (op == "/") return make_real(*type, left.real / right.real);
  return refused("Integer-only operation on floating point.");
}

Object Arithmetic::moved(const Object& pointer, const Object& distance,
                         bool is_back) const {
  std::uint64_t at = TRY(pointer.to_unsigned());
  Number steps = TRY(number(distance));
  if (steps.is_real) {
    return refused("Argument to arithmetic operation not a number or boolean.");
  }
  std::uint64_t bytes = steps.bits * size_of_target(pointer.type());
  return make(pointer.type(), is_back ? at - bytes : at + bytes);
}

Object Arithmetic::pointers(std::string_view op, const Object& left,
                            const Object& right) const {
  bool both = left.type().is_pointer() && right.type().is_pointer();
  if (op == "+" && !both) {
    return left.type().is_pointer() ? moved(left, right, false)
                                    : moved(right, left, false);
  }
  if (op == "-" && !both && left.type().is_pointer()) {
    return moved(left, right, true);
  }
  if (op == "-" && both) {
    std::uint64_t a = TRY(left.to_unsigned());
    std::uint64_t b = TRY(right.to_unsigned());
    return make(types_.c_type("long"),
                divided(a - b, size_of_target(left.type()), true, false));
  }
  Number a = TRY(number(left));
  Number b = TRY(number(right));
  return integers(op, a, b);
}

Object Arithmetic::repeated(const Object& first, const Object& count) const {
  if (first.fault() != nullptr) return first;
  std::int64_t number = TRY(count.to_signed());
  if (number <= 0) {
    return refused(fmt::format("Invalid number {} of repetitions.", number));
  }
  if (first.is_value() || first.is_bit_field()) {
    return refused("Only values in memory can be extended with '@'.");
  }
  const Type& type =
      types_.array_of(first.type(), static_cast<std::uint64_t>(number));
  return {space_, type, first.address()};
}

Result<bool> Arithmetic::is_true(const Object& operand) const {
  Number value = TRY(number(operand));
  return value.is_real ? value.real != 0 : value.bits != 0;
}

Object Arithmetic::logical(std::string_view op, const Object& left,
                           const Object& right) const {
  const Type& type = types_.c_type("int");
  bool decisive = op == "||";  // with this on the left, the right is not asked
  if (TRY(is_true(left)) == decisive) return make(type, decisive ? 1 : 0);
  return make(type, TRY(is_true(right)) ? 1 : 0);
}

Object Arithmetic::binary(std::string_view op, const Object& left,
                          const Object& right) const {
  if (op == "@") return repeated(left, right);
  if (op == "&&" || op == "||") return logical(op, left, right);
  Object first = decayed(left);
  if (first.fault() != nullptr) return first;
  Object second = decayed(right);
  if (second.fault() != nullptr) return second;
  bool has_pointer = first.type().is_pointer() || second.type().is_pointer();
  if (has_pointer && !is_comparison(op)) return pointers(op, first, second);
  Number a = TRY(number(first));
  Number b = TRY(number(second));
  if (is_comparison(op)) return compared(op, a, b);
  return a.is_real || b.is_real ? reals(op, a, b) : integers(op, a, b);
}

Object Arithmetic::unary(std::string_view op, const Object& operand) const {
  Number value = TRY(number(operand));
  if (op == "!") {
    bool is_zero = value.is_real ? value.real == 0 : value.bits == 0;
    return make(types_.c_type("int"), is_zero ? 1 : 0);
  }
  if (value.is_real) {
    if (op == "~") {
      return refused(
          "Argument to complement operation not an integer, boolean.");
    }
    return make_real(*value.type, op == "-" ? -value.real : value.real);
  }
  const Type& type = promoted(*value.type);
  if (op == "-") return make(type, std::uint64_t{0} - value.bits);
  return make(type, op == "~" ? ~value.bits : value.bits);
}

Object Arithmetic::converted(const Type& type, const Number& value) const {
  switch (type.stripped().kind) {
    case TypeKind::floating:
      return make_real(type, value.real);
    case TypeKind::boolean:
      return make(type, value.real != 0 || value.bits != 0 ? 1 : 0);
    default:
      break;
  }
  if (!value.is_real) return make(type, value.bits);
  bool fits = std::fabs(value.real) < 9.2e18;
  auto whole = fits ? static_cast<std::int64_t>(value.real) : 0;
  return make(type, static_cast<std::uint64_t>(whole));
}

Object Arithmetic::cast(const Type& type, const Object& operand) const {
  if (operand.fault() != nullptr) return operand;
  if (type.stripped().kind == TypeKind::void_type) {
    return Object::value(space_, type, std::vector<std::byte>());
  }
  const Type& from = operand.type().stripped();
  // A symbol of unknown type is taken for what the cast says.
  if (from.kind == TypeKind::void_type && !operand.is_value()) {
    return {space_, type, operand.address()};
  }
  if (!type.is_scalar()) {
    return fits_memory_of(from, type) ? operand.cast(type)
                                      : Object(refused("Invalid cast."));
  }
  Result<Number> value = number(operand);
  if (!value) {
    bool is_shape = value.error().kind() == ErrorKind::usage;
    return is_shape ? refused("Invalid cast.") : value.error();
  }
  return converted(type, *value);
}

Object Arithmetic::completed(const Object& object) const {
  if (object.fault() != nullptr || object.is_value()) return object;
  const Type& type = object.type().stripped();
  if (!type.is_declaration || type.name.empty()) return object;
  Result<const Type*> full = types_.type(
      type.name, type.kind == TypeKind::union_type ? TypeTag::union_type
                                                   : TypeTag::structure);
  if (!full) return object;
  return {space_, **full, object.address()};
}

Object Arithmetic::dereference(const Object& operand) const {
  if (operand.fault() != nullptr) return operand;
  const Type& type = operand.type().stripped();
  switch (type.kind) {
    case TypeKind::function:
      return operand;
    case TypeKind::array:
      return operand.at(0);
    case TypeKind::pointer: {
      const Type* target = type.target();
      if (target == nullptr || target->stripped().kind == TypeKind::void_type) {
        return refused("Attempt to dereference a generic pointer.");
      }
      return completed(operand.dereference());
    }
    case TypeKind::integer:
    case TypeKind::enumeration:
    case TypeKind::boolean: {
      Address at = TRY(operand.to_address());
      return {space_, types_.c_type("long"), at};
    }
    default:
      return refused("Attempt to take contents of a non-pointer value.");
  }
}

Object Arithmetic::address_of(const Object& operand) const {
  if (operand.fault() != nullptr) return operand;
  if (operand.is_value()) {
    return refused("Attempt to take address of value not located in memory.");
  }
  return make(types_.pointer_to(operand.type()), operand.address().value);
}

Object Arithmetic::subscript(const Object& array, const Object& index) const {
  if (array.fault() != nullptr) return array;
  const Type& type = array.type().stripped();
  if (type.kind != TypeKind::array && type.kind != TypeKind::pointer) {
    return refused(fmt::format("cannot subscript something of type `{}'",
                               type_name(array.type())));
  }
  std::uint64_t at = TRY(index.to_unsigned());
  if (type.kind == TypeKind::array && array.is_value() && at >= type.count) {
    return refused(fmt::format("no such vector element"));
  }
  if (type.kind == TypeKind::array) return array.at(at);
  return dereference(moved(array, index, false));
}

Object Arithmetic::member(const Object& of, std::string_view name,
                          bool is_arrow) const {
  if (of.fault() != nullptr) return of;
  Object outer = of.type().is_pointer() || of.type().is_array()
                     ? dereference(of)
                     : completed(of);
  if (outer.fault() != nullptr) return outer;
  if (!outer.type().is_compound()) {
    return refused(fmt::format(
        "Attempt to extract a component of a value that is not a structure{}.",
        is_arrow ? " pointer" : ""));
  }
  Result<MemberPlace> place = find_member(outer.type(), name);
  if (!place) {
    return Error(ErrorKind::not_found,
                 fmt::format("There is no member named {}.", name));
  }
  return outer[name];
}

}  // namespace inquest
