// SPDX-License-Identifier: GPL-3.0-or-later
// A symbol as sym and kmem show it.

#pragma once

#include <optional>
#include <string>

#include "kernel/kernel.h"
#include "report/report.h"

namespace inquest {

struct Module;

// What follows the name.
enum class SymbolTail { none, module, line, section };

struct SymbolRow {
  std::string name;
  Address address;  // as asked for
  std::uint64_t offset = 0;
  char letter = '?';
  std::string module;  // "" for vmlinux
  SymbolTail tail = SymbolTail::none;
  std::optional<SourceLine> line;
  std::string section;
  bool is_indented = false;
};

report::Record to_record(const SymbolRow& row);
std::string to_text(const SymbolRow& row);

// A symbol and the table it is of.
struct FoundSymbol {
  const SymbolTable* table = nullptr;
  const Module* module = nullptr;  // null: vmlinux
  const Symbol* symbol = nullptr;
  std::uint64_t offset = 0;
};

SymbolRow symbol_row(const Kernel& kernel, const FoundSymbol& found,
                     SymbolTail tail);
// The symbol that |at| lies in; outside of the image and modules only one that
// is exactly there.
std::optional<FoundSymbol> symbol_at(const Kernel& kernel, Address at);

}  // namespace inquest
