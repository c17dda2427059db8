// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/options.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {
namespace {

enum class Takes { nothing, argument, value, unknown };

Takes takes(std::string_view letters, char letter) {
  bool is_mark = letter == ':' || letter == '=';
  std::size_t at = is_mark ? std::string_view::npos : letters.find(letter);
  if (at == std::string_view::npos) return Takes::unknown;
  char mark = at + 1 < letters.size() ? letters[at + 1] : '\0';
  if (mark == ':') return Takes::argument;
  return mark == '=' ? Takes::value : Takes::nothing;
}

// What belongs to the letter at |at| of word |i|: the rest of that word, or all
// of the next one, which |i| then is.
Result<std::string> argument_at(Command::Words words, std::size_t& i,
                                std::size_t at) {
  const std::string& word = words[i];
  if (at + 1 < word.size()) return word.substr(at + 1);
  if (i + 1 == words.size()) {
    return Error(ErrorKind::usage,
                 fmt::format("option requires an argument -- '{}'", word[at]));
  }
  return words[++i];
}

using LettersAndArguments = std::vector<std::pair<char, std::string>>;

// Adds the options of word |i|, "-xyz", to |all|.
Result<void> read_letters(Command::Words words, std::size_t& i,
                          std::string_view letters, LettersAndArguments& all) {
  const std::string& word = words[i];
  for (std::size_t at = 1; at < word.size(); ++at) {
    switch (takes(letters, word[at])) {
      case Takes::unknown:
        return Error(ErrorKind::usage,
                     fmt::format("invalid option -- '{}'", word[at]));
      case Takes::argument:
        all.emplace_back(word[at], TRY(argument_at(words, i, at)));
        return {};
      case Takes::value:
        if (at + 1 < word.size() && word[at + 1] == '=') {
          all.emplace_back(word[at], word.substr(at + 2));
          return {};
        }
        [[fallthrough]];
      case Takes::nothing:
        all.emplace_back(word[at], "");
    }
  }
  return {};
}

}  // namespace

Result<Options> Options::parse(Command::Words words, std::string_view letters) {
  Options options;
  bool is_over = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (is_over || word.size() < 2 || word[0] != '-') {
      options.words_.push_back(word);
    } else if (word == "--") {
      is_over = true;
    } else {
      TRY(read_letters(words, i, letters, options.all_));
    }
  }
  return options;
}

unsigned Options::count(char letter) const {
  return static_cast<unsigned>(
      std::ranges::count(all_, letter, &std::pair<char, std::string>::first));
}

std::optional<std::string_view> Options::argument(char letter) const {
  std::vector<std::string_view> given = arguments(letter);
  if (given.empty()) return std::nullopt;
  return given.back();
}

std::vector<std::string_view> Options::arguments(char letter) const {
  std::vector<std::string_view> given;
  for (const auto& [name, argument] : all_) {
    if (name == letter) given.push_back(argument);
  }
  return given;
}

std::optional<unsigned> Options::radix(std::string_view hex) const {
  std::optional<unsigned> radix;
  for (const auto& [letter, argument] : all_) {
    if (hex.find(letter) != std::string_view::npos) radix = 16;
    if (letter == 'd') radix = 10;
  }
  return radix;
}

Result<void> Options::no_words() const {
  if (words_.empty()) return {};
  return Error(ErrorKind::usage, "unexpected " + words_.front());
}

unsigned take_width(std::vector<std::string>& words, unsigned usual) {
  unsigned width = usual;
  auto is_width = [&](const std::string& word) {
    for (unsigned bits : {8U, 16U, 32U, 64U}) {
      if (word != fmt::format("-{}", bits)) continue;
      width = bits / 8;
      return true;
    }
    return false;
  };
  std::erase_if(words, is_width);
  return width;
}

}  // namespace inquest
