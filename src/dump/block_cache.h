// SPDX-License-Identifier: GPL-3.0-or-later
// The blocks of a file that were looked at last: for tables of which single
// entries are wanted, many near each other, and for small things in a row.

#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "dump/data_source.h"

namespace inquest {

class BlockCache {
 public:
  explicit BlockCache(std::shared_ptr<const DataSource> file,
                      std::uint64_t block_size = 4096);

  // As DataSource::read(), from many threads, too.
  Result<void> read(FileOffset from, std::span<std::byte> out) const;

 private:
  static constexpr std::size_t slot_count = 64;

  struct Slot {
    std::mutex lock;
    std::uint64_t block = ~std::uint64_t{0};
    std::vector<std::byte> bytes;  // fewer than a block at the file's end
  };

  Result<void> read_within_block(FileOffset from,
                                 std::span<std::byte> out) const;

  std::shared_ptr<const DataSource> file_;
  std::uint64_t block_size_;
  std::unique_ptr<std::array<Slot, slot_count>> slots_;
};

}  // namespace inquest
