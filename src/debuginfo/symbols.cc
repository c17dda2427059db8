// SPDX-License-Identifier: GPL-3.0-or-later
//
// vmlinux has well over a hundred thousand symbols and every command needs
// some of them, so this is a few flat arrays: the names stay in the mapped
// string table, the order comes from a radix sort of the addresses, and the
// hash from names is made when the first name is asked for.
#include "debuginfo/symbols.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <elf.h>

#include "debuginfo/name_index.h"

namespace inquest {
namespace {

struct Key {
  std::uint64_t address = 0;
  std::uint32_t index = 0;
};

// Stable, by address, least significant digit first; digits that all keys
// share (the upper ones of kernel addresses) cost no pass.
void radix_sort(std::vector<Key>& keys) {
  constexpr unsigned digit_bits = 11;
  constexpr std::size_t buckets = 1 << digit_bits;
  std::vector<Key> other(keys.size());
  for (unsigned shift = 0; shift < 64; shift += digit_bits) {
    auto digit = [shift](const Key& key) {
      return (key.address >> shift) & (buckets - 1);
    };
    std::array<std::uint32_t, buckets> next = {};
    for (const Key& key : keys)
      ++next[digit(key)];
    if (next[digit(keys.front())] == keys.size()) continue;
    std::uint32_t sum = 0;
    for (std::uint32_t& count : next)
      sum += std::exchange(count, sum);
    for (const Key& key : keys)
      other[next[digit(key)]++] = key;
    keys.swap(other);
  }
}

std::vector<Symbol> in_address_order(std::vector<Symbol> symbols) {
  auto before = [](const Symbol& a, const Symbol& b) {
    return a.address < b.address;
  };
  if (std::is_sorted(symbols.begin(), symbols.end(), before)) return symbols;
  std::vector<Key> keys(symbols.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i] = {symbols[i].address.value, static_cast<std::uint32_t>(i)};
  }
  radix_sort(keys);
  std::vector<Symbol> sorted;
  sorted.reserve(symbols.size());
  for (const Key& key : keys)
    sorted.push_back(symbols[key.index]);
  return sorted;
}

char section_letter(const ElfSection& section) {
  if (section.flags & SHF_EXECINSTR) return 't';
  bool is_allocated = section.flags & SHF_ALLOC;
  if (section.type == SHT_NOBITS) return 'b';
  if (!is_allocated) return section.name.starts_with(".debug") ? 'N' : 'n';
  return section.flags & SHF_WRITE ? 'd' : 'r';
}

char place_letter(const ElfSymbol& symbol, std::span<const char> letters) {
  if (symbol.section == SHN_ABS) return 'a';
  return symbol.section < letters.size() ? letters[symbol.section] : '?';
}

char letter_of(const ElfSymbol& symbol, std::span<const char> letters) {
  bool is_object = ELF64_ST_TYPE(symbol.info) == STT_OBJECT;
  unsigned binding = ELF64_ST_BIND(symbol.info);
  if (symbol.section == SHN_COMMON) return 'C';
  if (symbol.section == SHN_UNDEF && binding != STB_WEAK) return 'U';
  if (symbol.section == SHN_UNDEF) return is_object ? 'v' : 'w';
  if (ELF64_ST_TYPE(symbol.info) == STT_GNU_IFUNC) return 'i';
  if (binding == STB_WEAK) return is_object ? 'V' : 'W';
  if (binding == STB_GNU_UNIQUE) return 'u';
  char letter = place_letter(symbol, letters);
  bool is_raised = binding == STB_GLOBAL && letter >= 'a' && letter <= 'z';
  return is_raised ? static_cast<char>(letter - 'a' + 'A') : letter;
}

// Names that are none: of files, sections, and marks between code and data.
bool is_named_place(const ElfSymbol& symbol) {
  unsigned type = ELF64_ST_TYPE(symbol.info);
  if (type == STT_FILE || type == STT_SECTION) return false;
  if (symbol.section == SHN_UNDEF || symbol.name.empty()) return false;
  return !is_mapping_mark(symbol.name);
}

// Where the kernel image begins, as linked: what lies below is the per-CPU
// section (based at 0 until 9d7de2aa8b41, v6.15) or no address at all.
std::uint64_t image_start(std::span<const ElfSymbol> symbols) {
  std::uint64_t start = UINT64_MAX;
  for (const ElfSymbol& symbol : symbols) {
    bool is_start = symbol.name == "_text" || symbol.name == "_stext";
    if (is_start && symbol.section != SHN_UNDEF) {
      start = std::min(start, symbol.value);
    }
  }
  return start == UINT64_MAX ? 0 : start;
}

// Symbols at one address are ordered by name, which is crash's order.
void order_ties(std::vector<Symbol>& symbols) {
  for (auto first = symbols.begin(); first != symbols.end();) {
    auto last = std::next(first);
    while (last != symbols.end() && last->address == first->address)
      ++last;
    if (std::distance(first, last) > 1) {
      std::stable_sort(first, last, [](const Symbol& a, const Symbol& b) {
        return a.name < b.name;
      });
    }
    first = last;
  }
}

// Between the end of one part of the address space and the start of another
// lies no symbol.
void reach_to_next(std::vector<Symbol>& symbols) {
  constexpr std::uint64_t most = std::uint64_t{1} << 30;
  for (std::size_t i = 0; i < symbols.size();) {
    std::size_t next = i;
    while (next < symbols.size() && symbols[next].address == symbols[i].address)
      ++next;
    std::uint64_t size =
        next < symbols.size() ? symbols[next].address - symbols[i].address : 0;
    for (; i < next; ++i)
      symbols[i].size = size < most ? size : 0;
  }
}

}  // namespace

