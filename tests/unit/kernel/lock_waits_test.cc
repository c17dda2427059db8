// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks that wait for locks, found by their stacks alone: nothing can be
// unwound here.

#include "kernel/lock_waits.h"

#include <gtest/gtest.h>

#include "kernel/linux_arch.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t init_at = 0x1000, first_at = 0x1100, second_at = 0x1200,
                        owner_at = 0x1300;
// 16 KB each. The waiters' structures are at |waiter_in|.
constexpr std::uint64_t init_stack = 0x10000, first_stack = 0x14000,
                        second_stack = 0x18000, owner_stack = 0x1c000;
constexpr std::uint64_t waiter_in = 0x3e00;
constexpr std::uint64_t mutex_at = 0x200;

std::string task(std::uint64_t at, std::uint64_t next, std::uint64_t before,
                 std::uint64_t pid, std::uint64_t stack) {
  return words(at, {base + next, base + before, pid, base + stack}) +
         words(stack, {0}) + words(stack + 0x1000, {0}) +
         words(stack + 0x2000, {0}) + words(stack + 0x3000, {0});
}

// Tasks of which one owns a mutex and two may wait for it.
class StackKernel : public test::TestKernel {
 public:
  StackKernel(const std::string& machine, bool has_pointers)
      : test::TestKernel(
            machine + task(init_at, first_at, owner_at, 0, init_stack) +
                task(first_at, second_at, init_at, 7, first_stack) +
                task(second_at, owner_at, first_at, 8, second_stack) +
                task(owner_at, init_at, second_at, 9, owner_stack),
            {{"init_task", init_at}}) {
    const Type& any = types().pointer_to(types().void_type());
    const Type& word = types().c_type("unsigned long");
    list_.kind = TypeKind::structure;
    list_.byte_size = 16;
    const Type& link = types().pointer_to(list_);
    links_ = {member("next", link, 0), member("prev", link, 8)};
    source->structure("list_head", 16, links_);
    source->structure("thread_union", 0x4000,
                      {member("stack", types().array_of(word, 0x800), 0)});
    source->structure("task_struct", 64,
                      {member("tasks", list_, 0), member("pid", word, 16),
                       member("stack", any, 24), member("signal", any, 32),
                       member("thread_node", list_, 40)});
    source->structure("signal_struct", 16, {member("thread_head", list_, 0)});
    const Type& count =
        source->structure("atomic_long_t", 8, {member("counter", word, 0)});
    const Type& waiter =
        source->structure("mutex_waiter", 24,
                          {member("list", list_, 0), member("task", any, 16)});
    const Type* queue = has_pointers ? &types().pointer_to(waiter) : &list_;
    source->structure(
        "mutex", 24,
        {member("owner", count, 0),
         member(has_pointers ? "first_waiter" : "wait_list", *queue, 8)});
  }
  const LinuxArch& linux_arch() const override {
    constexpr unsigned x86_64 = 62;
    return *find_linux_arch(x86_64);
  }
  std::optional<Place> place(Address /*at*/) const override {
    return std::nullopt;
  }

 private:
  std::vector<Member> links_;
  Type list_{[this](const Type&, TypeBody& body) { body.members = links_; }};
};

std::string waiter(std::uint64_t stack, std::uint64_t next,
                   std::uint64_t before, std::uint64_t task) {
  return words(stack + waiter_in, {base + next, base + before, base + task});
}

// The tasks that wait for the one mutex that there is.
std::vector<std::uint64_t> waiting(const StackKernel& kernel) {
  ContendedLocks found = contended_locks(kernel);
  std::vector<std::uint64_t> tasks;
  if (found.locks.size() != 1) return tasks;
  EXPECT_EQ(found.locks.front().at, Address{base + mutex_at});
  EXPECT_EQ(found.locks.front().owner, Address{base + owner_at});
  for (const LockWaiter& waiter : found.locks.front().waiters)
    tasks.push_back(waiter.task.value_or({}).value - base);
  return tasks;
}
using Tasks = std::vector<std::uint64_t>;

constexpr std::uint64_t first_waiter = first_stack + waiter_in,
                        second_waiter = second_stack + waiter_in;
constexpr std::uint64_t queue_at = mutex_at + 8;

TEST(ContendedLocks, AreWhereTheListOfWaitersBegins) {
  StackKernel kernel(
      words(mutex_at,
            {base + owner_at + 1, base + second_waiter, base + first_waiter}) +
          waiter(second_stack, first_waiter, queue_at, second_at) +
          waiter(first_stack, queue_at, second_waiter, first_at),
      false);
  EXPECT_EQ(waiting(kernel), (Tasks{second_at, first_at}));
}

TEST(ContendedLocks, ArePointedToByAStackWhereTheWaitersAreARing) {
  StackKernel kernel(
      words(mutex_at, {base + owner_at + 1, base + second_waiter}) +
          waiter(second_stack, first_waiter, first_waiter, second_at) +
          waiter(first_stack, second_waiter, second_waiter, first_at) +
          words(first_stack + waiter_in + 0x40, {base + mutex_at}) +
          words(second_stack + waiter_in + 0x40, {base + mutex_at}),
      true);
  EXPECT_EQ(waiting(kernel), (Tasks{second_at, first_at}));
}

TEST(ContendedLocks, HaveOwnersAndFlags) {
  auto machine = [](std::uint64_t owner) {
    return words(mutex_at,
                 {base + owner, base + first_waiter, base + first_waiter}) +
           waiter(first_stack, queue_at, queue_at, first_at);
  };
  EXPECT_EQ(waiting(StackKernel(machine(owner_at + 1), false)),
            (Tasks{first_at}));
  // No waiters, it says; an owner that is no task.
  EXPECT_EQ(waiting(StackKernel(machine(owner_at), false)), Tasks{});
  EXPECT_EQ(waiting(StackKernel(machine(owner_at + 9), false)), Tasks{});
}

TEST(ContendedLocks, MayBeNone) {
  ContendedLocks found = contended_locks(StackKernel(words(0, {0}), false));
  EXPECT_TRUE(found.locks.empty());
}

}  // namespace
}  // namespace inquest
