// SPDX-License-Identifier: GPL-3.0-or-later
//
// arm64 (AArch64). Two sets of tables translate one half of the address space
// each: TTBR1's the upper one, the kernel's, TTBR0's the lower one. Pages are
// of 4, 16 or 64 KiB; a table fills one page, but the top one may be smaller.
//
// The two lowest bits of an entry tell its kind: 3 is the next table, or on
// the last level a page; 1 on the levels above is a block, a large page. The
// address has bits 47 to the page's lowest, and for 52-bit physical addresses
// four more: with 64 KiB pages bits 51:48 lie in bits 15:12, with the smaller
// ones (LPA2, Paging::has_wide_entries) bits 51:50 in bits 9:8 and bits 49:48
// in place.

#include <array>

#include <fmt/format.h>

#include "arch/architectures.h"
#include "arch/relocation.h"

namespace inquest {
namespace {

constexpr unsigned most_levels = 5;
constexpr unsigned shift_64k = 16;
constexpr std::uint64_t kind_bits = 3;
constexpr std::uint64_t table_or_page = 3;
constexpr std::uint64_t block = 1;

constexpr std::array<std::string_view, most_levels> table_names = {
    "PTE", "PMD", "PUD", "P4D", "PGD"};

// The kernel's names for the tables: the top one is the PGD.
std::string_view table_name(unsigned level, unsigned levels) {
  return level + 1 == levels ? table_names.back() : table_names.at(level);
}

constexpr unsigned general_registers = 31;  // x0 to x30, the link register
constexpr unsigned sp_index = 31;
constexpr unsigned pc_index = 32;
constexpr std::array<RegisterName, 34> register_names = {{
    {"x0", 0},   {"x1", 1},   {"x2", 2},   {"x3", 3},    {"x4", 4},
    {"x5", 5},   {"x6", 6},   {"x7", 7},   {"x8", 8},    {"x9", 9},
    {"x10", 10}, {"x11", 11}, {"x12", 12}, {"x13", 13},  {"x14", 14},
    {"x15", 15}, {"x16", 16}, {"x17", 17}, {"x18", 18},  {"x19", 19},
    {"x20", 20}, {"x21", 21}, {"x22", 22}, {"x23", 23},  {"x24", 24},
    {"x25", 25}, {"x26", 26}, {"x27", 27}, {"x28", 28},  {"x29", 29},
    {"x30", 30}, {"sp", 31},  {"pc", 32},  {"cpsr", -1},
}};
static_assert(register_names[general_registers].name == "sp");

// The relocation types of the AArch64 ELF ABI that DWARF uses.
enum Relocation : unsigned {
  r_none = 0,
  r_none_old = 256,
  r_abs64 = 257,
  r_abs32 = 258,
  r_abs16 = 259,
  r_prel64 = 260,
  r_prel32 = 261,
  r_prel16 = 262,
};

// The ABI lets a 32- or 16-bit value be either signed or unsigned.
constexpr std::array<RelocationShape, 6> relocation_shapes = {{
    {r_abs64, 8, false, Fit::either},
    {r_abs32, 4, false, Fit::either},
    {r_abs16, 2, false, Fit::either},
    {r_prel64, 8, true, Fit::as_signed},
    {r_prel32, 4, true, Fit::as_signed},
    {r_prel16, 2, true, Fit::as_signed},
}};

class Arm64 : public Arch {
 public:
  std::string_view name() const override { return "aarch64"; }
  unsigned elf_machine() const override { return 183; }
  std::endian endian() const override { return std::endian::little; }
  unsigned pointer_size() const override { return 8; }
  std::span<const RegisterName> registers() const override {
    return register_names;
  }
  unsigned pc_register() const override { return pc_index; }
  unsigned sp_register() const override { return sp_index; }
  unsigned fp_register() const override { return 29; }

