// SPDX-License-Identifier: GPL-3.0-or-later
// Other names for commands.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inquest {

struct Alias {
  std::string_view origin;  // "builtin", ".crashrc", "runtime"
  std::string name;
  std::string text;
};

class Aliases {
 public:
  Aliases();

  const std::vector<Alias>& all() const { return aliases_; }
  const Alias* find(std::string_view name) const;
  // Defines or replaces; an empty |text| removes.
  void define(std::string_view origin, std::string_view name,
              std::string_view text);
  // |line| with an alias at its start replaced, once; the line itself where
  // there is none.
  std::string expand(std::string_view line) const;

 private:
  std::vector<Alias> aliases_;
};

}  // namespace inquest
