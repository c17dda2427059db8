// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/block_cache.h"

#include <algorithm>

#include "base/blocks.h"

namespace inquest {

BlockCache::BlockCache(std::shared_ptr<const DataSource> file,
                       std::uint64_t block_size)
    : file_(std::move(file)),
      block_size_(block_size),
      slots_(std::make_unique<std::array<Slot, slot_count>>()) {}

// What the block does not have is left to the file, which says why.
Result<void> BlockCache::read_within_block(FileOffset from,
                                           std::span<std::byte> out) const {
  std::uint64_t block = from.value / block_size_;
  FileOffset start{block * block_size_};
  if (from.value >= file_->size()) return file_->read(from, out);
  Slot& slot = slots_->at(block % slot_count);
  std::scoped_lock guard(slot.lock);
  if (slot.block != block) {
    slot.block = ~std::uint64_t{0};
    slot.bytes.resize(std::min(block_size_, file_->size() - start.value));
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
  return read_by_blocks(from, out, block_size_,
                        [this](FileOffset at, std::span<std::byte> part) {
                          return read_within_block(at, part);
                        });
}

}  // namespace inquest