  Result<Translation> translate(const PhysRead& memory, const Paging& paging,
                                Address at,
                                std::vector<WalkStep>* steps) const override;
  PhysAddress entry_address(const Paging& paging,
                            std::uint64_t entry) const override;
  Result<void> relocate(unsigned type, std::span<std::byte> place, Address at,
                        std::uint64_t value) const override;
};

std::uint64_t low_bits(unsigned count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

// How one set of tables is walked.
class Walk {
 public:
  explicit Walk(const Paging& paging)
      : paging_(paging), index_bits_(paging.page_shift - 3) {}

  bool is_possible() const {
    unsigned shift = paging_.page_shift;
    return (shift == 12 || shift == 14 || shift == shift_64k) &&
           paging_.levels > 0 && paging_.levels <= most_levels &&
           paging_.va_bits <= 52 && paging_.va_bits > top_shift();
  }

  // Whether this set translates |at|: its upper bits tell.
  bool covers(Address at) const {
    std::uint64_t upper = at.value >> paging_.va_bits;
    return upper ==
           (paging_.is_lower_half ? 0 : low_bits(64 - paging_.va_bits));
  }

  unsigned shift(unsigned level) const {
    return paging_.page_shift + level * index_bits_;
  }

  std::uint64_t index(Address at, unsigned level) const {
    bool is_top = level + 1 == paging_.levels;
    unsigned bits = is_top ? paging_.va_bits - shift(level) : index_bits_;
    return at.value >> shift(level) & low_bits(bits);
  }

  std::uint64_t address(std::uint64_t entry) const {
    std::uint64_t in_place = low_bits(48) & ~low_bits(paging_.page_shift);
    if (paging_.page_shift == shift_64k) {
      return (entry & in_place) | (entry >> 12 & 0xf) << 48;
    }
    if (!paging_.has_wide_entries) return entry & in_place;
    return (entry & (in_place | std::uint64_t{3} << 48)) | (entry >> 8 & 3)
                                                               << 50;
  }

  // Blocks: 1 GiB and 2 MiB with 4 KiB pages, 32 MiB with 16, 512 MiB with 64;
  // one level more with 52-bit physical addresses.
  bool may_be_block(unsigned level) const {
    unsigned most = paging_.page_shift == 12 ? 2 : 1;
    bool is_wide = paging_.has_wide_entries || paging_.page_shift == shift_64k;
    return level > 0 && level <= most + (is_wide ? 1 : 0);
  }

 private:
  unsigned top_shift() const { return shift(paging_.levels - 1); }

  const Paging& paging_;
  unsigned index_bits_;
};

PhysAddress Arm64::entry_address(const Paging& paging,
                                 std::uint64_t entry) const {
  bool is_sound = paging.page_shift >= 12 && paging.page_shift <= shift_64k;
  return {is_sound ? Walk(paging).address(entry) : 0};
}

Error not_mapped(const WalkStep& step, Address at, std::string_view why) {
  return Error(
      ErrorKind::fault,
      fmt::format("{:#x}: not mapped: {} entry {:#x} at {:#x} {}", at.value,
                  step.table, step.entry, step.entry_at.value, why),
      at.value);
}

Result<Translation> Arm64::translate(const PhysRead& memory,
                                     const Paging& paging, Address at,
                                     std::vector<WalkStep>* steps) const {
  Walk walk(paging);
  if (!walk.is_possible()) {
    return Error(ErrorKind::unsupported,
                 fmt::format("arm64 page tables of {} levels for {} bits and "
                             "pages of {} bytes",
                             paging.levels, paging.va_bits,
                             std::uint64_t{1} << (paging.page_shift & 63)));
  }
  if (!walk.covers(at)) {
    return Error(ErrorKind::fault,
                 fmt::format("{:#x}: not mapped: not in the {} half of {} bits",
                             at.value, paging.is_lower_half ? "lower" : "upper",
                             paging.va_bits),
                 at.value);
  }
  std::uint64_t table = paging.root.value;
  for (unsigned level = paging.levels; level-- > 0;) {
    WalkStep step{.table = table_name(level, paging.levels),
                  .entry_at = {table + walk.index(at, level) * 8}};
    std::array<std::byte, 8> bytes = {};
    TRY(memory(step.entry_at, bytes));
    step.entry = load_unsigned(bytes, std::endian::little);
    if (steps) steps->push_back(step);
    std::uint64_t kind = step.entry & kind_bits;
    bool is_block = kind == block && walk.may_be_block(level);
    if (kind != table_or_page && !is_block) {
      return not_mapped(step, at, "is not valid");
    }
    if (level == 0 || is_block) {
      std::uint64_t size = std::uint64_t{1} << walk.shift(level);
      std::uint64_t start = walk.address(step.entry) & ~(size - 1);
      return Translation{.physical = {start | (at.value & (size - 1))},
                         .page_size = size,
                         .entry = step.entry};
    }
    table = walk.address(step.entry);
  }
  return Error(ErrorKind::fault, "page tables without levels", at.value);
}

Result<void> Arm64::relocate(unsigned type, std::span<std::byte> place,
                             Address at, std::uint64_t value) const {
  if (type == r_none || type == r_none_old) return {};
  return relocate_by({name(), relocation_shapes}, type, place, at, value);
}

}  // namespace

const Arch& arm64() {
  static const Arm64 arch;
  return arch;
}

}  // namespace inquest
