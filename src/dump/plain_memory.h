// SPDX-License-Identifier: GPL-3.0-or-later
// Physical memory that lies in files as it is: raw RAM, and memory in use.

#pragma once

#include "dump/dump.h"
#include "dump/interval_map.h"
#include "dump/memory_file.h"

namespace inquest {

class PlainMemory : public Dump {
 public:
  static constexpr std::size_t most_pieces = 4096;

  // |range|, which ends before 2^52, lies in |file| from |offset| on.
  struct Piece {
    std::shared_ptr<const MemoryFile> file;
    FileOffset offset;
    PhysRange range;
  };

  // At most |most_pieces|; where they overlap, the later one is read. Memory is
  // written through |writer|, at its physical address, or where it is read
  // from.
  PlainMemory(DumpInfo info, std::vector<Piece> pieces,
              std::filesystem::path writer = {});

  Result<void> read(PhysAddress from, std::span<std::byte> out) const override;
  std::vector<PhysRange> ranges() const override { return ranges_; }
  bool has_page(PhysAddress at) const override;
  Result<PhysAddress> physical_at(FileOffset offset) const override;
  Result<void> write(PhysAddress to, Bytes bytes) const override;

 private:
  // A piece from an address on.
  struct Extent {
    const MemoryFile* file = nullptr;
    FileOffset offset;
    std::uint64_t size = 0;
  };
  Result<Extent> extent_at(PhysAddress at) const;

  std::vector<Piece> pieces_;
  IntervalMap place_;  // physical address to number of piece
  std::vector<PhysRange> ranges_;
  std::filesystem::path writer_;
};

}  // namespace inquest
