// SPDX-License-Identifier: GPL-3.0-or-later
// Symbols, types, lines and frames: ELF and all that is in its sections.

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "debuginfo/dwarf_index.h"
#include "debuginfo/orc.h"
#include "debuginfo/unpack.h"
#include "fuzz/target.h"
#include "unit/debuginfo/dwarf_questions.h"
#include "unit/debuginfo/elf_samples.h"
#include "unit/debuginfo/kallsyms_tables.h"
#include "unit/debuginfo/packers.h"

namespace inquest::test {
namespace {

Input copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// ---- ELF ----

void run_elf(Bytes input) {
  (void)use(copy(input));
}

std::vector<Input> elf_seeds() {
  std::vector<Input> seeds = {seed(ET_EXEC), seed(ET_REL)};
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    ElfBuilder elf(ET_EXEC, endian == std::endian::little, endian);
    elf.add({.name = ".notes",
             .type = SHT_NOTE,
             .bytes = note("GNU", NT_GNU_BUILD_ID, Bytes(), endian)});
    Writer packed;
    packed.u32(1).u32(0).u64(64).u64(1).append(with_zlib(Input(64)));
    elf.add({.name = ".debug_str",
             .flags = SHF_COMPRESSED,
             .bytes = packed.bytes()});
    elf.add_symbols({{.name = "_text", .value = 0x1000}});
    seeds.push_back(elf.build());
  }
  return seeds;
}

void run_packed_file(Bytes input) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 20;
  (void)unpacked(input, limit);
  (void)unpacked_section(1, input, 4096);
  (void)unpacked_section(2, input, 4096);
}

std::vector<Input> packed_seeds() {
  Input plain = seed(ET_EXEC);
  return {with_gzip(plain), with_xz(plain), with_zstd(plain), with_zlib(plain)};
}

// ---- DWARF ----

