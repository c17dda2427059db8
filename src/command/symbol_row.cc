// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/symbol_row.h"

#include <fmt/format.h>

#include "base/text.h"
#include "debuginfo/elf_file.h"
#include "kernel/module.h"

namespace inquest {

report::Record to_record(const SymbolRow& row) {
  report::Record record;
  record.add("address", row.address);
  record.add("type", std::string(1, row.letter));
  record.add("name", row.name);
  record.add("offset", row.offset);
  record.add("module",
             row.module.empty() ? report::Value() : report::Value(row.module));
  if (row.line) {
    record.add("file", row.line->file);
    record.add("line", row.line->line);
  }
  if (!row.section.empty()) record.add("section", row.section);
  return record;
}

std::string to_text(const SymbolRow& row) {
  std::string text =
      fmt::format("{}{:x} ({}) {}", row.is_indented ? "  " : "",
                  row.address.value, row.letter, printable(row.name));
  if (row.offset != 0) text += fmt::format("+{}", row.offset);
  if (row.tail == SymbolTail::none) return text + '\n';
  if (!row.module.empty()) text += fmt::format(" [{}]", printable(row.module));
  if (row.tail == SymbolTail::section) return text + " [" + row.section + "]\n";
  if (row.tail == SymbolTail::line) text += ' ';
  if (row.line) text += fmt::format("{}: {}", row.line->file, row.line->line);
  return text + '\n';
}

namespace {

bool is_function(char letter) {
  return letter == 't' || letter == 'T' || letter == 'w' || letter == 'W';
}

std::string module_section(const Kernel& kernel, const FoundSymbol& found) {
  auto sections = kernel.modules().sections(*found.module);
  if (!sections) return "(unknown)";
  const std::pair<const std::string, Address>* best = nullptr;
  for (const auto& section : *sections) {
    bool is_before = section.second <= found.symbol->address;
    bool is_later = best == nullptr || best->second < section.second;
    if (is_before && is_later) best = &section;
  }
  return best != nullptr ? best->first : "(unknown)";
}

std::string section_name(const Kernel& kernel, const FoundSymbol& found) {
  if (found.module != nullptr) return module_section(kernel, found);
  constexpr std::uint64_t in_memory = 2;  // SHF_ALLOC
  Address linked = found.symbol->address - kernel.kaslr_offset();
  const ElfFile* vmlinux = kernel.vmlinux_file();
  if (vmlinux == nullptr) return "(unknown)";
  for (const ElfSection& section : vmlinux->sections()) {
    if ((section.flags & in_memory) != 0 && linked >= section.address &&
        linked - section.address < section.size) {
      return section.name;
    }
  }
  return "(unknown)";
}

}  // namespace

SymbolRow symbol_row(const Kernel& kernel, const FoundSymbol& found,
                     SymbolTail tail) {
  SymbolRow row;
  row.name = found.symbol->name;
  row.address = found.symbol->address + found.offset;
  row.offset = found.offset;
  row.letter = found.symbol->letter;
  if (found.module != nullptr) row.module = found.module->name;
  row.tail = tail;
  if (tail == SymbolTail::line && is_function(row.letter)) {
    if (auto line = kernel.source_line(row.address)) {
      row.line = std::move(line).value();
    }
  }
  if (tail == SymbolTail::section) row.section = section_name(kernel, found);
  return row;
}

std::optional<FoundSymbol> symbol_at(const Kernel& kernel, Address at) {
  const Module* module = kernel.modules().at(at);
  const SymbolTable& table =
      module != nullptr ? kernel.modules().symbols(*module) : kernel.symbols();
  if (module == nullptr && !kernel.place(at)) {
    // Outside of the image only a symbol's own address is one.
    auto exact = table.at(at);
    if (!exact || exact->offset != 0) return std::nullopt;
    return FoundSymbol{&table, nullptr, exact->symbol, 0};
  }
  auto found = table.at(at);
  if (!found) return std::nullopt;
  return FoundSymbol{&table, module, found->symbol, found->offset};
}

}  // namespace inquest
