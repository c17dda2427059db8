// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/type_name.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace inquest {
namespace {

constexpr unsigned max_nesting = 64;

// The words of one C arithmetic type, counted.
struct Specifiers {
  unsigned longs = 0;
  unsigned words = 0;
  bool is_short = false;
  bool is_signed = false;
  bool is_unsigned = false;
  std::string_view base;  // "int", "char", "float", "double", "void", ...

  bool take(std::string_view word);
  std::string name() const;

 private:
  std::string_view char_name() const;
  std::string integer_name() const;
};

constexpr std::array<std::string_view, 7> base_words = {
    "int", "char", "float", "double", "void", "_Bool", "__int128"};

bool Specifiers::take(std::string_view word) {
  bool is_base = std::ranges::find(base_words, word) != base_words.end();
  if (is_base && base.empty()) {
    base = word;
  } else if (word == "long" && longs < 2) {
    ++longs;
  } else if (word == "short" && !is_short) {
    is_short = true;
  } else if (word == "signed" && !is_signed) {
    is_signed = true;
  } else if (word == "unsigned" && !is_unsigned) {
    is_unsigned = true;
  } else {
    return false;
  }
  ++words;
  return true;
}

std::string_view Specifiers::char_name() const {
  if (is_unsigned) return "unsigned char";
  return is_signed ? "signed char" : "char";
}

std::string Specifiers::integer_name() const {
  constexpr std::array<std::string_view, 3> sizes = {"int", "long",
                                                     "long long"};
  std::string_view size = longs == 0 && is_short ? "short" : sizes.at(longs);
  return is_unsigned ? fmt::format("unsigned {}", size) : std::string(size);
}

std::string Specifiers::name() const {
  if (base.empty() || base == "int") return integer_name();
  if (base == "char") return std::string(char_name());
  if (base == "double" && longs != 0) return "long double";
  if (base == "__int128" && is_unsigned) return "__int128 unsigned";
  return std::string(base);
}

// What surrounds a base type, from the inside out.
struct Step {
  enum class Kind { pointer, constant, is_volatile, array, function };
  Kind kind = Kind::pointer;
  std::uint64_t count = 0;
  bool is_flexible = false;
  std::vector<Parameter> parameters = {};
  bool is_variadic = false;
};

class TypeParser {
 public:
  TypeParser(TokenCursor& cursor, Types& types, bool bare_tags)
      : cursor_(cursor), types_(types), bare_tags_(bare_tags) {}

  Result<const Type*> type_name(unsigned depth) {
    const Type* type = TRY(specifier());
    std::vector<Step> steps;
    TRY(declarator(steps, depth));
    for (Step& step : steps)
      type = &apply(*type, step);
    return type;
  }

 private:
  Result<const Type*> specifier() {
    Step constant{Step::Kind::constant};
    Step is_volatile{Step::Kind::is_volatile};
    bool has_const = false;
    bool has_volatile = false;
    const Type* type = nullptr;
    Specifiers specifiers;
    while (cursor_.peek().kind == TokenKind::name) {
      if (cursor_.accept_name("const")) {
        has_const = true;
      } else if (cursor_.accept_name("volatile")) {
        has_volatile = true;
      } else if (type == nullptr && specifiers.take(cursor_.peek().text)) {
        cursor_.next();
      } else if (type == nullptr && specifiers.words == 0) {
        type = TRY(named());
      } else {
        break;
      }
    }
    if (specifiers.words != 0) type = &types_.c_type(specifiers.name());
    if (type == nullptr) return cursor_.syntax_error();
    if (has_const) type = &apply(*type, constant);
    if (has_volatile) type = &apply(*type, is_volatile);
    return type;
  }

  static bool is_tag(std::string_view word) {
    return word == "struct" || word == "union" || word == "enum";
  }

  Result<const Type*> tagged() {
    std::string_view word = cursor_.next().text;
    if (cursor_.peek().kind != TokenKind::name) return cursor_.syntax_error();
    std::string_view name = cursor_.next().text;
    TypeTag tag = word == "struct"  ? TypeTag::structure
                  : word == "union" ? TypeTag::union_type
                                    : TypeTag::enumeration;
    Result<const Type*> type = types_.type(name, tag);
    if (type || type.error().kind() != ErrorKind::not_found) return type;
    return Error(ErrorKind::not_found,
                 fmt::format("No {} type named {}.", word, name));
  }

