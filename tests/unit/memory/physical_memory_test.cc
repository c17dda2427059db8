// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/physical_memory.h"

#include <thread>

#include <gtest/gtest.h>

#include "unit/memory/opened.h"

namespace inquest {
namespace {

using test::Content;
using test::Folder;
using test::OpenedMemory;

// Each page holds its own number.
test::Machine numbered(std::uint64_t pages) {
  test::Machine machine;
  for (std::uint64_t page = 0; page < pages; ++page) {
    machine.write(page * 4096, page, 8);
    machine.write(page * 4096 + 4088, page, 8);
  }
  return machine;
}

TEST(PhysicalMemory, ReadsIntegersAndText) {
  OpenedMemory memory(test::parse_machine(
      "@0x1000 text \"hello\\0rest\"\n@0x1ffc u32 0x11223344 0x55667788\n"));
  EXPECT_EQ(*memory->c_string(Address{0x1000}), "hello");
  EXPECT_EQ(*memory->c_string(Address{0x1000}, 3), "hel");
  EXPECT_EQ(*memory->u64(Address{0x1ffc}), 0x5566778811223344U);
  EXPECT_EQ(*memory->load(Address{0x1ffd}, 2), 0x2233U);
  EXPECT_FALSE(memory->load(Address{0x1000}, 9));
}

TEST(PhysicalMemory, NamesTheFirstUnreadableByte) {
  OpenedMemory memory(
      test::parse_machine("@0x1000 raw 41*4096\n@0x2000 exclude\n"));
  auto bytes = memory->bytes(Address{0x1800}, 4096);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind(), ErrorKind::fault);
  EXPECT_EQ(bytes.error().address(), 0x2000U);
  EXPECT_FALSE(memory->c_string(Address{0x1ff0}));
  EXPECT_FALSE(memory->bytes(Address{0}, std::size_t{1} << 40));
}

TEST(PhysicalMemory, DeliversTextThatEndsBeforeAHole) {
  OpenedMemory memory(
      test::parse_machine("@0x1ff8 text \"abcdef\"\n@0x2000 exclude\n"));
  auto text = memory->c_string(Address{0x1ff8});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "abcdef");
}

TEST(PhysicalMemory, ZeroesExcludedPagesWhenAsked) {
  OpenedMemory memory(
      test::parse_machine("@0x1000 raw 41*4096\n@0x2000 exclude\n"));
  memory->zero_excluded(true);
  auto value = memory->u64(Address{0x1ffc});
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 0x41414141U);
}

constexpr std::size_t small_cache = std::size_t{16} * 2 * 4096;

TEST(PhysicalMemory, StaysRightWhenTheCacheIsTooSmall) {
  constexpr std::uint64_t pages = 300;
  OpenedMemory memory(numbered(pages), small_cache);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t page = 0; page < pages; ++page) {
      std::uint64_t chosen = round == 1 ? page * 7 % pages : page;
      ASSERT_EQ(*memory->u64(Address{chosen * 4096}), chosen);
    }
  }
}

TEST(PhysicalMemory, IsSafeFromManyThreads) {
  constexpr std::uint64_t pages = 100;
  OpenedMemory memory(numbered(pages), small_cache);
  std::atomic<std::uint64_t> wrong = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&, seed] {
      for (std::uint64_t i = 0; i < 2000; ++i) {
        std::uint64_t page = i * seed * 31 % pages;
        auto value = memory->u64(Address{page * 4096 + 4088});
        if (!value || *value != page) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0U);
}

TEST(PhysicalMemory, MemoryInUseIsReadAnew) {
  Folder folder;
  auto path = folder.write("ram", Content(4096, std::byte{'a'}));
  std::filesystem::path name = "live:" + path.string() + "@1000";
  auto dump = open_dump(std::span(&name, 1));
  ASSERT_TRUE(dump) << dump.error().message();
  PhysicalMemory memory(std::move(dump).value());
  EXPECT_EQ(memory.load(Address{0x1000}, 1).value(), std::uint64_t{'a'});
  folder.write("ram", Content(4096, std::byte{'b'}));
  EXPECT_EQ(memory.load(Address{0x1000}, 1).value(), std::uint64_t{'b'});
}

}  // namespace
}  // namespace inquest
