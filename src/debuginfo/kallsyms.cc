// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/kallsyms.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"

namespace inquest {
namespace {

constexpr std::size_t longest_name = 1024;
constexpr std::size_t most_characters = 64 << 20;

Error corrupt(std::string message) {
  return {ErrorKind::corrupt, "kallsyms: " + std::move(message)};
}

// What each byte of a name stands for.
using Tokens = std::array<std::string_view, 256>;

Result<Tokens> tokens(const KallsymsTables& tables) {
  Tokens found;
  Reader index(tables.token_index, tables.endian, "kallsyms_token_index");
  for (std::string_view& token : found) {
    Reader table(tables.token_table, tables.endian, "kallsyms_token_table");
    auto offset = TRY(index.read<std::uint16_t>());
    TRY(table.seek(offset));
    token = TRY(table.c_string());
  }
  return found;
}

// A name's length in tokens: one byte, or two since 73bbb94466fd (v6.1).
Result<std::uint64_t> length(Reader& names) {
  std::uint64_t low = TRY(names.read<std::uint8_t>());
  if (!(low & 0x80)) return low;
  std::uint64_t high = TRY(names.read<std::uint8_t>());
  return high << 7 | (low & 0x7f);
}

// Appends the next name, letter first, to |text|.
Result<void> expand(Reader& names, const Tokens& tokens, std::string& text) {
  std::size_t start = text.size();
  std::uint64_t count = TRY(length(names));
  Bytes packed = TRY(names.bytes(count));
  for (std::byte each : packed) {
    text += tokens[std::to_integer<std::size_t>(each)];
    if (text.size() - start > longest_name) return corrupt("endless name");
  }
  if (text.size() - start < 2) return corrupt("empty name");
  if (text.size() > most_characters) return corrupt("too many names");
  return {};
}

Result<Address> place(Reader& places, const KallsymsTables& tables) {
  if (tables.form == KallsymsForm::absolute) {
    return Address{TRY(places.unsigned_of(tables.pointer_size))};
  }
  auto offset = TRY(places.read<std::uint32_t>());
  if (tables.form == KallsymsForm::base_relative) {
    return Address{tables.relative_base + offset};
  }
  std::int64_t distance = sign_extend(offset, 32);
  if (distance >= 0) return Address{offset};
  return Address{tables.relative_base - 1 -
                 static_cast<std::uint64_t>(distance)};
}

}  // namespace

Result<SymbolTable> kallsyms(const KallsymsTables& tables) {
  Tokens expansions = TRY(tokens(tables));
  Reader names(tables.names, tables.endian, "kallsyms_names");
  Reader places(tables.places, tables.endian, "kallsyms_offsets");
  if (tables.count > tables.names.size() / 2) {
    return corrupt(fmt::format("{} symbols do not fit into {} bytes of names",
                               tables.count, tables.names.size()));
  }
  auto text = std::make_shared<std::string>();
  std::vector<std::size_t> ends;
  std::vector<Symbol> symbols(tables.count);
  for (Symbol& symbol : symbols) {
    TRY(expand(names, expansions, *text));
    ends.push_back(text->size());
    symbol.address = TRY(place(places, tables));
  }
  std::size_t start = 0;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    symbols[i].letter = (*text)[start];
    symbols[i].name = source_name(
        std::string_view(*text).substr(start + 1, ends[i] - start - 1));
    start = ends[i];
  }
  return sized_symbols(std::move(symbols), text);
}

Result<SymbolTable> kallsyms_listing(std::string text) {
  constexpr std::size_t shortest = 4;  // "0 T a"
  auto kept = std::make_shared<const std::string>(std::move(text));
  std::vector<Symbol> symbols;
  bool has_address = false;
  for (std::string_view line : lines(*kept)) {
    std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || line.size() < blank + shortest ||
        line[blank + 2] != ' ') {
      continue;
    }
    auto address = parse_hex(line.substr(0, blank));
    std::string_view name = trim(line.substr(blank + 3));
    // Behind a tab there is the owner of what is not vmlinux's.
    if (!address || name.empty() || name.size() > longest_name ||
        name.find_first_of("\t [") != std::string_view::npos ||
        is_mapping_mark(name)) {
      continue;
    }
    has_address = has_address || *address != 0;
    symbols.push_back({.name = source_name(name),
                       .address = {*address},
                       .letter = line[blank + 1]});
  }
  if (symbols.empty()) return corrupt("there are no symbols");
  if (!has_address) {
    return Error(ErrorKind::unsupported, "kallsyms: all addresses are hidden");
  }
  return sized_symbols(std::move(symbols), kept);
}

}  // namespace inquest
