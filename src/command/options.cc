// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/options.h"

#include <algorithm>

#include <fmt/format.h>

namespace inquest {
namespace {

enum class Takes { nothing, argument, unknown };

Takes takes(std::string_view letters, char letter) {
  std::size_t at =
      letter == ':' ? std::string_view::npos : letters.find(letter);
  if (at == std::string_view::npos) return Takes::unknown;
  bool has_colon = at + 1 < letters.size() && letters[at + 1] == ':';
  return has_colon ? Takes::argument : Takes::nothing;
}

}  // namespace

Result<Options> Options::parse(Command::Words words, std::string_view letters) {
  Options options;
  bool is_over = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (is_over || word.size() < 2 || word[0] != '-') {
      options.words_.push_back(word);
      continue;
    }
    is_over = word == "--";
    for (std::size_t at = 1; at < word.size() && !is_over; ++at) {
      char letter = word[at];
      Takes kind = takes(letters, letter);
      if (kind == Takes::unknown) {
        return Error(ErrorKind::usage,
                     fmt::format("invalid option -- '{}'", letter));
      }
      std::string argument;
      if (kind == Takes::argument) {
        bool is_joined = at + 1 < word.size();
        if (!is_joined && i + 1 == words.size()) {
          return Error(
              ErrorKind::usage,
              fmt::format("option requires an argument -- '{}'", letter));
        }
        argument = is_joined ? word.substr(at + 1) : words[++i];
        at = word.size();
      }
      options.all_.emplace_back(letter, std::move(argument));
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

}  // namespace inquest
