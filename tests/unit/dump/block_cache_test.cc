// SPDX-License-Identifier: GPL-3.0-or-later
#include "dump/block_cache.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

// Bytes of which each tells its place, some of them unreadable.
class Numbers : public DataSource {
 public:
  explicit Numbers(std::size_t size) : DataSource("numbers"), bytes_(size) {
    for (std::size_t i = 0; i < size; ++i)
      bytes_[i] = std::byte(i * 7 + i / 251);
  }

  std::uint64_t size() const override { return bytes_.size(); }
  std::uint64_t stored_size() const override { return bytes_.size(); }
  Result<void> read(FileOffset from, std::span<std::byte> out) const override {
    ++reads;
    bool is_within =
        from.value <= bytes_.size() && out.size() <= bytes_.size() - from.value;
    bool is_bad = from.value <= bad && bad < from.value + out.size();
    if (!is_within || is_bad)
      return error(ErrorKind::corrupt, "number", from, "lost");
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from.value),
                out.size(), out.begin());
    return {};
  }

  std::vector<std::byte> bytes_;
  std::uint64_t bad = ~std::uint64_t{0};
  mutable int reads = 0;
};

std::vector<std::byte> part(const Numbers& numbers, std::size_t at,
                            std::size_t size) {
  auto first = numbers.bytes_.begin() + static_cast<std::ptrdiff_t>(at);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

TEST(BlockCache, ReadsEachBlockOnce) {
  auto numbers = std::make_shared<Numbers>(10000);
  BlockCache cache(numbers);
  std::vector<std::byte> entry(24);
  for (std::size_t at = 0; at + 24 <= 10000; at += 24) {
    ASSERT_TRUE(cache.read(FileOffset{at}, entry));
    EXPECT_EQ(entry, part(*numbers, at, 24)) << at;
  }
  EXPECT_EQ(numbers->reads, 3);
}

TEST(BlockCache, ReadsMoreThanABlock) {
  auto numbers = std::make_shared<Numbers>(10000);
  BlockCache cache(numbers);
  std::vector<std::byte> most(9990);
  ASSERT_TRUE(cache.read(FileOffset{5}, most));
  EXPECT_EQ(most, part(*numbers, 5, 9990));
}

TEST(BlockCache, KeepsBlocksThatShareASlotApart) {
  auto numbers = std::make_shared<Numbers>(4096 * 130);
  BlockCache cache(numbers);
  std::vector<std::byte> entry(8);
  for (std::size_t at : {0, 4096 * 64, 0, 4096 * 128}) {
    ASSERT_TRUE(cache.read(FileOffset{at}, entry));
    EXPECT_EQ(entry, part(*numbers, at, 8)) << at;
  }
}

TEST(BlockCache, NothingBehindTheEnd) {
  auto numbers = std::make_shared<Numbers>(5000);
  BlockCache cache(numbers);
  std::vector<std::byte> entry(24);
  EXPECT_TRUE(cache.read(FileOffset{4976}, entry));
  EXPECT_FALSE(cache.read(FileOffset{4977}, entry));
  EXPECT_FALSE(cache.read(FileOffset{5000}, entry));
  EXPECT_FALSE(cache.read(FileOffset{1 << 20}, entry));
}

TEST(BlockCache, ABadPlaceSpoilsItselfOnly) {
  auto numbers = std::make_shared<Numbers>(5000);
  numbers->bad = 100;
  BlockCache cache(numbers);
  std::vector<std::byte> entry(24);
  EXPECT_TRUE(cache.read(FileOffset{200}, entry));
  EXPECT_EQ(entry, part(*numbers, 200, 24));
  EXPECT_FALSE(cache.read(FileOffset{90}, entry));
}

}  // namespace
}  // namespace inquest
