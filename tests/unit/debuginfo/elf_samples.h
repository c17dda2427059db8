// SPDX-License-Identifier: GPL-3.0-or-later
// Files with a bit of everything, and all that is asked of such files.

#pragma once

#include <stdexcept>

#include "debuginfo/btf.h"
#include "debuginfo/relocate.h"
#include "debuginfo/symbols.h"
#include "types/declaration.h"
#include "unit/debuginfo/build_elf.h"

namespace inquest::test {

inline std::vector<std::byte> btf_section() {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  auto pointer = builder.add("", 2, 0, number);
  auto array = builder.add("", 3, 0, 0, {{pointer, number, 4}});
  builder.add("s", 4, 3 | BtfBuilder::flag, 64,
              {{builder.name("a"), array, 0},
               {builder.name("b"), number, 3U << 24 | 256},
               {0, builder.end() + 1, 320}});
  builder.add("", 5, 1, 8, {{builder.name("u"), pointer, 0}});
  builder.add("e", 6, 2, 4, {{builder.name("x"), 1}, {builder.name("y"), 2}});
  auto forward = builder.add("s", 7, 0, 0);
  auto name = builder.add("t", 8, 0, forward);
  auto proto = builder.add("", 13, 2, name, {{0, number}, {0, 0}});
  builder.add("f", 12, 1, proto);
  builder.add("v", 14, 0, number, {{1}});
  auto tag = builder.add("tag", 18, 0, number);
  builder.add("c", 8, 0, tag);
  builder.add("big", 19, 1, 8, {{builder.name("z"), 1, 2}});
  return builder.build();
}

inline std::vector<std::byte> seed(unsigned type) {
  ElfBuilder elf(type);
  auto code = elf.add({.name = ".text",
                       .flags = SHF_ALLOC | SHF_EXECINSTR,
                       .address = 0x1000,
                       .bytes = std::vector<std::byte>(64)});
  auto info =
      elf.add({.name = ".debug_info", .bytes = std::vector<std::byte>(64)});
  elf.add({.name = ".BTF", .bytes = btf_section()});
  elf.add({.name = ".notes",
           .type = SHT_NOTE,
           .bytes = note("GNU", NT_GNU_BUILD_ID, Bytes())});
  elf.add({.name = ".gnu_debuglink", .bytes = std::vector<std::byte>(8)});
  auto symbols =
      elf.add_symbols({{.name = "_text", .value = 0x1000, .section = code},
                       {.name = "a.isra.1", .value = 0x1010, .section = code},
                       {.name = "out", .section = SHN_UNDEF}});
  Writer relocations;
  for (std::uint64_t i = 0; i < 4; ++i) {
    relocations.u64(i * 16).u64((i % 4) << 32 | R_X86_64_64).u64(i);
  }
  elf.add({.name = ".rela.debug_info",
           .type = SHT_RELA,
           .bytes = relocations.bytes(),
           .link = symbols,
           .info = info});
  return elf.build();
}

inline void visit(const Type& type, int depth) {
  if (depth > 4) return;
  (void)type.size();
  if (depth == 0) (void)definition(type);
  (void)find_member(type, "a[1]");
  if (type.target()) visit(*type.target(), depth + 1);
  for (const Member& member : type.members()) {
    if (member.type == nullptr) throw std::logic_error("no type");
    visit(*member.type, depth + 1);
  }
  for (const Parameter& parameter : type.parameters()) {
    visit(*parameter.type, depth + 1);
  }
}

inline void use_btf(Bytes bytes, const std::shared_ptr<const void>& keeps) {
  auto btf = Btf::open(bytes, std::endian::little, 8, {}, keeps);
  if (!btf) return;
  (*btf)->each_type([](const Type& type) {
    visit(type, 0);
    return true;
  });
  (void)(*btf)->type("s", TypeTag::any);
  (void)(*btf)->enumerator("y");
  auto function = (*btf)->function("f");
  if (function) visit(*function->type, 0);
  (void)(*btf)->variable("v");
  (void)(*btf)->names("", 10);
  auto split = Btf::open(bytes, std::endian::little, 8, *btf, keeps);
  if (!split) return;
  (*split)->each_type([](const Type& type) {
    visit(type, 0);
    return true;
  });
}

inline void use_symbols(const std::shared_ptr<const ElfFile>& file) {
  auto table = symbol_table(file, 0x100000);
  if (!table) return;
  (void)table->find("_text");
  (void)table->all("a");
  (void)table->at({0x101004});
}

// What the layers above do with a file.
inline bool use(std::vector<std::byte> bytes) {
  auto file = ElfFile::from_bytes(std::move(bytes), "mutant");
  if (!file) return false;
  for (const ElfSection& section : (*file)->sections()) {
    (void)(*file)->contents(section);
  }
  (void)(*file)->debug_link();
  use_symbols(*file);
  if (const ElfSection* btf = (*file)->section(".BTF")) {
    auto contents = (*file)->contents(*btf);
    if (contents) use_btf(*contents, *file);
  }
  auto linked = relocated(*file, *find_arch(unsigned{EM_X86_64}),
                          {{".text", {0xffffffffc0000000}}},
                          [](std::string_view) { return Address{1}; });
  if (linked) use_symbols(*linked);
  return true;
}

}  // namespace inquest::test
