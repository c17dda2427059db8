// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/pattern.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

using Places = std::vector<std::pair<std::size_t, std::size_t>>;

Places found(const Pattern& pattern, Bytes bytes,
             std::size_t limit = ~std::size_t{0}) {
  std::vector<Pattern::Match> matches;
  pattern.find(bytes, std::min(limit, bytes.size()), matches);
  Places places;
  for (const Pattern::Match& match : matches)
    places.emplace_back(match.offset, match.which);
  return places;
}

class Memory {
 public:
  explicit Memory(std::size_t size) : bytes_(size) {}
  Memory& put(std::size_t at, std::uint64_t value, unsigned size,
              std::endian endian = std::endian::little) {
    store_unsigned(std::span(bytes_).subspan(at, size), value, endian);
    return *this;
  }
  operator Bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

constexpr std::uint64_t word = 0x1122334455667788;

// The first, the last of a block, the first of the next, the last of all: with
// a rest behind the last whole block, and without.
TEST(Pattern, FindsWordsAtEveryPlace) {
  Pattern pattern = Pattern::words(8, {word}, 0, std::endian::little);
  for (std::size_t size : {4096U, 4096U + 8, 8U}) {
    for (std::size_t at = 0; at < size; at += 8) {
      Memory memory(size);
      memory.put(at, word, 8);
      EXPECT_EQ(found(pattern, memory), (Places{{at, 0}})) << size;
    }
  }
}

TEST(Pattern, FindsNoUnalignedAndNoPartialWords) {
  Memory memory(1024);
  memory.put(12, word, 8).put(515, word, 8).put(1020, word, 4);
  EXPECT_EQ(found(Pattern::words(8, {word}, 0, std::endian::little), memory),
            Places());
  EXPECT_EQ(
      found(Pattern::words(4, {0x55667788}, 0, std::endian::little), memory),
      (Places{{12, 0}, {1020, 0}}));
  EXPECT_EQ(found(Pattern::words(2, {0x7788}, 0, std::endian::little), memory),
            (Places{{12, 0}, {1020, 0}}));
}

TEST(Pattern, IgnoresMaskedBits) {
  Memory memory(1024);
  memory.put(8, 0xffff0000abcd, 8).put(16, 0x1abcd, 8).put(24, 0xabce, 8);
  EXPECT_EQ(
      found(Pattern::words(8, {0xabcd}, 0xffffffff0000, std::endian::little),
            memory),
      (Places{{8, 0}, {16, 0}}));
}

TEST(Pattern, FindsAWordAsEachOfSeveralValues) {
  Memory memory(1024);
  memory.put(8, 1, 8).put(600, 2, 8);
  EXPECT_EQ(found(Pattern::words(8, {2, 1, 3}, 0, std::endian::little), memory),
            (Places{{8, 1}, {600, 0}}));
  EXPECT_EQ(found(Pattern::words(8, {2, 3}, 1, std::endian::little), memory),
            (Places{{600, 0}, {600, 1}}));
}

TEST(Pattern, KnowsByteOrders) {
  Memory memory(1024);
  memory.put(8, word, 8, std::endian::big);
  EXPECT_EQ(found(Pattern::words(8, {word}, 0, std::endian::big), memory),
            (Places{{8, 0}}));
  EXPECT_EQ(
      found(Pattern::words(4, {0x11220000}, 0xffff, std::endian::big), memory),
      (Places{{8, 0}}));
  EXPECT_EQ(found(Pattern::words(8, {word}, 0, std::endian::little), memory),
            Places());
}

TEST(Pattern, FindsStringsThatOverlapInOrder) {
  Pattern pattern = Pattern::strings({"aa", "aab", "", "zz"});
  EXPECT_EQ(pattern.longest(), 3U);
  EXPECT_EQ(found(pattern, as_bytes("aaab--aa")),
            (Places{{0, 0}, {1, 0}, {1, 1}, {6, 0}}));
}

TEST(Pattern, StartsBelowTheLimit) {
  Pattern pattern = Pattern::strings({"tail"});
  EXPECT_EQ(found(pattern, as_bytes("..tail"), 3), (Places{{2, 0}}));
  EXPECT_EQ(found(pattern, as_bytes("..tail"), 2), Places());
}

}  // namespace
}  // namespace inquest
