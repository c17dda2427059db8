// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/page_bitmap.h"

#include <algorithm>
#include <array>
#include <bit>

namespace inquest {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t chunk_blocks = 128;  // read at a time for ranks

std::uint64_t count_bits(Bytes bytes) {
  std::uint64_t count = 0;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    count += static_cast<unsigned>(std::popcount(word));
  }
  return count;
}

bool has_bit(Bytes bytes, std::uint64_t bit) {
  return (std::to_integer<unsigned>(bytes[bit / 8]) >> bit % 8 & 1) != 0;
}

}  // namespace

PageBitmap::PageBitmap(std::shared_ptr<const DataSource> file, FileOffset at,
                       std::uint64_t page_count)
    : file_(std::move(file)),
      at_(at),
      page_count_(page_count),
      cache_(file_),
      rank_lock_(std::make_unique<std::mutex>()) {}

// Fills |out|, whole blocks, from |block| on; bits past the end are zero.
Result<void> PageBitmap::load(std::uint64_t block,
                              std::span<std::byte> out) const {
  std::uint64_t first = block * block_pages;
  std::fill(out.begin(), out.end(), std::byte{0});
  if (first >= page_count_) return {};
  std::uint64_t pages =
      std::min<std::uint64_t>(page_count_ - first, out.size() * 8);
  std::uint64_t size = (pages + 7) / 8;
  TRY(file_->read(at_ + first / 8, out.first(size)));
  if (pages % 8 != 0) {
    out[size - 1] &= std::byte((1U << (pages % 8)) - 1);
  }
  return {};
}

Result<bool> PageBitmap::is_set(std::uint64_t page) const {
  if (page >= page_count_) return false;
  std::array<std::byte, 1> bits;
  TRY(cache_.read(at_ + page / 8, bits));
  return has_bit(bits, page % 8);
}

Result<void> PageBitmap::flags(std::uint64_t first, std::span<bool> out) const {
  std::fill(out.begin(), out.end(), false);
  std::uint64_t end = page_count_ > first ? page_count_ - first : 0;
  std::uint64_t count = std::min<std::uint64_t>(out.size(), end);
  if (count == 0) return {};
  std::vector<std::byte> bits((first % 8 + count + 7) / 8);
  TRY(cache_.read(at_ + first / 8, bits));
  for (std::uint64_t i = 0; i < count; ++i)
    out[i] = has_bit(bits, first % 8 + i);
  return {};
}

Result<std::uint64_t> PageBitmap::rank_of_block(std::uint64_t block) const {
  std::scoped_lock guard(*rank_lock_);
  std::vector<std::byte> chunk;
  while (ranks_.size() <= block) {
    std::uint64_t first = ranks_.size() - 1;
    chunk.resize(chunk_blocks * block_bytes);
    TRY(load(first, chunk));
    for (std::size_t i = 0; i < chunk_blocks; ++i) {
      Bytes bytes = Bytes(chunk).subspan(i * block_bytes, block_bytes);
      ranks_.push_back(ranks_.back() + count_bits(bytes));
    }
  }
  return ranks_[block];
}

Result<std::uint64_t> PageBitmap::rank(std::uint64_t page) const {
  page = std::min(page, page_count_);
  std::uint64_t block = page / block_pages;
  std::uint64_t rank = TRY(rank_of_block(block));
  std::uint64_t within = page % block_pages;
  if (within == 0) return rank;
  std::array<std::byte, block_bytes> bytes = {};
  std::uint64_t count = (within + 7) / 8;
  TRY(cache_.read(at_ + block * block_bytes, std::span(bytes).first(count)));
  if (within % 8 != 0) {
    bytes.at(count - 1) &= std::byte((1U << within % 8) - 1);
  }
  return rank + count_bits(Bytes(bytes).first((count + 7) / 8 * 8));
}

Result<std::vector<PhysRange>> PageBitmap::runs(std::uint64_t page_size) const {
  std::vector<PhysRange> runs;
  std::vector<std::byte> chunk(chunk_blocks * block_bytes);
  auto add = [&](std::uint64_t page, std::uint64_t count) {
    PhysAddress start{page * page_size};
    if (!runs.empty() && runs.back().start + runs.back().size == start) {
      runs.back().size += count * page_size;
    } else {
      runs.push_back({start, count * page_size, std::nullopt});
    }
  };
  for (std::uint64_t first = 0; first < page_count_;
       first += chunk.size() * 8) {
    TRY(load(first / block_pages, chunk));
    for (std::size_t at = 0; at < chunk.size(); at += 8) {
      std::uint64_t bits =
          load_unsigned(Bytes(chunk).subspan(at, 8), std::endian::little);
      std::uint64_t page = first + at * 8;
      while (bits != 0) {
        auto skip = static_cast<unsigned>(std::countr_zero(bits));
        auto count = static_cast<unsigned>(std::countr_one(bits >> skip));
        add(page + skip, count);
        if (skip + count >= 64) break;
        bits &= ~std::uint64_t{0} << (skip + count);
      }
    }
  }
  return runs;
}

}  // namespace inquest
