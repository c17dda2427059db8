// SPDX-License-Identifier: GPL-3.0-or-later
//
// Entries of x86_64 page tables, as Linux uses those that the CPU does not
// look at. Bit 0 clear and bit 8 set: the page is there, PROT_NONE. Otherwise
// the entry says where a page was swapped to:
//
//   type        offset        since
//   1 to 5      9 to 63
//   9 to 13     14 to 63      4.8 (00839ee3b299; so is vm_node_stat)
//   59 to 63    9 to 58, ~    4.18.1 and what it went to (bcd11afa7ada)
//
// The last one is L1TF's: a CPU may follow an entry that is not present, so
// these point to where no memory is. PROT_NONE entries have their address
// inverted for the same reason (6b28baca9b1f). The two changes came with the
// variable l1tf_mitigation, also where they were backported.

#include <array>

#include "kernel/arch/x86_64.h"
#include "kernel/kernel.h"
#include "kernel/page_entry.h"

namespace inquest {
namespace {

constexpr std::uint64_t bit(unsigned number) {
  return std::uint64_t{1} << number;
}

constexpr std::uint64_t present = bit(0);
constexpr std::uint64_t large = bit(7);
constexpr std::uint64_t prot_none = bit(8);
constexpr std::uint64_t address_bits = 0x000ffffffffff000;

struct Flag {
  std::uint64_t bit;
  std::string_view name;
};
constexpr std::array<Flag, 9> present_flags = {{
    {present, "PRESENT"},
    {bit(1), "RW"},
    {bit(2), "USER"},
    {bit(3), "PWT"},
    {bit(4), "PCD"},
    {bit(5), "ACCESSED"},
    {bit(6), "DIRTY"},
    {large, "PSE"},
    {bit(8), "GLOBAL"},
}};

std::vector<std::string_view> flags_of(std::uint64_t entry) {
  std::vector<std::string_view> flags;
  bool is_present = (entry & present) != 0;
  for (const Flag& flag : present_flags) {
    bool is_set = (entry & flag.bit) != 0;
    if (flag.bit == large && !is_present) is_set = false;
    if (flag.bit == prot_none && !is_present && is_set) {
      flags.emplace_back("PROTNONE");
    }
    if (is_set) flags.push_back(flag.name);
  }
  if ((entry & bit(63)) != 0) flags.emplace_back("NX");
  return flags;
}

SwapEntry swap_entry(const Kernel& kernel, std::uint64_t entry,
                     bool is_inverted) {
  constexpr std::uint64_t types = 0x1f;
  if (is_inverted) {
    return {static_cast<unsigned>(entry >> 59), (~entry << 5) >> 14};
  }
  if (kernel.has_symbol("vm_node_stat")) {
    return {static_cast<unsigned>(entry >> 9 & types), entry >> 14};
  }
  return {static_cast<unsigned>(entry >> 1 & types), entry >> 9};
}

}  // namespace

PageEntry LinuxX86::page_entry(const Kernel& kernel,
                               std::uint64_t entry) const {
  PageEntry found;
  if (entry == 0) return found;
  const auto& own = kernel.memory().paging();
  std::uint64_t mask = address_bits & ~(own ? own->ignored : 0);
  bool is_inverted = kernel.has_symbol("l1tf_mitigation");
  if ((entry & present) != 0) {
    found.kind = PageEntry::Kind::present;
    found.physical = {entry & mask};
    found.flags = flags_of(entry);
  } else if ((entry & prot_none) != 0) {
    found.kind = PageEntry::Kind::hidden;
    found.physical = {(is_inverted ? ~entry : entry) & mask};
    found.flags = flags_of(entry);
  } else {
    found.kind = PageEntry::Kind::swapped;
    found.swap = swap_entry(kernel, entry, is_inverted);
  }
  return found;
}

}  // namespace inquest
