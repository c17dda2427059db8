// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/aliases.h"

#include <algorithm>

#include "base/text.h"

namespace inquest {

Aliases::Aliases() {
  constexpr std::pair<std::string_view, std::string_view> builtin[] = {
      {"man", "help"},         {"?", "help"},
      {"quit", "q"},           {"sf", "set scroll off"},
      {"sn", "set scroll on"}, {"hex", "set radix 16"},
      {"dec", "set radix 10"}, {"g", "gdb"},
      {"px", "p -x"},          {"pd", "p -d"},
      {"for", "foreach"},      {"size", "*"},
      {"dmesg", "log"},        {"lsmod", "mod"},
      {"last", "ps -l"},
  };
  for (auto [name, text] : builtin)
    define("builtin", name, text);
}

const Alias* Aliases::find(std::string_view name) const {
  auto found = std::ranges::find(aliases_, name, &Alias::name);
  return found == aliases_.end() ? nullptr : &*found;
}

void Aliases::define(std::string_view origin, std::string_view name,
                     std::string_view text) {
  std::erase_if(aliases_, [&](const Alias& a) { return a.name == name; });
  if (text.empty()) return;
  aliases_.push_back({origin, std::string(name), std::string(text)});
}

std::string Aliases::expand(std::string_view line) const {
  line = trim(line);
  std::size_t end = std::min(line.find_first_of(" \t|>"), line.size());
  const Alias* alias = find(line.substr(0, end));
  if (alias == nullptr) return std::string(line);
  return alias->text + std::string(line.substr(end));
}

}  // namespace inquest
