// SPDX-License-Identifier: GPL-3.0-or-later
//
// Entries of arm64 page tables, as Linux uses those that the CPU does not look
// at, whose bit 0 is clear. One bit then says that the page is there, PROT_NONE
// until 6.9 (bit 58), any entry taken from the CPU since 6.10 (bit 11,
// PTE_PRESENT_INVALID). Without it the entry says where a page was swapped to:
//
//   type       offset      since
//   2 to 7     8 to 57
//   3 to 7     8 to 57     5.19, with PG_anon_exclusive kept in bit 2
//   6 to 10    12 to 61    6.10, which also took PG_slab from the page flags

#include <array>

#include "kernel/arch/arm64.h"
#include "kernel/kernel.h"
#include "kernel/page_entry.h"

namespace inquest {
namespace {

constexpr std::uint64_t bit(unsigned number) {
  return std::uint64_t{1} << number;
}

constexpr std::uint64_t valid = bit(0);

struct Flag {
  std::uint64_t bit;
  std::string_view name;
};
constexpr std::array<Flag, 10> flag_names = {{
    {valid, "VALID"},
    {bit(6), "USER"},
    {bit(7), "RDONLY"},
    {bit(8) | bit(9), "SHARED"},
    {bit(10), "AF"},
    {bit(11), "NG"},
    {bit(53), "PXN"},
    {bit(54), "UXN"},
    {bit(55), "DIRTY"},
    {bit(56), "SPECIAL"},
}};

// How entries that are not valid are written.
struct Absence {
  std::uint64_t hidden = 0;  // the page is there
  unsigned type_at = 0, type_bits = 0;
  unsigned offset_at = 0, offset_bits = 0;
};

Absence absence(const Kernel& kernel) {
  bool is_anon_exclusive = kernel.enumerator("PG_anon_exclusive").has_value();
  bool has_slab = kernel.enumerator("PG_slab").has_value();
  if (is_anon_exclusive && !has_slab) return {bit(11), 6, 5, 12, 50};
  if (is_anon_exclusive) return {bit(58), 3, 5, 8, 50};
  return {bit(58), 2, 6, 8, 50};
}

std::uint64_t field(std::uint64_t entry, unsigned at, unsigned bits) {
  return entry >> at & (bit(bits) - 1);
}

std::vector<std::string_view> flags_of(std::uint64_t entry, const Absence& form,
                                       const Paging& paging) {
  std::vector<std::string_view> flags;
  // LPA2 has address bits there.
  constexpr std::uint64_t shared = bit(8) | bit(9);
  if (paging.has_wide_entries) entry &= ~shared;
  bool is_valid = (entry & valid) != 0;
  for (const Flag& flag : flag_names) {
    if ((entry & flag.bit) == 0) continue;
    bool is_mark = !is_valid && flag.bit == form.hidden;
    if (!is_mark) flags.push_back(flag.name);
  }
  if (!is_valid) flags.emplace_back("PROT_NONE");
  return flags;
}

}  // namespace

PageEntry LinuxArm64::page_entry(const Kernel& kernel,
                                 std::uint64_t entry) const {
  PageEntry found;
  if (entry == 0) return found;
  Absence form = absence(kernel);
  bool is_hidden = (entry & valid) == 0 && (entry & form.hidden) != 0;
  if ((entry & valid) != 0 || is_hidden) {
    found.kind = is_hidden ? PageEntry::Kind::hidden : PageEntry::Kind::present;
    const auto& own = kernel.memory().paging();
    Paging paging = own ? *own : Paging();
    found.physical = kernel.arch().entry_address(paging, entry);
    found.flags = flags_of(entry, form, paging);
  } else {
    found.kind = PageEntry::Kind::swapped;
    found.swap = {
        static_cast<unsigned>(field(entry, form.type_at, form.type_bits)),
        field(entry, form.offset_at, form.offset_bits)};
  }
  return found;
}

}  // namespace inquest
