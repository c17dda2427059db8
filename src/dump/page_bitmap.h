// SPDX-License-Identifier: GPL-3.0-or-later
// A bitmap of pages in a file, with ranks: how many pages below this one are
// set. kdump-compressed files hold a descriptor per set page, so a page's rank
// is the number of its descriptor.
//
// Ranks are sums per 4096 pages, made as far as they are asked for: opening a
// dump of any size reads none of its bitmap.

#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "dump/block_cache.h"
#include "dump/dump.h"

namespace inquest {

class PageBitmap {
 public:
  // |page_count| bits at |at|, lowest bit first. The bits must be within the
  // file.
  PageBitmap(std::shared_ptr<const DataSource> file, FileOffset at,
             std::uint64_t page_count);

  std::uint64_t page_count() const { return page_count_; }

  // False past the end. Safe from many threads, as all below.
  Result<bool> is_set(std::uint64_t page) const;
  // Whether each of [first, first + out.size()) is set.
  Result<void> flags(std::uint64_t first, std::span<bool> out) const;
  // Of the pages [0, page). Reads the bitmap up to there once.
  Result<std::uint64_t> rank(std::uint64_t page) const;
  // The runs of set pages, ascending, in units of |page_size|. Reads all.
  Result<std::vector<PhysRange>> runs(std::uint64_t page_size) const;

 private:
  static constexpr std::uint64_t block_pages = 4096;

  Result<void> load(std::uint64_t block, std::span<std::byte> out) const;
  Result<std::uint64_t> rank_of_block(std::uint64_t block) const;

  std::shared_ptr<const DataSource> file_;
  FileOffset at_;
  std::uint64_t page_count_;
  BlockCache cache_;
  std::unique_ptr<std::mutex> rank_lock_;
  // ranks_[i]: set pages below block i.
  mutable std::vector<std::uint64_t> ranks_ = {0};
};

}  // namespace inquest
