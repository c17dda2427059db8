// SPDX-License-Identifier: GPL-3.0-or-later
// Page tables that a test writes down, entry by entry.

#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "arch/arch.h"

namespace inquest::test {

struct Tables {
  std::string_view arch;
  // By their physical addresses; nothing else can be read.
  std::map<std::uint64_t, std::uint64_t> entries;

  Result<Translation> translate(const Paging& paging, std::uint64_t at,
                                std::vector<WalkStep>* steps = nullptr) const {
    auto read = [this](PhysAddress from,
                       std::span<std::byte> out) -> Result<void> {
      auto found = entries.find(from.value);
      if (found == entries.end()) {
        return Error(ErrorKind::fault, "no such page", from.value);
      }
      store_unsigned(out, found->second, std::endian::little);
      return {};
    };
    return find_arch(arch)->translate(read, paging, Address{at}, steps);
  }
};

}  // namespace inquest::test
