// SPDX-License-Identifier: GPL-3.0-or-later
// C text as tokens, for type names and expressions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inquest {

enum class TokenKind { end, name, integer, floating, character, string, punct };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;    // as written
  std::uint64_t value = 0;  // integer, character
  double real = 0;          // floating
  std::string bytes;        // string: without quotes, escapes resolved
};

// Ends with a token of kind |end|. Numbers are decimal, octal (0...),
// hexadecimal (0x...); names may begin with '$'. |usage| errors otherwise.
Result<std::vector<Token>> tokens(std::string_view text);

// A position in tokens.
class TokenCursor {
 public:
  TokenCursor(std::string_view text, const std::vector<Token>& all)
      : text_(text), all_(all) {}

  const Token& peek(std::size_t ahead = 0) const {
    std::size_t last = all_.size() - 1;
    return all_[at_ + ahead < last ? at_ + ahead : last];
  }
  const Token& next() {
    const Token& token = peek();
    if (at_ + 1 < all_.size()) ++at_;
    return token;
  }
  bool at_end() const { return peek().kind == TokenKind::end; }
  bool is(std::string_view punct, std::size_t ahead = 0) const {
    const Token& token = peek(ahead);
    return token.kind == TokenKind::punct && token.text == punct;
  }
  bool is_name(std::string_view name, std::size_t ahead = 0) const {
    const Token& token = peek(ahead);
    return token.kind == TokenKind::name && token.text == name;
  }
  bool accept(std::string_view punct) {
    if (!is(punct)) return false;
    next();
    return true;
  }
  bool accept_name(std::string_view name) {
    if (!is_name(name)) return false;
    next();
    return true;
  }
  std::size_t position() const { return at_; }
  void rewind(std::size_t position) { at_ = position; }
  // "A syntax error in expression, near `...'."
  Error syntax_error() const;
  Result<void> expect(std::string_view punct) {
    if (!accept(punct)) return syntax_error();
    return {};
  }

 private:
  std::string_view text_;
  const std::vector<Token>& all_;
  std::size_t at_ = 0;
};

}  // namespace inquest
