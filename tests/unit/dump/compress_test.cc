// SPDX-License-Identifier: GPL-3.0-or-later
// The compressions that no dump file has: those of swapped pages.

#include "dump/compress.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <lzo/lzo1x.h>

namespace inquest {
namespace {

std::vector<std::byte> bytes(const std::vector<unsigned>& values) {
  std::vector<std::byte> made;
  made.reserve(values.size());
  for (unsigned value : values)
    made.push_back(std::byte(value));
  return made;
}

std::string unpacked(Compression method, const std::vector<unsigned>& packed,
                     std::size_t size) {
  std::vector<std::byte> out(size);
  auto done = decompress(method, bytes(packed), out);
  return done ? std::string(as_text(out)) : "?" + done.error().message();
}

TEST(Lz4, CopiesWhatItHasJustMade) {
  // "ab", then 10 bytes from 2 back, then "vwxyz".
  EXPECT_EQ(unpacked(Compression::lz4,
                     {0x26, 'a', 'b', 2, 0, 0x50, 'v', 'w', 'x', 'y', 'z'}, 17),
            "abababababab"
            "vwxyz");
}

TEST(Lz4, HasLongLengths) {
  std::vector<unsigned> packed = {0xf0, 5};
  for (unsigned i = 0; i < 20; ++i)
    packed.push_back('a' + i);
  EXPECT_EQ(unpacked(Compression::lz4, packed, 20), "abcdefghijklmnopqrst");
}

TEST(Lz4, OfBadDistancesAndLengthsIsRefused) {
  for (const std::vector<unsigned>& packed : std::vector<std::vector<unsigned>>{
           {},
           {0x26, 'a', 'b', 3, 0, 0x00},
           {0x26, 'a', 'b', 0, 0, 0x00},
           {0x26, 'a', 'b', 2},
           {0xf0, 255, 255},
           {0x2f, 'a', 'b', 2, 0, 255, 255, 0}}) {
    EXPECT_EQ(unpacked(Compression::lz4, packed, 12), "?lz4 data is damaged");
  }
}

TEST(LzoRle, HasRunsOfZeroes) {
  // Version 1; "abcd"; 4 + (2 | 1 << 3) zeroes and one literal; the end.
  EXPECT_EQ(unpacked(Compression::lzo_rle,
                     {17, 1, 21, 'a', 'b', 'c', 'd', 0x1a, 0xfd, 0xff, 1, 'x',
                      0x11, 0, 0},
                     19),
            "abcd" + std::string(14, '\0') + "x");
}

TEST(LzoRle, OfBadDistancesAndLengthsIsRefused) {
  for (const std::vector<unsigned>& packed : std::vector<std::vector<unsigned>>{
           {},
           {17, 1},
           {17, 1, 21, 'a', 'b'},
           {17, 1, 21, 'a', 'b', 'c', 'd', 0x1f, 0xfc, 0xff, 255, 0x11, 0, 0},
           {17, 1, 21, 'a', 'b', 'c', 'd', 0x7c, 0x01, 0x11, 0, 0},
           {17, 1, 21, 'a', 'b', 'c', 'd', 0x11, 0},
           {17, 1, 21, 'a', 'b', 'c', 'd', 0x11, 0, 0, 0}}) {
    EXPECT_EQ(unpacked(Compression::lzo_rle, packed, 30),
              "?lzo-rle data is damaged");
  }
}

// A page of words that repeat more or less.
std::vector<std::byte> page(std::mt19937& random) {
  std::vector<std::byte> made(4096);
  unsigned kinds = 2 + random() % 60;
  unsigned repeat = 1 + random() % 90;
  std::byte last{};
  for (std::byte& byte : made) {
    if (random() % repeat == 0) last = std::byte(random() % kinds);
    byte = last;
  }
  return made;
}

std::vector<std::byte> packed_lzo(Bytes plain) {
  std::vector<std::byte> packed(plain.size() * 2);
  std::vector<std::byte> work(LZO1X_1_MEM_COMPRESS);
  lzo_uint size = packed.size();
  lzo1x_1_compress(
      reinterpret_cast<const unsigned char*>(plain.data()), plain.size(),
      reinterpret_cast<unsigned char*>(packed.data()), &size, work.data());
  packed.resize(size);
  return packed;
}

TEST(LzoRle, IsLzoWhereItHasNoVersion) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::byte> plain = page(random);
    std::vector<std::byte> packed = packed_lzo(plain);
    std::vector<std::byte> out(plain.size());
    auto done = decompress(Compression::lzo_rle, packed, out);
    ASSERT_TRUE(done) << done.error().message();
    ASSERT_EQ(out, plain);
  }
}

// Anything may come; nothing is written or read outside.
TEST(SwappedPages, ThatAreDamagedDoNoHarm) {
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::byte> packed = packed_lzo(page(random));
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips)
      packed[random() % packed.size()] = std::byte(random() % 256);
    packed.resize(random() % 2 ? packed.size() : random() % packed.size());
    packed.shrink_to_fit();
    std::vector<std::byte> out(4096);
    for (Compression method : {Compression::lzo_rle, Compression::lz4,
                               Compression::deflate, Compression::zstd}) {
      (void)decompress(method, packed, out);
    }
  }
}

}  // namespace
}  // namespace inquest
