// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged dumps: whatever the damage, opening and reading every page ends,
// within bounds. What is checked here is that nothing crashes (under the
// sanitizers), hangs or allocates beyond the file's size.

#include <gtest/gtest.h>

#include "dump/dump.h"
#include "random.h"
#include "unit/dump/sample.h"

namespace inquest {
namespace {

using test::Content;
using test::DumpKind;
using test::DumpShape;
using test::Random;

// Headers are at the start of everything; most damage goes there.
std::size_t place(Random& random, const Content& file, std::size_t size) {
  constexpr std::size_t header = 600;
  std::size_t limit = file.size() - size;
  if (random.below(3) != 0 && limit > header) limit = header;
  std::size_t base = 0;
  // The start of a flattened file's records, or of a sub header.
  if (random.below(2) == 0 && file.size() > 4096 + header) base = 4096;
  return (base + random.below(limit)) % (file.size() - size);
}

void damage(Content& file, Random& random) {
  constexpr std::array<std::uint64_t, 12> extremes = {0,
                                                      1,
                                                      0x7f,
                                                      0xff,
                                                      0x7fff,
                                                      0xffff,
                                                      0x7fffffff,
                                                      0xffffffff,
                                                      0x80000000,
                                                      0x7fffffffffffffff,
                                                      0x8000000000000000,
                                                      ~std::uint64_t{0}};
  switch (random.below(4)) {
    case 0:
      file.resize(random.below(file.size()));
      break;
    case 1:
      file[place(random, file, 1)] ^= std::byte(1U << random.below(8));
      break;
    default: {
      std::size_t size = std::size_t{1} << random.below(4);
      std::size_t at = place(random, file, size) / size * size;
      std::endian endian =
          random.below(2) == 0 ? std::endian::little : std::endian::big;
      store_unsigned(std::span(file).subspan(at, size),
                     extremes[random.below(extremes.size())], endian);
    }
  }
}

void read_all(const Dump& dump) {
  constexpr std::uint64_t most_pages = 64;
  std::uint64_t page = dump.info().page_size;
  std::vector<std::byte> out(page);
  std::uint64_t read = 0;
  for (const PhysRange& range : dump.ranges()) {
    for (std::uint64_t at = 0; at < range.size && read < most_pages;
         at += page, ++read) {
      (void)dump.has_page(range.start + at);
      (void)dump.read(range.start + at, out);
    }
  }
  (void)dump.physical_at(FileOffset{5000});
  for (std::uint64_t at : {0x1000, 0x3ff8, 0x100000, 0x1401000}) {
    (void)dump.read(PhysAddress{at}, std::span(out).first(512));
  }
}

class Mutations : public testing::TestWithParam<DumpShape> {};

TEST_P(Mutations, NeitherCrashNorHang) {
  constexpr int rounds = 2000;
  test::Folder folder;
  auto files = test::dump_files(test::sample_machine(), GetParam());
  std::vector<std::filesystem::path> paths;
  paths.reserve(files.size());
  for (const Content& file : files) {
    paths.push_back(folder.write(std::to_string(paths.size()), file));
  }
  int opened = 0;
  for (int round = 0; round < rounds; ++round) {
    Random random(static_cast<std::uint64_t>(round));
    std::size_t which = random.below(files.size());
    Content broken = files[which];
    std::uint64_t count = 1 + random.below(3);
    for (std::uint64_t i = 0; i < count && broken.size() > 16; ++i) {
      damage(broken, random);
    }
    folder.write(std::to_string(which), broken);
    (void)is_dump(paths[which]);
    auto dump = open_dump(paths);
    if (dump) {
      ++opened;
      read_all(**dump);
    } else {
      EXPECT_FALSE(dump.error().message().empty());
    }
    if (files.size() > 1) folder.write(std::to_string(which), files[which]);
  }
  // Much damage goes unnoticed at first, and that must be tested too.
  EXPECT_GT(opened, rounds / 20);
  EXPECT_LT(opened, rounds);
}

std::vector<DumpShape> mutated_shapes() {
  return {
      {.kind = DumpKind::elf},
      {.kind = DumpKind::elf, .is_64 = false},
      {.kind = DumpKind::elf, .has_extended_count = true},
      {.kind = DumpKind::elf, .is_flattened = true},
      {.version = 6, .compression = Compression::none},
      {.version = 6, .compression = Compression::zlib},
      {.version = 5, .compression = Compression::lzo},
      {.version = 4, .compression = Compression::snappy},
      {.version = 6, .compression = Compression::zstd},
      {.version = 3, .is_64 = false},
      {.version = 6, .is_flattened = true},
      {.version = 6, .parts = 2},
      {.kind = DumpKind::diskdump, .version = 1},
  };
}

INSTANTIATE_TEST_SUITE_P(All, Mutations, testing::ValuesIn(mutated_shapes()),
                         [](const auto& shape) { return shape.param.name(); });

}  // namespace
}  // namespace inquest