  Result<const Type*> named() {
    if (is_tag(cursor_.peek().text)) return tagged();
    std::string_view name = cursor_.next().text;
    Result<const Type*> type =
        types_.type(name, bare_tags_ ? TypeTag::any : TypeTag::plain);
    if (type || type.error().kind() != ErrorKind::not_found) return type;
    return Error(ErrorKind::not_found,
                 fmt::format("No symbol \"{}\" in current context.", name));
  }

  // pointers, then what is in parentheses, then [n] and (parameters).
  Result<void> declarator(std::vector<Step>& steps, unsigned depth) {
    if (depth > max_nesting) return cursor_.syntax_error();
    pointers(steps);
    std::vector<Step> inner;
    bool is_nested =
        cursor_.is("(") &&
        (cursor_.is("*", 1) || cursor_.is("(", 1) || cursor_.is("[", 1));
    if (is_nested) {
      cursor_.next();
      TRY(declarator(inner, depth + 1));
      TRY(cursor_.expect(")"));
    }
    std::vector<Step> suffixes;
    TRY(suffix(suffixes, depth));
    std::move(suffixes.rbegin(), suffixes.rend(), std::back_inserter(steps));
    std::ranges::move(inner, std::back_inserter(steps));
    return {};
  }

  void pointers(std::vector<Step>& steps) {
    while (true) {
      if (cursor_.accept("*")) {
        steps.push_back({Step::Kind::pointer});
      } else if (cursor_.accept_name("const")) {
        steps.push_back({Step::Kind::constant});
      } else if (cursor_.accept_name("volatile")) {
        steps.push_back({Step::Kind::is_volatile});
      } else if (!cursor_.accept_name("restrict") &&
                 !cursor_.accept_name("__restrict")) {
        return;
      }
    }
  }

  Result<void> suffix(std::vector<Step>& steps, unsigned depth) {
    while (true) {
      if (cursor_.accept("[")) {
        Step array{Step::Kind::array};
        array.is_flexible = !(cursor_.peek().kind == TokenKind::integer);
        if (!array.is_flexible) array.count = cursor_.next().value;
        TRY(cursor_.expect("]"));
        steps.push_back(std::move(array));
      } else if (cursor_.is("(") && (cursor_.is(")", 1) ||
                                     cursor_.peek(1).kind == TokenKind::name)) {
        cursor_.next();
        steps.push_back(TRY(parameters(depth)));
      } else {
        return {};
      }
    }
  }

  Result<Step> parameters(unsigned depth) {
    Step step{Step::Kind::function};
    while (!cursor_.accept(")")) {
      if (cursor_.accept("...")) {
        step.is_variadic = true;
      } else {
        if (depth > max_nesting) return cursor_.syntax_error();
        const Type* type = TRY(type_name(depth + 1));
        bool is_void = type->kind == TypeKind::void_type;
        if (!is_void) step.parameters.push_back({"", type});
      }
      if (!cursor_.accept(",") && !cursor_.is(")")) {
        return cursor_.syntax_error();
      }
    }
    return step;
  }

  const Type& apply(const Type& type, Step& step) {
    switch (step.kind) {
      case Step::Kind::pointer:
        return types_.pointer_to(type);
      case Step::Kind::constant:
        return types_.qualified(type, TypeKind::const_type);
      case Step::Kind::is_volatile:
        return types_.qualified(type, TypeKind::volatile_type);
      case Step::Kind::array:
        return types_.array_of(type, step.count);
      case Step::Kind::function:
        break;
    }
    return types_.function_of(type, std::move(step.parameters),
                              step.is_variadic);
  }

  TokenCursor& cursor_;
  Types& types_;
  bool bare_tags_;
};

}  // namespace

std::string canonical_name(std::string_view name) {
  Specifiers specifiers;
  for (std::string_view word : words(name)) {
    if (!specifiers.take(word)) return std::string(name);
  }
  return specifiers.words == 0 ? std::string(name) : specifiers.name();
}

bool starts_type(const TokenCursor& cursor, Types& types) {
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::name) return false;
  constexpr std::array<std::string_view, 5> keywords = {
      "struct", "union", "enum", "const", "volatile"};
  if (std::ranges::find(keywords, token.text) != keywords.end()) return true;
  Specifiers specifiers;
  if (specifiers.take(token.text)) return true;
  return types.type(token.text, TypeTag::plain).has_value();
}

Result<const Type*> parse_type(TokenCursor& cursor, Types& types,
                               bool bare_tags) {
  return TypeParser(cursor, types, bare_tags).type_name(0);
}

}  // namespace inquest
