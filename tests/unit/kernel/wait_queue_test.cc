// SPDX-License-Identifier: GPL-3.0-or-later
// Who waits on a wait queue, whole and damaged.

#include "kernel/wait_queue.h"

#include <gtest/gtest.h>

#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t init_at = 0x1000, task_at = 0x1100;
constexpr std::uint64_t stack_at = 0x8000;
constexpr std::uint64_t head_at = 0x100;

// One task, at |task_at|, whose stack is at |stack_at|.
class WaitKernel : public test::TestKernel {
 public:
  explicit WaitKernel(const std::string& machine)
      : test::TestKernel(
            machine + words(init_at, {base + task_at, base + task_at, 0, 0}) +
                words(task_at,
                      {base + init_at, base + init_at, 7, base + stack_at}),
            {{"init_task", init_at}}) {
    const Type& any = types().pointer_to(types().void_type());
    const Type& word = types().c_type("unsigned long");
    list.kind = TypeKind::structure;
    list.byte_size = 16;
    const Type& link = types().pointer_to(list);
    links = {member("next", link, 0), member("prev", link, 8)};
    source->structure("list_head", 16, links);
    source->structure("task_struct", 64,
                      {member("tasks", list, 0), member("pid", word, 16),
                       member("stack", any, 24), member("signal", any, 32),
                       member("thread_node", list, 40)});
    source->structure("signal_struct", 16, {member("thread_head", list, 0)});
    source->structure("wait_queue_head", 16, {member("head", list, 0)});
    source->structure("wait_queue_entry", 32,
                      {member("private", any, 0), member("func", any, 8),
                       member("entry", list, 16)});
    const Type& simple = source->structure("swait_queue_head", 16,
                                           {member("task_list", list, 0)});
    source->structure("swait_queue", 24,
                      {member("task", any, 0), member("task_list", list, 8)});
    source->structure("completion", 24, {member("wait", simple, 8)});
  }
  Result<WaitQueue> queue(std::string_view type = "wait_queue_head") const {
    return wait_queue(*this, object(type, Address{base + head_at}));
  }

 private:
  std::vector<Member> links;
  Type list{[this](const Type&, TypeBody& body) { body.members = links; }};
};

std::string entry(std::uint64_t at, std::uint64_t owner, std::uint64_t next) {
  return words(at, {owner, base + 0x500, next, 0});
}

constexpr std::uint64_t link_of(std::uint64_t entry) {
  return base + entry + 16;
}

// Where the waiters' tasks lie, 0 for none.
std::vector<std::uint64_t> waiting(const WaitQueue& queue) {
  std::vector<std::uint64_t> found;
  for (const Waiter& waiter : queue.waiters) {
    found.push_back(waiter.task ? waiter.task->address().value - base : 0);
  }
  return found;
}

using Tasks = std::vector<std::uint64_t>;

TEST(WaitQueue, TellsTasksByThemselvesAndByTheirStacks) {
  WaitKernel kernel(words(head_at, {link_of(0x200), 0}) +
                    entry(0x200, base + task_at, link_of(0x240)) +
                    entry(0x240, base + stack_at + 0x100, link_of(0x280)) +
                    entry(0x280, base + 0x700, link_of(0x2c0)) +
                    entry(0x2c0, 0, base + head_at));
  auto found = kernel.queue();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(waiting(*found), (Tasks{task_at, task_at, 0, 0}));
  EXPECT_FALSE(found->fault);
  EXPECT_EQ(found->waiters[0].entry.value, base + 0x200);
  EXPECT_EQ(found->waiters[0].function.value_or({}).value, base + 0x500);
}

TEST(WaitQueue, MayBeEmpty) {
  WaitKernel kernel(words(head_at, {base + head_at, base + head_at}));
  auto found = kernel.queue();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(found->waiters.empty());
  EXPECT_FALSE(found->fault);
}

TEST(WaitQueue, IsInACompletion) {
  WaitKernel kernel(words(head_at, {0, base + 0x208, 0}) +
                    words(0x200, {base + task_at, base + head_at + 8, 0}));
  auto found = kernel.queue("completion");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(waiting(*found), (Tasks{task_at}));
}

TEST(WaitQueue, OfABrokenListKeepsWhatIsBefore) {
  WaitKernel kernel(words(head_at, {link_of(0x200), 0}) +
                    entry(0x200, base + task_at, base + 0x900000));
  auto found = kernel.queue();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(waiting(*found), (Tasks{task_at, 0}));
  EXPECT_FALSE(found->waiters.back().function);
  EXPECT_TRUE(found->fault);
}

TEST(WaitQueue, OfAListThatLoopsEnds) {
  WaitKernel kernel(words(head_at, {link_of(0x200), 0}) +
                    entry(0x200, base + task_at, link_of(0x240)) +
                    entry(0x240, base + task_at, link_of(0x200)));
  auto found = kernel.queue();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_LT(found->waiters.size(), 20U);
  EXPECT_TRUE(found->fault);
}

TEST(WaitQueue, IsNothingElse) {
  WaitKernel kernel("");
  auto found = kernel.queue("task_struct");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace inquest
