// SPDX-License-Identifier: GPL-3.0-or-later
//
// x86_64. Page tables have 512 entries of 8 bytes; bit 0 of an entry says that
// it is present, bit 7 on the two levels above the last that it maps a large
// page. Bits 12 to 51 are the physical address, of which memory encryption may
// take one (Paging::ignored). Entries that are not present are the kernel's
// to use: swap entries, and PROT_NONE pages with an inverted address.

#include <array>

#include <fmt/format.h>

#include "arch/architectures.h"
#include "arch/relocation.h"

namespace inquest {
namespace {

constexpr std::uint64_t present = 1;
constexpr std::uint64_t large_page = std::uint64_t{1} << 7;
constexpr std::uint64_t address_bits = 0x000ffffffffff000;
constexpr unsigned index_bits = 9;
constexpr unsigned page_shift = 12;
constexpr unsigned most_levels = 5;

constexpr std::array<std::string_view, most_levels> table_names = {
    "PTE", "PMD", "PUD", "P4D", "PGD"};

// With four levels the top table is the PGD.
std::string_view table_name(unsigned level, unsigned levels) {
  return level + 1 == levels ? table_names.back() : table_names.at(level);
}

constexpr std::array<RegisterName, 24> register_names = {{
    {"rax", 0},  {"rdx", 1},  {"rcx", 2},  {"rbx", 3},     {"rsi", 4},
    {"rdi", 5},  {"rbp", 6},  {"rsp", 7},  {"r8", 8},      {"r9", 9},
    {"r10", 10}, {"r11", 11}, {"r12", 12}, {"r13", 13},    {"r14", 14},
    {"r15", 15}, {"rip", 16}, {"cs", 51},  {"ss", 52},     {"ds", 53},
    {"es", 50},  {"fs", 54},  {"gs", 55},  {"eflags", 49},
}};

// The relocation types of the x86_64 psABI that compilers give to kernel code
// and DWARF.
enum Relocation : unsigned {
  r_none = 0,
  r_64 = 1,
  r_pc32 = 2,
  r_plt32 = 4,
  r_32 = 10,
  r_32s = 11,
  r_16 = 12,
  r_pc16 = 13,
  r_8 = 14,
  r_pc8 = 15,
  r_pc64 = 24,
};

constexpr std::array<RelocationShape, 10> relocation_shapes = {{
    {r_64, 8, false, Fit::as_unsigned},
    {r_pc32, 4, true, Fit::as_signed},
    {r_plt32, 4, true, Fit::as_signed},
    {r_32, 4, false, Fit::as_unsigned},
    {r_32s, 4, false, Fit::as_signed},
    {r_16, 2, false, Fit::as_unsigned},
    {r_pc16, 2, true, Fit::as_signed},
    {r_8, 1, false, Fit::as_signed},
    {r_pc8, 1, true, Fit::as_signed},
    {r_pc64, 8, true, Fit::as_signed},
}};

// The underscore is the architecture's own.
class X86_64 : public Arch {  // NOLINT(readability-identifier-naming)
 public:
  std::string_view name() const override { return "x86_64"; }
  unsigned elf_machine() const override { return 62; }
  std::endian endian() const override { return std::endian::little; }
  unsigned pointer_size() const override { return 8; }
  std::span<const RegisterName> registers() const override {
    return register_names;
  }
  unsigned pc_register() const override { return 16; }
  unsigned sp_register() const override { return 7; }
  unsigned fp_register() const override { return 6; }

  Result<Translation> translate(const PhysRead& memory, const Paging& paging,
                                Address at,
                                std::vector<WalkStep>* steps) const override;
  PhysAddress entry_address(const Paging& paging,
                            std::uint64_t entry) const override {
    return {entry & address_bits & ~paging.ignored};
  }
  Result<void> relocate(unsigned type, std::span<std::byte> place, Address at,
                        std::uint64_t value) const override;
};

Error not_present(const WalkStep& step, Address at) {
  return Error(
      ErrorKind::fault,
      fmt::format("{:#x}: not mapped: {} entry {:#x} at {:#x} is not "
                  "present",
                  at.value, step.table, step.entry, step.entry_at.value),
      at.value);
}

Result<Translation> X86_64::translate(const PhysRead& memory,
                                      const Paging& paging, Address at,
                                      std::vector<WalkStep>* steps) const {
  if (paging.levels == 0 || paging.levels > most_levels) {
    return Error(ErrorKind::unsupported,
                 fmt::format("x86_64 page tables of {} levels", paging.levels));
  }
  unsigned bits = page_shift + paging.levels * index_bits;
  if (static_cast<std::uint64_t>(sign_extend(at.value, bits)) != at.value) {
    return Error(
        ErrorKind::fault,
        fmt::format("{:#x}: not mapped: no address of {} bits", at.value, bits),
        at.value);
  }
  std::uint64_t address_mask = address_bits & ~paging.ignored;
  std::uint64_t table = paging.root.value & address_mask;
  for (unsigned level = paging.levels; level-- > 0;) {
    unsigned shift = page_shift + level * index_bits;
    std::uint64_t index = at.value >> shift & ((1U << index_bits) - 1);
    WalkStep step{.table = table_name(level, paging.levels),
                  .entry_at = {table + index * 8}};
    std::array<std::byte, 8> bytes = {};
    TRY(memory(step.entry_at, bytes));
    step.entry = load_unsigned(bytes, std::endian::little);
    if (steps) steps->push_back(step);
    if ((step.entry & present) == 0) return not_present(step, at);
    bool is_large =
        (level == 1 || level == 2) && (step.entry & large_page) != 0;
    if (level == 0 || is_large) {
      std::uint64_t size = std::uint64_t{1} << shift;
      std::uint64_t start = step.entry & address_mask & ~(size - 1);
      return Translation{.physical = {start | (at.value & (size - 1))},
                         .page_size = size,
                         .entry = step.entry};
    }
    table = step.entry & address_mask;
  }
  return Error(ErrorKind::fault, "page tables without levels", at.value);
}

Result<void> X86_64::relocate(unsigned type, std::span<std::byte> place,
                              Address at, std::uint64_t value) const {
  if (type == r_none) return {};
  return relocate_by({name(), relocation_shapes}, type, place, at, value);
}

}  // namespace

const Arch& x86_64() {
  static const X86_64 arch;
  return arch;
}

}  // namespace inquest
