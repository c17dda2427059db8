// SPDX-License-Identifier: GPL-3.0-or-later
// What the words of locks say, of every age, and who waits in a circle.

#include "kernel/lock.h"

#include <gtest/gtest.h>

#include "kernel/lock_waits.h"
#include "unit/kernel/test_kernel.h"

namespace inquest {
namespace {

using test::member;
using test::words;

constexpr std::uint64_t base = test::TestKernel::base;
constexpr std::uint64_t lock_at_ = 0x100;
constexpr std::uint64_t task_at = 0x1000, other_at = 0x2000;

// What differs between kernels.
struct Age {
  bool has_pointers = false;  // 7.1: the first waiter instead of a list
  bool is_realtime = false;
};

class LockKernel : public test::TestKernel {
 public:
  explicit LockKernel(const std::string& machine, Age age = {})
      : test::TestKernel(machine, {}) {
    word_ = &types().c_type("unsigned long");
    list_.kind = TypeKind::structure;
    list_.byte_size = 16;
    const Type& link = types().pointer_to(list_);
    links_ = {member("next", link, 0), member("prev", link, 8)};
    source->structure("list_head", 16, links_);
    const Type& count =
        source->structure("atomic_long_t", 8, {member("counter", *word_, 0)});
    add_waiters();
    const Type& base_type = add_rtmutex();
    if (age.is_realtime) {
      const Type& small = source->structure(
          "atomic_t", 4, {member("counter", types().c_type("int"), 0)});
      const Type& rwbase = source->structure(
          "rwbase_rt", 48,
          {member("readers", small, 0), member("rtmutex", base_type, 8)});
      source->structure("mutex", 40, {member("rtmutex", base_type, 0)});
      source->structure("rw_semaphore", 48, {member("rwbase", rwbase, 0)});
      return;
    }
    const Type* queue = &list_;
    std::string_view name = "wait_list";
    if (age.has_pointers) {
      queue = &types().pointer_to(*waiter_);
      name = "first_waiter";
    }
    source->structure("mutex", 24,
                      {member("owner", count, 0), member(name, *queue, 8)});
    source->structure("rw_semaphore", 32,
                      {member("count", count, 0), member("owner", count, 8),
                       member("wait_list", list_, 16)});
    source->structure(
        "semaphore", 24,
        {member("count", *word_, 0), member("wait_list", list_, 8)});
  }

  Lock lock(LockKind kind) const {
    auto found = lock_at(*this, kind, Address{base + lock_at_});
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : Lock();
  }

 private:
  void add_waiters() {
    const Type& any = types().pointer_to(types().void_type());
    for (std::string_view name :
         {"mutex_waiter", "rwsem_waiter", "semaphore_waiter"}) {
      waiter_ = &source->structure(
          name, 24, {member("list", list_, 0), member("task", any, 16)});
    }
  }

  const Type& add_rtmutex() {
    const Type& any = types().pointer_to(types().void_type());
    node_.kind = TypeKind::structure;
    node_.byte_size = 24;
    const Type& link = types().pointer_to(node_);
    branches_ = {member("__rb_parent_color", *word_, 0),
                 member("rb_right", link, 8), member("rb_left", link, 16)};
    source->structure("rb_node", 24, branches_);
    const Type& root =
        source->structure("rb_root", 8, {member("rb_node", link, 0)});
    const Type& cached = source->structure(
        "rb_root_cached", 16,
        {member("rb_root", root, 0), member("rb_leftmost", link, 8)});
    source->structure("rt_mutex_waiter", 40,
                      {member("tree_entry", node_, 0), member("task", any, 24),
                       member("prio", types().c_type("int"), 32)});
    return source->structure(
        "rt_mutex_base", 32,
        {member("waiters", cached, 0), member("owner", any, 16)});
  }

