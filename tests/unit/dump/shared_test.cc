// SPDX-License-Identifier: GPL-3.0-or-later
// Real dumps, where they are at hand.

#include <gtest/gtest.h>

#include "dump/dump.h"
#include "dumps/test_dump.h"

namespace inquest {
namespace {

std::unique_ptr<Dump> open_shared(std::string_view name) {
  auto folder = test::shared_folder(INQUEST_SOURCE_DIR);
  if (!folder) return nullptr;
  std::filesystem::path path = *folder / "dumps" / name;
  if (!std::filesystem::exists(path)) return nullptr;
  auto dump = open_dump(std::span(&path, 1));
  EXPECT_TRUE(dump) << dump.error().message();
  return dump ? std::move(dump).value() : nullptr;
}

TEST(SharedDumps, ZlibAndFlattenedHoldTheSamePages) {
  auto plain = open_shared("x86_64-6.1-tun/vmcore.zlib");
  auto flat = open_shared("x86_64-6.1-tun/vmcore.flat");
  if (!plain || !flat) GTEST_SKIP() << "no shared dumps";
  EXPECT_TRUE(flat->info().is_flattened);
  EXPECT_EQ(plain->info().vmcoreinfo, flat->info().vmcoreinfo);
  std::vector<std::byte> left(4096);
  std::vector<std::byte> right(4096);
  std::uint64_t pages = 0;
  for (const PhysRange& range : plain->ranges()) {
    for (std::uint64_t at = 0; at < range.size; at += 4096) {
      PhysAddress page = range.start + at;
      ASSERT_EQ(plain->has_page(page), flat->has_page(page));
      if (!plain->has_page(page)) continue;
      ASSERT_TRUE(plain->read(page, left));
      ASSERT_TRUE(flat->read(page, right));
      ASSERT_EQ(left, right) << std::hex << page.value;
      ++pages;
    }
  }
  EXPECT_GT(pages, 20000U);
}

TEST(SharedDumps, QemuDumpOfArm64Opens) {
  auto dump = open_shared("arm64-6.1-skb/vmcore.qemu-zlib");
  if (!dump) GTEST_SKIP() << "no shared dumps";
  EXPECT_EQ(dump->info().elf_machine, 183U);
  EXPECT_EQ(dump->info().cpus, 4U);
  EXPECT_NE(dump->info().vmcoreinfo.find("OSRELEASE=6.1"), std::string::npos);
  std::vector<std::byte> page(dump->info().page_size);
  for (const PhysRange& range : dump->ranges()) {
    for (std::uint64_t at = 0; at < range.size; at += page.size()) {
      ASSERT_TRUE(dump->read(range.start + at, page));
    }
  }
}

}  // namespace
}  // namespace inquest
