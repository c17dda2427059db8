// SPDX-License-Identifier: GPL-3.0-or-later
// A recursive descent for what binds tightest, precedence climbing for binary
// operators. Evaluation goes along with parsing: operands have no side effects,
// so a branch that C would not evaluate costs at most a fault nobody looks at.
#include "types/expression.h"

#include <array>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "base/numbers.h"
#include "types/arithmetic.h"
#include "types/declaration.h"
#include "types/lexer.h"
#include "types/type_name.h"

namespace inquest {
namespace {

constexpr unsigned max_nesting = 200;

struct Operator {
  std::string_view text;
  int strength;
};

constexpr std::array<Operator, 19> operators = {{
    {"||", 1}, {"&&", 2}, {"|", 3},  {"^", 4},  {"&", 5},  {"==", 6}, {"!=", 6},
    {"<", 7},  {">", 7},  {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8}, {"@", 9},
    {"+", 10}, {"-", 10}, {"*", 11}, {"/", 11}, {"%", 11},
}};

int strength(const Token& token) {
  if (token.kind != TokenKind::punct) return 0;
  for (const Operator& one : operators) {
    if (one.text == token.text) return one.strength;
  }
  return 0;
}

Error refused(std::string message) {
  return {ErrorKind::usage, std::move(message)};
}

Error too_deep() {
  return refused("The expression is nested too deeply.");
}

// The type of an integer as written: int, or the next one it fits into.
std::string_view literal_type(const Token& token) {
  std::string_view text = token.text;
  bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  bool is_decimal = !is_hex && !(text.size() > 1 && text[0] == '0');
  std::string_view suffix =
      text.substr(std::min(text.size(), text.find_last_not_of("uUlL") + 1));
  bool is_unsigned = suffix.find_first_of("uU") != std::string_view::npos;
  bool is_long = suffix.find_first_of("lL") != std::string_view::npos;
  if (!is_long && !is_unsigned && token.value <= 0x7fffffff) return "int";
  if (!is_long && (is_unsigned || !is_decimal) && token.value <= 0xffffffff) {
    return "unsigned int";
  }
  bool fits_long = token.value <= 0x7fffffffffffffff;
  return fits_long && !is_unsigned ? "long" : "unsigned long";
}

class Parser {
 public:
  Parser(TokenCursor& cursor, const Scope& scope)
      : cursor_(cursor),
        scope_(scope),
        types_(scope.types()),
        c_(scope.types(), scope.space()) {}

  Result<Object> comma() {
    Object value = TRY(ternary());
    while (cursor_.accept(","))
      value = TRY(ternary());
    return value;
  }

 private:
  Result<Object> ternary() {
    Object condition = TRY(binary(1));
    constexpr std::array<std::string_view, 13> writes = {
        "=",  "+=", "-=", "*=", "/=",  "%=", "&=",
        "|=", "^=", "++", "--", "<<=", ">>="};
    for (std::string_view write : writes) {
      if (cursor_.is(write)) return refused("The dump cannot be written to.");
    }
    if (!cursor_.accept("?")) return condition;
    // The right branch nests without an operand between.
    if (++nesting_ > max_nesting) return too_deep();
    Object yes = TRY(comma());
    TRY(cursor_.expect(":"));
    Object no = TRY(ternary());
    --nesting_;
    Result<bool> is_true = c_.is_true(condition);
    if (!is_true) return Object(is_true.error());
    return *is_true ? yes : no;
  }

  Result<Object> binary(int weakest) {
    Object left = TRY(unary());
    while (true) {
      int now = strength(cursor_.peek());
      if (now < weakest || now == 0) return left;
      std::string_view op = cursor_.next().text;
      Object right = TRY(binary(now + 1));
      left = c_.binary(op, left, right);
    }
  }

  Result<Object> unary() {
    if (++nesting_ > max_nesting) return too_deep();
    Result<Object> value = prefixed();
    --nesting_;
    return value;
  }

  Result<Object> prefixed() {
    for (std::string_view op : {"-", "+", "!", "~"}) {
      if (cursor_.accept(op)) return c_.unary(op, TRY(unary()));
    }
    if (cursor_.accept("*")) return c_.dereference(TRY(unary()));
    if (cursor_.accept("&")) return c_.address_of(TRY(unary()));
    if (cursor_.is("++") || cursor_.is("--")) {
      return refused("The dump cannot be written to.");
    }
    if (cursor_.accept_name("sizeof")) return size_of();
    if (cursor_.accept("{")) return typed_memory();
    if (cursor_.is("(")) {
      std::size_t start = cursor_.position();
      cursor_.next();
      if (starts_type(cursor_, types_)) {
        const Type* type = TRY(parse_type(cursor_, types_, false));
        TRY(cursor_.expect(")"));
        return c_.cast(*type, TRY(unary()));
      }
      cursor_.rewind(start);
    }
    return postfixed();
  }

  // "{type} address", gdb's way to say *(type *)address.
  Result<Object> typed_memory() {
    const Type* type = TRY(parse_type(cursor_, types_, false));
    TRY(cursor_.expect("}"));
    Object at = c_.decayed(TRY(unary()));
    Result<Address> address = at.to_address();
    if (!address) return Object(address.error());
    return Object(scope_.space(), *type, *address);
  }

