// SPDX-License-Identifier: GPL-3.0-or-later
// The dump's physical memory behind a cache of (decompressed) pages. Memory in
// use is read anew each time.

#pragma once

#include <memory>

#include "dump/dump.h"
#include "memory/address_space.h"

namespace inquest {

// Addresses of this space are physical ones.
class PhysicalMemory : public AddressSpace {
 public:
  // Keeps at most |cache_bytes| of pages.
  explicit PhysicalMemory(std::shared_ptr<const Dump> dump,
                          std::size_t cache_bytes = std::size_t{16} << 20);
  ~PhysicalMemory() override;

  const Dump& dump() const { return *dump_; }
  std::endian endian() const override { return dump_->info().endian; }
  Result<void> read(Address from, std::span<std::byte> out) const override;
  Result<void> read(PhysAddress from, std::span<std::byte> out) const {
    return read(Address{from.value}, out);
  }
  Result<PhysAddress> to_physical(Address at) const override {
    return PhysAddress{at.value};
  }
  // As Dump::read_run, past the cache: for scans.
  void read_run(PhysAddress from, std::span<std::byte> out,
                std::span<Dump::Unit> units) const;
  // Excluded pages read as zeroes from now on (--zero_excluded).
  void zero_excluded(bool on) { zero_excluded_ = on; }

 private:
  struct Cache;

  Result<void> read_within_page(PhysAddress from,
                                std::span<std::byte> out) const;
  Result<void> read_uncached(PhysAddress from, std::span<std::byte> out) const;

  std::shared_ptr<const Dump> dump_;
  std::unique_ptr<Cache> cache_;
  bool zero_excluded_ = false;
};

}  // namespace inquest
