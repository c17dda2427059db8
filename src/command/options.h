// SPDX-License-Identifier: GPL-3.0-or-later
// A command's words, told apart as getopt(3) does: options by letter, which
// may stand together ("-Tm"), come with an argument ("-s tun" or "-stun") and
// follow other words; and all the rest. "--" ends the options.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"

namespace inquest {

class Options {
 public:
  // |letters| are those allowed; one followed by ':' takes an argument, by '='
  // may have one after that sign ("-S=1,3").
  // |usage| names a letter that is not allowed or lacks its argument.
  static Result<Options> parse(Command::Words words, std::string_view letters);

  bool has(char letter) const { return count(letter) != 0; }
  // How often it was given: "-FF" is 2.
  unsigned count(char letter) const;
  // The argument of the last such option.
  std::optional<std::string_view> argument(char letter) const;
  std::vector<std::string_view> arguments(char letter) const;
  // All options in order, with their arguments ("" for those without).
  const std::vector<std::pair<char, std::string>>& all() const { return all_; }

  // What the last of -x and -d says; |hex|: the letters that say 16.
  std::optional<unsigned> radix(std::string_view hex = "x") const;

  // What is no option, in order.
  const std::vector<std::string>& words() const { return words_; }
  // |usage| names the first of them: for what takes none.
  Result<void> no_words() const;

 private:
  std::vector<std::pair<char, std::string>> all_;
  std::vector<std::string> words_;
};

// Takes options like -16, which are one number and not two letters, from
// |words|: the bytes of so many bits, of the last such option or |usual|.
unsigned take_width(std::vector<std::string>& words, unsigned usual);

}  // namespace inquest
