// SPDX-License-Identifier: GPL-3.0-or-later
// Memory of 64-bit words for unwinder tests.

#pragma once

#include <map>

#include "memory/address_space.h"

namespace inquest {

using Words = std::map<std::uint64_t, std::uint64_t>;

class FakeStack : public AddressSpace {
 public:
  explicit FakeStack(Words words) : words_(std::move(words)) {}

  std::endian endian() const override { return std::endian::little; }

  Result<void> read(Address from, std::span<std::byte> out) const override {
    for (std::size_t i = 0; i < out.size(); i += 8) {
      auto word = words_.find(from.value + i);
      if (word == words_.end()) {
        return Error(ErrorKind::fault, "nothing there", from.value + i);
      }
      store_unsigned(out.subspan(i, std::min<std::size_t>(8, out.size() - i)),
                     word->second, endian());
    }
    return {};
  }

  Result<PhysAddress> to_physical(Address at) const override {
    return PhysAddress{at.value};
  }

 private:
  Words words_;
};

}  // namespace inquest
