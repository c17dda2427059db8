// SPDX-License-Identifier: GPL-3.0-or-later
// An address space answers one question: which bytes are at this address?

#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

namespace inquest {

class AddressSpace {
 public:
  virtual ~AddressSpace() = default;

  virtual std::endian endian() const = 0;

  // Fills |out| or fails; never delivers part of it. The error's kind is
  // |fault| and its address() the first byte that could not be read; its
  // message says why (not mapped, not in dump). Safe from many threads.
  virtual Result<void> read(Address from, std::span<std::byte> out) const = 0;

  // Where |at| lies physically.
  virtual Result<PhysAddress> to_physical(Address at) const = 0;

  Result<std::uint64_t> load(Address at, unsigned size) const;
  Result<std::uint64_t> u64(Address at) const { return load(at, 8); }
  Result<std::uint32_t> u32(Address at) const;
  // Up to the NUL or |limit| bytes, whichever is first. What precedes an
  // unreadable page is delivered if it holds the NUL.
  Result<std::string> c_string(Address at, std::size_t limit = 4096) const;
  Result<std::vector<std::byte>> bytes(Address at, std::size_t size) const;
};

}  // namespace inquest
