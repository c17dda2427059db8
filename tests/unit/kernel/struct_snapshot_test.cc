// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/struct_snapshot.h"

#include <gtest/gtest.h>

#include "unit/types/build_types.h"

namespace inquest {
namespace {

// Three structures of 32 bytes with four words each: 0x1000, 0x1020 and, of
// which the end is not there, 0x2000. Words tell their place.
struct Snapshots : testing::Test {
  static FakeSpace structures() {
    FakeSpace filled;
    for (std::uint64_t at : {0x1000, 0x1020}) {
      for (std::uint64_t word = 0; word < 32; word += 8)
        filled.put(at + word, at + word, 8);
    }
    filled.put(0x2000, 0x2000, 8);
    return filled;
  }
  // What is read at |at| once the memory behind has changed.
  std::uint64_t kept_at(const AddressSpace& memory, std::uint64_t at) {
    space.put(at, 1, 8);
    return memory.load(Address{at}, 8).value_or(0);
  }

  TypeBench bench;
  FakeSpace space = structures();
  const Type& type = bench.source->structure("s", 32,
                                             {{"a", &bench.c("long"), 0, 0},
                                              {"b", &bench.c("long"), 64, 0},
                                              {"c", &bench.c("long"), 128, 0},
                                              {"d", &bench.c("long"), 192, 0}});
  std::array<std::string_view, 3> wanted = {"a", "d", "not_there"};
  StructSnapshot snapshot{
      space,
      type,
      wanted,
      {Address{0x2000}, Address{0x1020}, Address{0x1000}, Address{0x1020}}};
};

TEST_F(Snapshots, KeepWhatIsWantedOfEachStructure) {
  EXPECT_EQ(kept_at(snapshot, 0x1000), 0x1000U);
  EXPECT_EQ(kept_at(snapshot, 0x1018), 0x1018U);
  EXPECT_EQ(kept_at(snapshot, 0x1020), 0x1020U);
  EXPECT_EQ(kept_at(snapshot, 0x1038), 0x1038U);
}

TEST_F(Snapshots, LeaveTheRestToMemory) {
  EXPECT_EQ(kept_at(snapshot, 0x1008), 1U);
  EXPECT_EQ(kept_at(snapshot, 0x1030), 1U);
  EXPECT_EQ(kept_at(snapshot, 0x0ff8), 1U);
  EXPECT_EQ(kept_at(snapshot, 0x1040), 1U);
}

TEST_F(Snapshots, KeepNothingOfAStructureThatIsNotWhole) {
  EXPECT_EQ(kept_at(snapshot, 0x2000), 1U);
  EXPECT_FALSE(snapshot.load(Address{0x2018}, 8));
}

TEST_F(Snapshots, AroundAStructureIsAllOfMemory) {
  const AddressSpace& around = snapshot.around(Address{0x1020});
  EXPECT_NE(&around, &snapshot);
  EXPECT_EQ(kept_at(around, 0x1038), 0x1038U);
  EXPECT_EQ(kept_at(around, 0x1030), 1U);
  EXPECT_EQ(kept_at(around, 0x1018), 0x1018U);
  EXPECT_EQ(kept_at(around, 0x3000), 1U);
}

TEST_F(Snapshots, AroundWhatIsNoStructureIsTheSnapshot) {
  EXPECT_EQ(&snapshot.around(Address{0x1028}), &snapshot);
  EXPECT_EQ(&snapshot.around(Address{0x0ff8}), &snapshot);
}

TEST_F(Snapshots, AReadAcrossPartsIsOneOfMemory) {
  space.put(0x1018, 1, 8);
  std::array<std::byte, 32> all = {};
  ASSERT_TRUE(snapshot.read(Address{0x1000}, all));
  EXPECT_EQ(all[24], std::byte{1});
}

}  // namespace
}  // namespace inquest
