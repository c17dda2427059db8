// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/faults.h"

#include <gtest/gtest.h>

#include "unit/shell/fake_kernel.h"

namespace inquest {
namespace {

std::vector<std::string> messages(const Faults& faults) {
  std::vector<std::string> found;
  for (const Error& fault : faults)
    found.push_back(fault.message());
  return found;
}

TEST(Faults, AreCountedWhereThereAreMany) {
  Faults faults;
  EXPECT_TRUE(faults.empty());
  for (std::size_t i = 0; i < Faults::most; ++i)
    faults.push_back(Error(ErrorKind::fault, fmt::format("{} is lost", i)));
  EXPECT_EQ(messages(faults).size(), Faults::most);
  EXPECT_EQ(messages(faults).back(), "19 is lost");
  for (unsigned i = 0; i < 100'000; ++i)
    faults.push_back(Error(ErrorKind::fault, fmt::format("lost {}", i)));
  EXPECT_EQ(messages(faults).size(), Faults::most + 1);
  EXPECT_EQ(messages(faults).back(), "and 100000 more");
}

TEST(Faults, OfOneReasonAreOne) {
  Faults faults;
  for (unsigned i = 0; i < 100; ++i)
    faults.push_back(Error(ErrorKind::fault, fmt::format("page {}", i % 2)));
  EXPECT_EQ(messages(faults), (std::vector<std::string>{"page 0", "page 1"}));
}

TEST(Losses, AreToldOnce) {
  FakeKernel kernel;
  kernel.note_loss(Error(ErrorKind::fault, "symbols of module a"));
  kernel.note_loss(Error(ErrorKind::fault, "symbols of module a"));
  kernel.note_loss(Error(ErrorKind::fault, "symbols of module b"));
  EXPECT_EQ(kernel.new_losses().size(), 2U);
  kernel.note_loss(Error(ErrorKind::fault, "symbols of module b"));
  EXPECT_TRUE(kernel.new_losses().empty());
}

TEST(Losses, OfOneKindAreToldAgain) {
  FakeKernel kernel;
  Error lost(ErrorKind::fault, "lost");
  kernel.note_loss(lost, "a stack");
  kernel.note_loss(lost, "symbols", Kernel::LossOf::symbols);
  EXPECT_EQ(kernel.new_losses().size(), 2U);
  auto again = kernel.new_losses(Kernel::LossOf::symbols);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message(), "symbols: lost");
}

TEST(Losses, AreNotWhatIsMerelyMissing) {
  FakeKernel kernel;
  note_if_lost(kernel, Error(ErrorKind::not_found, "no such stack"), "a stack");
  EXPECT_TRUE(kernel.new_losses().empty());
  note_if_lost(kernel, Error(ErrorKind::io, "cut short"), "a stack");
  EXPECT_EQ(kernel.new_losses().size(), 1U);
}

}  // namespace
}  // namespace inquest
