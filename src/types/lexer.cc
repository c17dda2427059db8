// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/lexer.h"

#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "base/bytes.h"

namespace inquest {
namespace {

// Longest first, so that the first match is the right one.
constexpr std::array<std::string_view, 42> punctuation = {
    "<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==",
    "!=",  "&&",  "||",  "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "::",  "(",   ")",   "[",  "]",  "{",  "}",  ".",  "&",  "*",  "+",
    "-",   "~",   "!",   "/",  "%",  "<",  ">",  "^",  "|",
};
constexpr std::string_view single_punctuation = "?:=,@;";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
         c == '_' || c == '$';
}

Error bad(std::string message) {
  return {ErrorKind::usage, std::move(message)};
}

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// The character behind a backslash at |at|, which moves behind it.
char escape(std::string_view text, std::size_t& at) {
  constexpr std::string_view letters = "abfnrtve";
  constexpr std::string_view meanings = "\a\b\f\n\r\t\v\x1b";
  char c = text[at];
  int value = 0;
  if (c >= '0' && c <= '7') {
    for (int i = 0; i < 3 && at < text.size() && digit_value(text[at]) < 8; ++i)
      value = value * 8 + digit_value(text[at++]);
    return static_cast<char>(value);
  }
  ++at;
  if (c == 'x') {
    while (at < text.size() && digit_value(text[at]) < 16)
      value = (value * 16 + digit_value(text[at++])) & 0xff;
    return static_cast<char>(value);
  }
  std::size_t letter = letters.find(c);
  return letter == std::string_view::npos ? c : meanings[letter];
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> all;
    while (true) {
      at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size());
      if (at_ == text_.size()) break;
      std::size_t start = at_;
      Token token = TRY(one());
      token.text = text_.substr(start, at_ - start);
      all.push_back(std::move(token));
    }
    Token end;
    end.text = text_.substr(text_.size());
    all.push_back(end);
    return all;
  }

 private:
  Result<Token> one() {
    char c = text_[at_];
    bool is_fraction =
        c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
    if (is_digit(c) || is_fraction) return number();
    if (is_word(c)) {
      while (at_ < text_.size() && is_word(text_[at_]))
        ++at_;
      Token token;
      token.kind = TokenKind::name;
      return token;
    }
    if (c == '\'') return character();
    if (c == '"') return string();
    Token token;
    token.kind = TokenKind::punct;
    for (std::string_view punct : punctuation) {
      if (text_.substr(at_).starts_with(punct)) {
        at_ += punct.size();
        return token;
      }
    }
    if (single_punctuation.find(c) != std::string_view::npos) {
      ++at_;
      return token;
    }
    return bad(fmt::format("Invalid character '{}' in expression.", c));
  }

  Result<Token> number() {
    std::size_t start = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.'))
      ++at_;
    std::string_view whole = text_.substr(start, at_ - start);
    Token token;
    token.kind = TokenKind::integer;
    std::string_view digits = whole;
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
      digits.remove_prefix(2);
      base = 16;
    } else if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) {
      base = 8;
    }
    auto [end, error] = std::from_chars(
        digits.data(), digits.data() + digits.size(), token.value, base);
    if (error == std::errc::result_out_of_range) {
      return bad("Numeric constant too large.");
    }
    std::string_view rest(end, digits.data() + digits.size());
    bool is_integer = error == std::errc() &&
                      rest.find_first_not_of("uUlL") == std::string_view::npos;
    if (is_integer && rest.size() <= 3) return token;
    if (base == 8 && whole.find_first_of(".eE") == std::string_view::npos) {
      return bad(fmt::format("Invalid number \"{}\".", whole));
    }
    return floating(whole);
  }

  static Result<Token> floating(std::string_view whole) {
    std::string copy(whole);
    char* end = nullptr;
    Token token;
    token.kind = TokenKind::floating;
    token.real = std::strtod(copy.c_str(), &end);
    std::string_view rest(end);
    bool is_hex = whole.starts_with("0x") || whole.starts_with("0X");
    if (is_hex || (!rest.empty() && rest != "f" && rest != "l")) {
      return bad(fmt::format("Invalid number \"{}\".", whole));
    }
    return token;
  }

  Result<Token> character() {
    ++at_;
    Token token;
    token.kind = TokenKind::character;
    if (at_ >= text_.size()) return bad("Unmatched single quote.");
    char c = text_[at_];
    if (c == '\'') return bad("Empty character constant.");
    ++at_;
    if (c == '\\') {
      if (at_ >= text_.size()) return bad("Unmatched single quote.");
      c = escape(text_, at_);
    }
    if (at_ >= text_.size() || text_[at_] != '\'') {
      bool has_end = text_.find('\'', at_) != std::string_view::npos;
      return bad(has_end ? "Invalid character constant."
                         : "Unmatched single quote.");
    }
    ++at_;
    token.value = static_cast<std::uint64_t>(
        sign_extend(static_cast<unsigned char>(c), 8));
    return token;
  }

  Result<Token> string() {
    ++at_;
    Token token;
    token.kind = TokenKind::string;
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) c = escape(text_, at_);
      token.bytes.push_back(c);
    }
    if (at_ >= text_.size()) return bad("Unterminated string in expression.");
    ++at_;
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokens(std::string_view text) {
  return Lexer(text).run();
}

Error TokenCursor::syntax_error() const {
  auto offset = static_cast<std::size_t>(peek().text.data() - text_.data());
  return {ErrorKind::usage,
          fmt::format("A syntax error in expression, near `{}'.",
                      text_.substr(std::min(offset, text_.size())))};
}

}  // namespace inquest
