// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever happened to a file, reading it ends, and ends in an answer or an
// error.
#include <random>

#include <gtest/gtest.h>

#include "unit/debuginfo/elf_samples.h"

namespace inquest::test {
namespace {

constexpr int mutations = 2500;

std::vector<std::byte> mutated(std::vector<std::byte> bytes,
                               std::mt19937_64& random) {
  constexpr std::uint64_t extremes[] = {0,
                                        1,
                                        0x7f,
                                        0xff,
                                        0xffff,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        0x7fffffffffffffff,
                                        0x8000000000000000,
                                        0xfffffffffffffff0,
                                        ~0ULL};
  int count = 1 + static_cast<int>(random() % 3);
  for (int i = 0; i < count && !bytes.empty(); ++i) {
    std::size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0:
        bytes[at] ^= std::byte(1U << random() % 8);
        break;
      case 1:
        bytes[at] = std::byte(random());
        break;
      case 2: {
        std::size_t size = std::size_t{1} << random() % 4;
        if (bytes.size() - at < size) break;
        store_unsigned(std::span(bytes).subspan(at, size),
                       extremes[random() % std::size(extremes)],
                       std::endian::little);
        break;
      }
      default:
        if (random() % 8 == 0) bytes.resize(at);
        break;
    }
  }
  return bytes;
}

TEST(Mutations, OfAnElfFile) {
  std::mt19937_64 random(1);
  auto bytes = seed(ET_EXEC);
  ASSERT_TRUE(use(bytes));
  int readable = 0;
  for (int i = 0; i < mutations; ++i)
    readable += use(mutated(bytes, random));
  EXPECT_GT(readable, mutations / 4);
  EXPECT_LT(readable, mutations);
}

TEST(Mutations, OfAModule) {
  std::mt19937_64 random(2);
  auto bytes = seed(ET_REL);
  ASSERT_TRUE(use(bytes));
  int readable = 0;
  for (int i = 0; i < mutations; ++i)
    readable += use(mutated(bytes, random));
  EXPECT_GT(readable, mutations / 4);
}

TEST(Mutations, OfBtf) {
  std::mt19937_64 random(3);
  auto bytes = btf_section();
  for (int i = 0; i < mutations; ++i) {
    auto kept =
        std::make_shared<const std::vector<std::byte>>(mutated(bytes, random));
    use_btf(*kept, kept);
  }
}

}  // namespace
}  // namespace inquest::test
