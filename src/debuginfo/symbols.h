// SPDX-License-Identifier: GPL-3.0-or-later
// Symbols by address and by name: of vmlinux, and of each module.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "debuginfo/elf_file.h"

namespace inquest {

class NameIndex;

struct Symbol {
  std::string_view name;   // lives as long as the table
  Address address;         // in the dump: KASLR applied
  std::uint64_t size = 0;  // 0: not known
  char letter = '?';       // as nm: T t D d B b R r A a W w V v ...
};

// A symbol and how far an address lies behind it.
struct SymbolAt {
  const Symbol* symbol = nullptr;
  std::uint64_t offset = 0;
};

// Whether |name| only marks where code or data begins (arm's $x, $d.12).
bool is_mapping_mark(std::string_view name);

// The symbols of one object, sorted by address (ties in source order). Names
// are looked up through a hash table made when first asked for.
class SymbolTable {
 public:
  SymbolTable(std::vector<Symbol> symbols, std::shared_ptr<const void> keeps);
  ~SymbolTable();
  SymbolTable(SymbolTable&&) noexcept;

  std::span<const Symbol> sorted() const { return symbols_; }
  // The first symbol of that name in address order, or null.
  const Symbol* find(std::string_view name) const;
  std::vector<const Symbol*> all(std::string_view name) const;
  // The last symbol at or before |at|; of several at one address the one that
  // crash shows (a global one before a local one, none of the compiler's
  // labels). Nothing before the first symbol.
  std::optional<SymbolAt> at(Address at) const;

 private:
  struct Names;
  const NameIndex& names() const;

  std::vector<Symbol> symbols_;
  std::shared_ptr<const void> keeps_;
  mutable std::unique_ptr<Names> names_;
};

// Symbols of a source without sizes (kallsyms): each reaches to the next one,
// ties are ordered as symbol_table() orders them.
SymbolTable sized_symbols(std::vector<Symbol> symbols,
                          std::shared_ptr<const void> keeps);

// A function's name in the source: without what the compiler appended to the
// clones it made (".isra.0", ".part.1", ".llvm.2"); ".constprop.0" and ".cold"
// stay, as in crash.
std::string_view source_name(std::string_view name);

// The symbols of vmlinux's .symtab moved by |slide| (absolute and per-CPU ones
// stay). Absolute, section, file and mapping symbols are left out or kept as
// crash's sym -l shows them.
Result<SymbolTable> symbol_table(std::shared_ptr<const ElfFile> file,
                                 std::uint64_t slide);

}  // namespace inquest