std::vector<Input> sample_files() {
  std::vector<Input> files;
  for (std::string_view path : split(DWARF_SAMPLES, ':')) {
    if (path.empty()) continue;
    std::ifstream file(std::string(path), std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    files.push_back(to_input(text));
  }
  return files;
}

void run_dwarf(Bytes input) {
  auto file = ElfFile::from_bytes(copy(input), "input");
  if (!file) return;
  ask_types(*file);
  Address code = {};
  for (const ElfSection& section : (*file)->sections()) {
    if (section.name == ".text") code = section.address;
  }
  ask_code(*file, code);
}

// The first byte says of what kind the section is.
void run_frames(Bytes input) {
  std::uint64_t kind = take_number(input, 1);
  CfiSection section{
      .bytes = input,
      .address = Address{0x1000},
      .is_eh_frame = (kind & 1) != 0,
      .endian = (kind & 2) != 0 ? std::endian::big : std::endian::little,
      .pointer_size = (kind & 4) != 0 ? 4U : 8U};
  auto cfi = Cfi::from_section(section);
  std::vector<Address> places = {Address{0x1000}, Address{0x1010},
                                 Address{0x2000}, Address{0}};
  constexpr unsigned most_entries = 20;
  std::uint64_t at = 0;
  for (unsigned i = 0; i < most_entries; ++i) {
    auto entry = cfi_entry(section, at);
    if (!entry || entry->end <= at) break;
    at = entry->end;
    if (entry->is_common) continue;
    auto common = cfi_common(section, entry->common);
    if (!common) continue;
    auto function = cfi_function(section, *entry, *common);
    if (function) places.push_back(function->first);
    if (function) places.push_back(Address{function->end.value - 1});
  }
  CfiFrame frame{
      .reg = [](unsigned dwarf) { return std::optional(1000ULL + dwarf); },
      .memory = [](Address where, unsigned) -> Result<std::uint64_t> {
        return where.value;
      }};
  for (Address place : places) {
    auto row = cfi->row_at(place);
    if (!row) continue;
    auto cfa = cfi->cfa(*row, frame);
    for (unsigned dwarf = 0; cfa && dwarf < 17; ++dwarf)
      (void)cfi->caller_register(*row, dwarf, *cfa, frame);
  }
  (void)evaluate_dwarf(input, std::nullopt, frame, section.endian,
                       section.pointer_size);
  (void)evaluate_dwarf(input, 5, frame, section.endian, section.pointer_size);
}

std::vector<Input> frame_seeds() {
  std::vector<Input> seeds;
  for (const Input& bytes : sample_files()) {
    auto file = ElfFile::from_bytes(bytes, "sample");
    if (!file) continue;
    for (const char* name : {".debug_frame", ".eh_frame"}) {
      const ElfSection* section = (*file)->section(name);
      if (section == nullptr) continue;
      auto contents = (*file)->contents(*section);
      if (!contents) continue;
      Input input = copy(*contents);
      input.insert(input.begin(), std::byte(name[1] == 'e' ? 1 : 0));
      seeds.push_back(std::move(input));
    }
  }
  return seeds;
}

DwarfIdentity index_identity() {
  return {
      .build_id = "0011", .info = 64, .types = 0, .abbrev = 8, .strings = 32};
}

void run_dwarf_index(Bytes input) {
  auto kept = std::make_shared<const Input>(copy(input));
  auto index = DwarfIndex::open(*kept, index_identity(), kept);
  if (!index) return;
  for (const DwarfEntry& entry : (*index)->entries())
    (void)(*index)->unit_of(entry.die);
  (void)(*index)->find("list");
  (void)(*index)->signed_type(7);
}

std::vector<Input> index_seeds() {
  DwarfIndexParts parts;
  parts.units = {0, 32};
  parts.signatures = {{7, 40}};
  parts.entries = {{.hash = dwarf_name_hash("list"), .die = 16, .name = 1}};
  return {copy(DwarfIndex(index_identity(), parts).bytes())};
}

// ---- BTF, kallsyms, ORC ----

void run_btf(Bytes input) {
  auto kept = std::make_shared<const Input>(copy(input));
  use_btf(*kept, kept);
  (void)Btf::open(*kept, std::endian::big, 4, nullptr, kept);
}

std::vector<Input> btf_seeds() {
  BtfBuilder small;
  auto number = small.integer("int", 4, 1);
  small.add("s", 4, 1, 4, {{small.name("a"), number, 0}});
  return {btf_section(), small.build()};
}

// The form, the number of symbols, the base; the sizes of two tables, and what
// is left is halved between the other two.
void run_kallsyms(Bytes input) {
  KallsymsTables tables;
  std::uint64_t form = take_number(input, 1);
  tables.form = static_cast<KallsymsForm>(form % 3);
  if ((form & 0x10) != 0) tables.endian = std::endian::big;
  if ((form & 0x20) != 0) tables.pointer_size = 4;
  tables.count = take_number(input, 4);
  tables.relative_base = take_number(input, 8);
  std::size_t places = take_number(input, 2);
  std::size_t names = take_number(input, 2);
  tables.token_index = take(input, 512);
  tables.places = take(input, places);
  tables.names = take(input, names);
  tables.token_table = input;
  auto table = kallsyms(tables);
  if (!table) return;
  (void)table->find("sys_call");
  (void)table->at(Address{tables.relative_base + 0x10});
}

std::vector<Input> kallsyms_seeds() {
  std::vector<Input> seeds;
  for (unsigned form = 0; form < 3; ++form) {
    KallsymsBuilder built;
    for (std::string_view name :
         {std::string_view("\1_call", 6), std::string_view("d\0task", 6)}) {
      built.name(name);
      built.place(0x10, form == 0 ? 8 : 4);
    }
    KallsymsTables tables = built.tables(static_cast<KallsymsForm>(form));
    Writer seed;
    seed.number(form, 1).u32(tables.count).u64(tables.relative_base);
    seed.u16(tables.places.size()).u16(tables.names.size());
    seed.append(tables.token_index).append(tables.places);
    seed.append(tables.names).append(tables.token_table);
    seeds.push_back(seed.bytes());
  }
  return seeds;
}

void run_kallsyms_listing(Bytes input) {
  auto table = kallsyms_listing(std::string(as_text(input)));
  if (!table) return;
  (void)table->find("_text");
  (void)table->at(Address{0xffffffff81000004});
}

std::vector<Input> listing_seeds() {
  return {
      to_input("ffffffff81000000 T _text\n"
               "ffffffff81000010 t a.isra.0\n"
               "0000000000001000 A per_cpu\n"
               "ffffffffc0000000 t f\t[module]\n")};
}

// The format and where the table lies; half of the rest is for distances.
void run_orc(Bytes input) {
  const OrcFormat formats[] = {OrcFormat::v4_14(), OrcFormat::v6_3(),
                               OrcFormat::v6_4(), OrcFormat::v7_1()};
  OrcFormat format = formats[take_number(input, 1) % 4];
  Address at{take_number(input, 8)};
  std::size_t count = input.size() / (4 + orc_entry_size);
  Bytes ips = take(input, count * 4);
  auto table = OrcTable::open(ips, at, input, format, nullptr);
  if (!table)
    table = OrcTable::open(ips, at, take(input, count * 6), format, nullptr);
  if (!table) return;
  for (std::uint64_t offset = 0; offset < 64; offset += 4)
    (void)table->find(at + offset);
  for (std::uint64_t far : {0ULL, 0xffffffff81000008ULL, ~0ULL})
    (void)table->find(Address{far});
}

std::vector<Input> orc_seeds() {
  std::vector<Input> seeds;
  constexpr std::uint64_t at = 0xffffffff81001000;
  for (unsigned format = 0; format < 4; ++format) {
    Writer seed;
    seed.number(format, 1).u64(at);
    // Sorted, or not for the oldest format.
    for (std::uint64_t i = 0; i < 4; ++i) {
      std::uint64_t code = at - 0x1000 + 16 * (format == 0 ? 3 - i : i);
      seed.u32(code - (at + i * 4));
    }
    for (unsigned i = 0; i < 4; ++i)
      seed.u16(8 * i).u16(0xfff0).number(0x15, 1).number(2 + i % 2, 1);
    seeds.push_back(seed.bytes());
  }
  return seeds;
}

constexpr FuzzTarget targets[] = {
    {"elf", run_elf, elf_seeds},
    {"packed_file", run_packed_file, packed_seeds},
    {"dwarf", run_dwarf, sample_files},
    {"frames", run_frames, frame_seeds},
    {"dwarf_index", run_dwarf_index, index_seeds},
    {"btf", run_btf, btf_seeds},
    {"kallsyms", run_kallsyms, kallsyms_seeds},
    {"kallsyms_listing", run_kallsyms_listing, listing_seeds},
    {"orc", run_orc, orc_seeds},
};

}  // namespace

std::span<const FuzzTarget> debuginfo_targets() {
  return targets;
}

}  // namespace inquest::test