SymbolTable sized_symbols(std::vector<Symbol> symbols,
                          std::shared_ptr<const void> keeps) {
  symbols = in_address_order(std::move(symbols));
  order_ties(symbols);
  reach_to_next(symbols);
  return {std::move(symbols), std::move(keeps)};
}

bool is_mapping_mark(std::string_view name) {
  return name.size() > 1 && name[0] == '$' &&
         (name.size() == 2 || name[2] == '.');
}

std::string_view source_name(std::string_view name) {
  std::size_t dot = name.find('.');
  while (dot != std::string_view::npos && dot != 0) {
    std::string_view suffix = name.substr(dot);
    for (std::string_view clone : {".isra.", ".part.", ".llvm."}) {
      if (suffix.starts_with(clone)) return name.substr(0, dot);
    }
    dot = name.find('.', dot + 1);
  }
  return name;
}

struct SymbolTable::Names {
  std::once_flag once;
  NameIndex index;
};

SymbolTable::SymbolTable(std::vector<Symbol> symbols,
                         std::shared_ptr<const void> keeps)
    : symbols_(in_address_order(std::move(symbols))),
      keeps_(std::move(keeps)),
      names_(std::make_unique<Names>()) {}

SymbolTable::~SymbolTable() = default;
SymbolTable::SymbolTable(SymbolTable&&) noexcept = default;

const NameIndex& SymbolTable::names() const {
  std::call_once(names_->once, [this] {
    names_->index.fill(symbols_.size(),
                       [this](std::size_t i) { return symbols_[i].name; });
  });
  return names_->index;
}

const Symbol* SymbolTable::find(std::string_view name) const {
  const Symbol* found = nullptr;
  names().candidates(name, [&](std::size_t i) {
    if (symbols_[i].name == name) found = &symbols_[i];
    return found == nullptr;
  });
  return found;
}

std::vector<const Symbol*> SymbolTable::all(std::string_view name) const {
  std::vector<const Symbol*> found;
  names().candidates(name, [&](std::size_t i) {
    if (symbols_[i].name == name) found.push_back(&symbols_[i]);
    return true;
  });
  return found;
}

std::optional<SymbolAt> SymbolTable::at(Address at) const {
  auto above = std::upper_bound(symbols_.begin(), symbols_.end(), at,
                                [](Address value, const Symbol& symbol) {
                                  return value < symbol.address;
                                });
  if (above == symbols_.begin()) return {};
  auto found = std::prev(above);
  // crash shows the last of several names for an address inside a function,
  // and the first for its start.
  while (found->address == at && found != symbols_.begin() &&
         std::prev(found)->address == at) {
    --found;
  }
  return SymbolAt{&*found, at - found->address};
}

Result<SymbolTable> symbol_table(std::shared_ptr<const ElfFile> file,
                                 std::uint64_t slide) {
  std::vector<ElfSymbol> all = TRY(file->symbols());
  std::vector<char> letters;
  for (const ElfSection& section : file->sections()) {
    letters.push_back(section_letter(section));
  }
  std::uint64_t start = image_start(all);
  std::vector<Symbol> symbols;
  symbols.reserve(all.size());
  for (const ElfSymbol& symbol : all) {
    if (!is_named_place(symbol)) continue;
    bool is_absolute = symbol.section == SHN_ABS;
    bool is_below = symbol.value < start;
    if (is_absolute && is_below) continue;
    bool moves = !is_absolute && !is_below;
    symbols.push_back({.name = source_name(symbol.name),
                       .address = {symbol.value + (moves ? slide : 0)},
                       .size = symbol.size,
                       .letter = letter_of(symbol, letters)});
  }
  symbols = in_address_order(std::move(symbols));
  order_ties(symbols);
  return SymbolTable(std::move(symbols), std::move(file));
}

}  // namespace inquest
