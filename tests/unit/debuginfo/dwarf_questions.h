// SPDX-License-Identifier: GPL-3.0-or-later
// All that is asked of the DWARF of a file.

#pragma once

#include "debuginfo/cfi.h"
#include "debuginfo/dwarf.h"
#include "types/declaration.h"

namespace inquest::test {

inline void ask_types(const std::shared_ptr<const ElfFile>& file) {
  auto types = dwarf_types(file, {.threads = 1});
  if (!types) return;
  unsigned count = 0;
  (*types)->each_type([&](const Type& one) {
    if (count < 30) (void)definition(one);
    for (const Member& member : one.members()) {
      if (member.type) (void)member.type->size();
    }
    for (const Enumerator& value : one.enumerators())
      (void)value.name;
    return ++count < 1000;
  });
  for (std::string_view name : {"kitchens", "sample_entry", "static_flags"}) {
    auto found = (*types)->variable(name);
    if (found && found->type) (void)found->type->stripped().members();
  }
  auto function = (*types)->function("sample_function");
  if (function && function->type) (void)function->type->parameters();
  (void)(*types)->enumerator("BLUE");
  (void)(*types)->types("entry", TypeTag::any);
  (void)(*types)->names("s", 10);
}

inline void ask_code(const std::shared_ptr<const ElfFile>& file, Address at) {
  if (auto lines = source_lines(file)) {
    for (unsigned i = 0; i < 40; i += 4) {
      (void)(*lines)->line_at(at + i);
      (void)(*lines)->inlined_at(at + i);
    }
  }
  auto cfi = Cfi::open(file);
  if (!cfi) return;
  CfiFrame frame{
      .reg = [](unsigned dwarf) { return std::optional(1000ULL + dwarf); },
      .memory = [](Address where, unsigned) -> Result<std::uint64_t> {
        return where.value;
      }};
  for (unsigned i = 0; i < 40; i += 4) {
    auto row = (*cfi)->row_at(at + i);
    if (!row) continue;
    auto cfa = (*cfi)->cfa(*row, frame);
    if (!cfa) continue;
    for (unsigned dwarf = 0; dwarf < 17; ++dwarf) {
      (void)(*cfi)->caller_register(*row, dwarf, *cfa, frame);
    }
  }
}

}  // namespace inquest::test
