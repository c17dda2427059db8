// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/sbitmap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t map_at = 0x1000, words_at = 0x2000;

std::string word(std::uint64_t at, std::uint64_t value, unsigned bits = 64) {
  return fmt::format("@{:#x} u{} {:#x}\n", at, bits, value);
}

struct Sizes {
  std::uint64_t depth = 10, shift = 3, words = 2;
};

std::string machine(const Sizes& sizes) {
  return word(map_at, sizes.depth, 32) + word(map_at + 4, sizes.shift, 32) +
         word(map_at + 8, sizes.words, 32) +
         word(map_at + 16, base + words_at) +
         // Bits 0, 7 and 8 are set, 7 is cleared; 11 is beyond the end.
         word(words_at, 0x81) + word(words_at + 64, 0x80) +
         word(words_at + 128, 2) + word(words_at + 192, 0x9) +
         word(words_at + 256, 0) + word(words_at + 320, 8);
}

// |has_depth|: a word begins with how many bits it holds (until 5.17).
class SbitmapKernel : public test::TestKernel {
 public:
  SbitmapKernel(const Sizes& sizes, bool has_depth)
      : test::TestKernel(machine(sizes), {}) {
    const Type& number = types().c_type("unsigned int");
    const Type& bits = types().c_type("unsigned long");
    const Type& one =
        has_depth ? source->structure("sbitmap_word", 192,
                                      {test::member("word", bits, 0),
                                       test::member("cleared", bits, 64),
                                       test::member("depth", bits, 128)})
                  : source->structure("sbitmap_word", 192,
                                      {test::member("word", bits, 0),
                                       test::member("cleared", bits, 64)});
    source->structure(
        "sbitmap", 32,
        {test::member("depth", number, 0), test::member("shift", number, 4),
         test::member("map_nr", number, 8),
         test::member("map", types().pointer_to(one), 16)});
  }

  Result<Sbitmap> bitmap() const {
    return read_sbitmap(object("sbitmap", Address{base + map_at}));
  }
};

TEST(Sbitmap, LeavesOutWhatIsCleared) {
  auto map = SbitmapKernel({}, false).bitmap();
  ASSERT_TRUE(map) << map.error().message();
  EXPECT_EQ(map->busy(), 2U);
  EXPECT_EQ(map->cleared, 1U);
  EXPECT_EQ(map->bits_per_word, 8U);
  EXPECT_EQ(map->bytes(), (std::vector<std::uint8_t>{0x01, 0x01}));
}

TEST(Sbitmap, BelievesAWordsOwnDepth) {
  auto map = SbitmapKernel({}, true).bitmap();
  ASSERT_TRUE(map) << map.error().message();
  // The first word says that it holds 2 bits, the second 8, of which 2 are.
  EXPECT_EQ(map->busy(), 2U);
  EXPECT_EQ(map->cleared, 0U);
}

TEST(Sbitmap, RefusesSizesThatMakeNoSense) {
  EXPECT_FALSE(SbitmapKernel({10, 64, 2}, false).bitmap());
  EXPECT_FALSE(SbitmapKernel({10, 7, 1}, false).bitmap());
  EXPECT_FALSE(SbitmapKernel({10, 3, 3}, false).bitmap());
  EXPECT_FALSE(SbitmapKernel({1U << 31, 3, 1U << 28}, false).bitmap());
  EXPECT_FALSE(SbitmapKernel({~0U, 0, ~0U}, false).bitmap());
}

}  // namespace
}  // namespace inquest
