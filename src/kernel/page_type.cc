// SPDX-License-Identifier: GPL-3.0-or-later
//
// page_type shares its word with _mapcount, which is -1 when there is no
// mapping; a page of a type has a word far below. From 4.18 (6e292b9be7f4) on a
// type is a bit that is 0 while the top bits are all 1: four of them, and fixed
// bits that no debug information has; 6.11 moved the bits and made them an
// enumeration (with PAGE_TYPE_BASE). 6.12 (4ffca5a96678) has one type at a time
// in the top byte: PGTY_*.

#include "kernel/page_type.h"

#include <array>
#include <optional>

namespace inquest {
namespace {

constexpr std::uint32_t old_base = 0xf0000000;
struct OldType {
  std::string_view name;
  std::uint32_t bit;
};
// The last two since 6.9 and 6.10; no word has these bits 0 before.
constexpr std::array<OldType, 6> old_types = {{{"buddy", 0x80},
                                               {"offline", 0x100},
                                               {"table", 0x200},
                                               {"guard", 0x400},
                                               {"hugetlb", 0x800},
                                               {"slab", 0x1000}}};

// |name| without |prefix|; nothing where it has another.
std::optional<std::string> without(std::string_view prefix,
                                   const std::string& name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return name.substr(prefix.size());
}

}  // namespace

PageTypes PageTypes::of(const Kernel& kernel) {
  constexpr unsigned top_byte = 24;
  PageTypes types;
  if (!kernel.has_member("page", "page_type")) return types;
  auto enumeration = kernel.types().type("pagetype", TypeTag::enumeration);
  if (!enumeration) {
    for (const auto& [name, bit] : old_types)
      types.types_.push_back({std::string(name), old_base | bit, old_base});
    return types;
  }
  auto base = kernel.enumerator("PAGE_TYPE_BASE");
  for (const Enumerator& one : (*enumeration)->enumerators()) {
    auto value = static_cast<std::uint32_t>(one.value);
    auto top = without("PGTY_", one.name);
    auto bit = without("PG_", one.name);
    if (top && *top != "mapcount_underflow") {
      types.types_.push_back(
          {*top, std::uint32_t{0xff} << top_byte, value << top_byte});
    } else if (bit && base) {
      auto high = static_cast<std::uint32_t>(*base);
      types.types_.push_back({*bit, high | value, high});
    }
  }
  return types;
}

const std::string& PageTypes::name(std::uint32_t word) const {
  for (const Named& type : types_)
    if ((word & type.mask) == type.value) return type.name;
  return none_;
}

}  // namespace inquest