  Result<Object> size_of() {
    const Type* type = nullptr;
    std::size_t start = cursor_.position();
    if (cursor_.accept("(") && starts_type(cursor_, types_)) {
      type = TRY(parse_type(cursor_, types_, false));
      TRY(cursor_.expect(")"));
    } else {
      cursor_.rewind(start);
      Object value = TRY(unary());
      if (value.fault() != nullptr) return value;
      type = &value.type();
    }
    std::uint64_t size = type->size();
    if (type->stripped().kind == TypeKind::void_type) size = 1;
    return Object::value(scope_.space(), types_.c_type("unsigned long"), size);
  }

  Result<Object> postfixed() {
    Object value = TRY(primary());
    while (true) {
      if (cursor_.accept("[")) {
        Object index = TRY(comma());
        TRY(cursor_.expect("]"));
        value = c_.subscript(value, index);
      } else if (cursor_.is(".") || cursor_.is("->")) {
        bool is_arrow = cursor_.next().text == "->";
        if (cursor_.peek().kind != TokenKind::name) {
          return cursor_.syntax_error();
        }
        value = c_.member(value, cursor_.next().text, is_arrow);
      } else if (cursor_.is("(")) {
        return refused("You can't do that without a process to debug.");
      } else if (cursor_.is("++") || cursor_.is("--")) {
        return refused("The dump cannot be written to.");
      } else {
        return value;
      }
    }
  }

  Result<Object> primary() {
    const AddressSpace& space = scope_.space();
    const Token& token = cursor_.peek();
    switch (token.kind) {
      case TokenKind::integer:
        cursor_.next();
        return Object::value(space, types_.c_type(literal_type(token)),
                             token.value);
      case TokenKind::character:
        cursor_.next();
        return Object::value(space, types_.c_type("char"), token.value);
      case TokenKind::floating:
        cursor_.next();
        return real(token);
      case TokenKind::string:
        cursor_.next();
        return literal(token);
      case TokenKind::name:
        return name();
      default:
        break;
    }
    if (!cursor_.accept("(")) return cursor_.syntax_error();
    Object value = TRY(comma());
    TRY(cursor_.expect(")"));
    return value;
  }

  Result<Object> real(const Token& token) {
    bool is_float = token.text.ends_with('f');
    const Type& type = types_.c_type(is_float ? "float" : "double");
    std::uint64_t bits =
        is_float ? std::bit_cast<std::uint32_t>(static_cast<float>(token.real))
                 : std::bit_cast<std::uint64_t>(token.real);
    return Object::value(scope_.space(), type, bits);
  }

  Result<Object> literal(const Token& token) {
    Bytes bytes = as_bytes(token.bytes);
    std::vector<std::byte> all(bytes.begin(), bytes.end());
    all.push_back(std::byte{0});
    const Type& type = types_.array_of(types_.c_type("char"), all.size());
    return Object::value(scope_.space(), type, std::move(all));
  }

  Result<Object> name() {
    std::string_view name = cursor_.peek().text;
    if (name.starts_with('$')) {
      cursor_.next();
      return history(name);
    }
    if (starts_type(cursor_, types_)) {
      TRY(parse_type(cursor_, types_, false));
      return refused("Attempt to use a type name as an expression");
    }
    cursor_.next();
    Object variable = scope_.variable(name);
    const Error* fault = variable.fault();
    if (fault == nullptr || fault->kind() != ErrorKind::not_found) {
      return variable;
    }
    auto enumerator = types_.enumerator(name);
    if (enumerator) {
      return Object::value(scope_.space(), *enumerator->first,
                           static_cast<std::uint64_t>(enumerator->second));
    }
    return Error(ErrorKind::not_found,
                 fmt::format("No symbol \"{}\" in current context.", name));
  }

  Result<Object> history(std::string_view name) {
    bool from_end = name == "$" || name.starts_with("$$");
    std::string_view digits = name.substr(name.starts_with("$$") ? 2 : 1);
    int number = name == "$$" ? 1 : 0;
    if (!digits.empty()) {
      std::optional<std::uint64_t> parsed = parse_decimal(digits);
      if (!parsed || *parsed > 0x7fffffff) {
        // A convenience variable nobody has set.
        return Object::value(scope_.space(), types_.void_type(),
                             std::vector<std::byte>());
      }
      number = static_cast<int>(*parsed);
    }
    return scope_.history(number, from_end);
  }

  TokenCursor& cursor_;
  const Scope& scope_;
  Types& types_;
  Arithmetic c_;
  unsigned nesting_ = 0;
};

Result<Object> parse(std::string_view text, const Scope& scope) {
  std::vector<Token> all = TRY(tokens(text));
  TokenCursor cursor(text, all);
  Object value = TRY(Parser(cursor, scope).comma());
  if (!cursor.at_end()) return cursor.syntax_error();
  return value;
}

}  // namespace

Object evaluate(std::string_view text, const Scope& scope) {
  Result<Object> value = parse(text, scope);
  if (!value) return value.error();
  return *value;
}

}  // namespace inquest
