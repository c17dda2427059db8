// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "debuginfo/dwarf_index.h"
#include "unit/debuginfo/dwarf_samples.h"

namespace inquest::test {
namespace {

namespace fs = std::filesystem;

class DwarfCache : public testing::Test {
 protected:
  void SetUp() override {
    file_ = dwarf_sample("v5");
    auto sections = dwarf_sections(*file_);
    ASSERT_TRUE(sections);
    sections_ = *sections;
    identity_ = dwarf_identity(*file_, sections_);
    std::string name = testing::TempDir() + "inquest-cache-XXXXXX";
    ASSERT_TRUE(mkdtemp(name.data()));
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path only_file() const {
    fs::path found;
    for (const auto& one : fs::directory_iterator(folder_ / "index")) {
      EXPECT_TRUE(found.empty()) << "more than one file in the cache";
      found = one.path();
    }
    return found;
  }
  static std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  // Asks for a variable, which makes or uses the cache file.
  void ask() {
    auto types = dwarf_types(file_, {.cache = folder_});
    ASSERT_TRUE(types);
    auto found = (*types)->variable("kitchens");
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->type->count, 7U);
  }
  std::shared_ptr<const DwarfIndex> scanned(unsigned threads) {
    auto index = scan_dwarf(*file_, sections_, threads, {});
    EXPECT_TRUE(index);
    return *index;
  }

  std::shared_ptr<const ElfFile> file_;
  DwarfSections sections_;
  DwarfIdentity identity_;
  fs::path folder_;
};

TEST_F(DwarfCache, ThreadsDoNotChangeTheIndex) {
  auto one = scanned(1);
  auto many = scanned(7);
  EXPECT_FALSE(one->entries().empty());
  EXPECT_TRUE(std::ranges::equal(one->bytes(), many->bytes()));
}

TEST_F(DwarfCache, TheFileIsWrittenAndUsed) {
  EXPECT_FALSE(cached_index(folder_, identity_));
  ask();
  auto cached = cached_index(folder_, identity_);
  ASSERT_TRUE(cached) << cached.error().message();
  EXPECT_TRUE(std::ranges::equal((*cached)->bytes(), scanned(1)->bytes()));
  auto written = fs::last_write_time(only_file());
  ask();
  EXPECT_EQ(fs::last_write_time(only_file()), written);
}

TEST_F(DwarfCache, AnotherFilesIndexIsNotUsed) {
  ask();
  auto other = identity_;
  other.strings += 1;
  EXPECT_FALSE(cached_index(folder_, other));
  other = identity_;
  other.build_id = "00";
  EXPECT_FALSE(cached_index(folder_, other));
}

TEST_F(DwarfCache, DamageIsSeenAndRepaired) {
  ask();
  fs::path path = only_file();
  std::string whole = contents(path);
  std::mt19937 random(1);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    std::size_t at = random() % damaged.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    if (i % 8 == 0) damaged.resize(at);
    if (i % 8 == 1) damaged += "x";
    write(path, damaged);
    EXPECT_FALSE(cached_index(folder_, identity_)) << "byte " << at;
  }
  ask();
  EXPECT_EQ(contents(path), whole);
}

TEST_F(DwarfCache, AFolderThatCannotBeWrittenIsNoError) {
  write(folder_ / "index", "a file where the folder should be");
  ask();
  EXPECT_FALSE(cached_index(folder_, identity_));
}

TEST_F(DwarfCache, NoFolderMeansNoFile) {
  auto types = dwarf_types(file_, {});
  ASSERT_TRUE((*types)->variable("kitchens"));
  EXPECT_FALSE(cached_index({}, identity_));
}

TEST_F(DwarfCache, ProgressReachesTheEnd) {
  std::uint64_t done = 0, all = 0;
  auto index = scan_dwarf(*file_, sections_, 1,
                          [&](std::uint64_t now, std::uint64_t total) {
                            EXPECT_GE(now, done);
                            done = now;
                            all = total;
                          });
  ASSERT_TRUE(index);
  EXPECT_EQ(done, all);
  EXPECT_EQ(all, sections_.size());
}

TEST_F(DwarfCache, AnInterruptedScanIsTriedAgain) {
  auto types = dwarf_types(file_, {.cache = folder_});
  interrupt();
  EXPECT_FALSE((*types)->variable("kitchens"));
  clear_interrupt();
  EXPECT_TRUE((*types)->variable("kitchens"));
}

}  // namespace
}  // namespace inquest::test