  const Type* word_ = nullptr;
  const Type* waiter_ = nullptr;
  std::vector<Member> links_, branches_;
  Type list_{[this](const Type&, TypeBody& body) { body.members = links_; }};
  Type node_{[this](const Type&, TypeBody& body) { body.members = branches_; }};
};

// Which tasks wait, by place.
std::vector<std::uint64_t> waiting(const Lock& lock) {
  std::vector<std::uint64_t> found;
  for (const LockWaiter& waiter : lock.waiters)
    found.push_back(waiter.task ? waiter.task->value - base : 0);
  return found;
}
using Tasks = std::vector<std::uint64_t>;
using Flags = std::vector<std::string_view>;

std::string waiter(std::uint64_t at, std::uint64_t next, std::uint64_t task) {
  return words(at, {base + next, 0, base + task});
}

TEST(Lock, OfAMutexHasOwnerAndFlagsInOneWord) {
  LockKernel kernel(
      words(lock_at_, {base + task_at + 3, base + 0x200, base + 0x240}) +
      waiter(0x200, 0x240, other_at) +
      waiter(0x240, lock_at_ + 8, other_at + 8));
  Lock lock = kernel.lock(LockKind::mutex);
  EXPECT_EQ(lock.owner, Address{base + task_at});
  EXPECT_TRUE(lock.is_held);
  EXPECT_EQ(lock.flags, (Flags{"waiters", "handoff"}));
  EXPECT_EQ(waiting(lock), (Tasks{other_at, other_at + 8}));
  EXPECT_FALSE(lock.fault);
}

TEST(Lock, OfAMutexMayPointToARingOfWaiters) {
  LockKernel kernel(words(lock_at_, {base + task_at + 1, base + 0x200}) +
                        waiter(0x200, 0x240, other_at) +
                        waiter(0x240, 0x200, other_at + 8),
                    {.has_pointers = true});
  Lock lock = kernel.lock(LockKind::mutex);
  EXPECT_EQ(waiting(lock), (Tasks{other_at, other_at + 8}));
  EXPECT_FALSE(lock.fault);
  auto queue = lock_queue(kernel, LockKind::mutex);
  ASSERT_TRUE(queue);
  EXPECT_TRUE(queue->is_pointer);
  EXPECT_EQ(queue->offset, 8U);
}

TEST(Lock, ThatIsFreeHasNobody) {
  LockKernel kernel(words(lock_at_, {0, 0}), {.has_pointers = true});
  Lock lock = kernel.lock(LockKind::mutex);
  EXPECT_FALSE(lock.is_held);
  EXPECT_EQ(lock.owner, Address{0});
  EXPECT_TRUE(lock.waiters.empty());
}

TEST(Lock, WhoseQueueLoopsKeepsWhatIsBefore) {
  LockKernel kernel(words(lock_at_, {base + task_at + 1, base + 0x200, 0}) +
                    waiter(0x200, 0x240, other_at) +
                    waiter(0x240, 0x200, other_at));
  Lock lock = kernel.lock(LockKind::mutex);
  EXPECT_GE(lock.waiters.size(), 2U);
  EXPECT_LT(lock.waiters.size(), 20U);
  EXPECT_TRUE(lock.fault);
}

TEST(Lock, OfARwsemCountsReaders) {
  constexpr std::uint64_t queue = base + lock_at_ + 16;
  LockKernel kernel(words(lock_at_, {0x302, base + task_at + 3, queue, queue}));
  Lock lock = kernel.lock(LockKind::rwsem);
  EXPECT_TRUE(lock.is_read);
  EXPECT_EQ(lock.readers, 3U);
  EXPECT_EQ(lock.owner, Address{base + task_at});
  EXPECT_EQ(lock.flags, (Flags{"waiters", "nonspinnable"}));
}

TEST(Lock, OfARwsemForgetsWhoReadItLast) {
  constexpr std::uint64_t queue = base + lock_at_ + 16;
  LockKernel written(words(lock_at_, {1, base + task_at, queue, queue}));
  EXPECT_EQ(written.lock(LockKind::rwsem).owner, Address{base + task_at});
  EXPECT_FALSE(written.lock(LockKind::rwsem).is_read);
  // The owner is not written down yet; what is there is a reader's.
  LockKernel taken(words(lock_at_, {1, base + task_at + 1, queue, queue}));
  EXPECT_TRUE(taken.lock(LockKind::rwsem).is_held);
  EXPECT_EQ(taken.lock(LockKind::rwsem).owner, Address{0});
  LockKernel left(words(lock_at_, {0, base + task_at + 1, queue, queue}));
  EXPECT_FALSE(left.lock(LockKind::rwsem).is_held);
  EXPECT_EQ(left.lock(LockKind::rwsem).owner, Address{0});
}

TEST(Lock, OfASemaphoreCountsPlaces) {
  LockKernel kernel(words(lock_at_, {0, base + 0x200, 0}) +
                    waiter(0x200, lock_at_ + 8, task_at));
  Lock lock = kernel.lock(LockKind::semaphore);
  EXPECT_EQ(lock.count, 0U);
  EXPECT_TRUE(lock.is_held);
  EXPECT_EQ(waiting(lock), (Tasks{task_at}));
}

// A tree of two: the first waits with priority 98, right of it one with 120.
std::string two_waiters() {
  return words(0x200, {0, base + 0x240, 0, base + other_at, 98}) +
         words(0x240, {base + 0x200, 0, 0, base + other_at + 8, 120});
}

TEST(Lock, OfAnRtmutexHasATree) {
  LockKernel kernel(
      words(lock_at_, {base + 0x200, base + 0x200, base + task_at + 1}) +
      two_waiters());
  Lock lock = kernel.lock(LockKind::rtmutex);
  EXPECT_EQ(lock.owner, Address{base + task_at});
  EXPECT_EQ(waiting(lock), (Tasks{other_at, other_at + 8}));
  EXPECT_EQ(lock.waiters.back().priority, 120);
}

TEST(Lock, OfARealtimeKernelIsMadeOfAnRtmutex) {
  LockKernel mutex(
      words(lock_at_, {base + 0x200, base + 0x200, base + task_at + 1}) +
          two_waiters(),
      {.is_realtime = true});
  EXPECT_TRUE(is_realtime_kernel(mutex));
  EXPECT_EQ(mutex.lock(LockKind::mutex).owner, Address{base + task_at});
  EXPECT_FALSE(lock_queue(mutex, LockKind::mutex));
}

TEST(Lock, OfARealtimeRwsemTellsReadersFromWriters) {
  auto lock_of = [](std::uint64_t readers, std::uint64_t owner) {
    LockKernel kernel(words(lock_at_, {readers, 0, 0, owner}),
                      {.is_realtime = true});
    return kernel.lock(LockKind::rwsem);
  };
  EXPECT_FALSE(lock_of(0x80000000, 0).is_held);
  EXPECT_EQ(lock_of(0x80000002, 0).readers, 2U);
  EXPECT_TRUE(lock_of(0x80000002, 0).is_read);
  Lock written = lock_of(0x40000000, base + task_at);
  EXPECT_TRUE(written.is_held);
  EXPECT_EQ(written.owner, Address{base + task_at});
  // A writer that has come waits for the readers to go.
  Lock pending = lock_of(2, base + task_at);
  EXPECT_TRUE(pending.is_read);
  EXPECT_EQ(pending.owner, Address{0});
  EXPECT_EQ(waiting(pending), (Tasks{task_at}));
  EXPECT_EQ(pending.waiters.front().wants, "write");
}

TEST(Lock, ThatIsNotInTheDumpIsAFault) {
  LockKernel kernel(words(0, {0}));
  auto found = lock_at(kernel, LockKind::mutex, Address{base + 0x900000});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::fault);
}

// ---- Circles ----

Lock held(std::uint64_t at, std::uint64_t owner,
          const std::vector<std::uint64_t>& waiters) {
  Lock lock;
  lock.at = Address{at};
  lock.owner = Address{owner};
  lock.is_held = true;
  for (std::uint64_t task : waiters) {
    const LockWaiter waiter{.entry = {}, .task = Address{task}};
    lock.waiters.push_back(waiter);
  }
  return lock;
}

std::vector<std::vector<std::uint64_t>> circles(
    const std::vector<Lock>& locks) {
  std::vector<std::vector<std::uint64_t>> found;
  for (const auto& circle : deadlocks(locks)) {
    found.emplace_back();
    for (const LockWait& wait : circle)
      found.back().push_back(wait.task.value);
  }
  return found;
}
using Circles = std::vector<std::vector<std::uint64_t>>;

TEST(Deadlocks, AreFoundOnceWithoutThoseWhoOnlyWaitForThem) {
  // 1 -> 2 -> 3 -> 1, for which 4 and 5 wait; 6 waits for 7, which runs; 8
  // waits for itself.
  std::vector<Lock> locks = {held(0x10, 2, {1, 5}), held(0x20, 3, {2}),
                             held(0x30, 1, {3, 4}), held(0x40, 7, {6}),
                             held(0x50, 8, {8})};
  EXPECT_EQ(circles(locks), (Circles{{1, 2, 3}, {8}}));
}

TEST(Deadlocks, DoNotGoThroughTheLastReader) {
  std::vector<Lock> locks = {held(0x10, 2, {1}), held(0x20, 1, {2})};
  EXPECT_EQ(circles(locks), (Circles{{1, 2}}));
  locks[1].is_read = true;
  EXPECT_EQ(circles(locks), Circles{});
}

}  // namespace
}  // namespace inquest
