// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/block_cache.h"

#include <algorithm>

namespace inquest {

BlockCache::BlockCache(std::shared_ptr<const DataSource> file)
    : file_(std::move(file)),
      slots_(std::make_unique<std::array<Slot, slot_count>>()) {}

// What the block does not have is left to the file, which says why.
Result<void> BlockCache::read_within_block(FileOffset from,
                                           std::span<std::byte> out) const {
  std::uint64_t block = from.value / block_size;
  FileOffset start{block * block_size};
  if (from.value >= file_->size()) return file_->read(from, out);
  Slot& slot = slots_->at(block % slot_count);
  std::scoped_lock guard(slot.lock);
  if (slot.block != block) {
    slot.block = ~std::uint64_t{0};
    slot.bytes.resize(std::min(block_size, file_->size() - start.value));
    if (!file_->read(start, slot.bytes)) return file_->read(from, out);
    slot.block = block;
  }
  std::uint64_t offset = from - start;
  if (offset + out.size() > slot.bytes.size()) return file_->read(from, out);
  std::copy_n(slot.bytes.begin() + static_cast<std::ptrdiff_t>(offset),
              out.size(), out.begin());
  return {};
}

Result<void> BlockCache::read(FileOffset from, std::span<std::byte> out) const {
  while (!out.empty()) {
    auto count = std::min<std::uint64_t>(block_size - from.value % block_size,
                                         out.size());
    TRY(read_within_block(from, out.first(count)));
    out = out.subspan(count);
    from = from + count;
  }
  return {};
}

}  // namespace inquest
