// SPDX-License-Identifier: GPL-3.0-or-later
// Locks that tasks sleep for: who holds one, and who waits for it.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

enum class LockKind { mutex, rwsem, rtmutex, semaphore };
std::string_view lock_kind_name(LockKind kind);  // "mutex", ...
std::optional<LockKind> lock_kind_named(std::string_view name);
// Of a variable or member that is a lock, or contains one as its first part
// (struct ww_mutex).
std::optional<LockKind> lock_kind_of(const Type& type);

struct LockWaiter {
  Address entry;  // struct mutex_waiter, ...; 0: the lock has none for it
  Result<Address> task;
  std::string_view wants = {};                // of rwsems: "read" or "write"
  std::optional<std::int64_t> priority = {};  // of rtmutexes, 120 is nice 0
};

struct Lock {
  LockKind kind = LockKind::mutex;
  Address at;
  // The task_struct that holds it; 0: none, or unknown to the lock. A lock
  // that readers hold has the one that came last, who may be gone.
  Address owner;
  bool is_held = false;
  bool is_read = false;                  // held by readers
  std::optional<std::uint64_t> readers;  // how many: of rwsems
  std::optional<std::uint64_t> count;    // free places: of semaphores
  std::uint64_t word = 0;                // that says all this
  std::vector<std::string_view> flags;   // "waiters", "handoff", ...
  std::vector<LockWaiter> waiters;       // in the order of the queue
  std::optional<Error> fault;            // why some may be missing
};

// What the lock at |at| says. Fails where its type or memory is not there.
Result<Lock> lock_at(const Kernel& kernel, LockKind kind, Address at);

// The variable that |at| is in. Of several at one place the largest: what
// lockdep needs is empty without it, and lies where the next variable does.
std::optional<Kernel::Place> variable_place(const Kernel& kernel, Address at);

// Where such a lock has its queue: a list_head, or a pointer to the first
// waiter.
struct LockQueue {
  std::string_view waiter;  // the structure of those who wait
  std::uint64_t offset = 0;
  bool is_pointer = false;
};
// |unsupported| for rtmutexes and what is built on them.
Result<LockQueue> lock_queue(const Kernel& kernel, LockKind kind);

// Whether mutexes and rwsems are built on rtmutexes (CONFIG_PREEMPT_RT).
bool is_realtime_kernel(const Kernel& kernel);

// A spinlock's word.
struct SpinLock {
  Address at;
  std::uint64_t word = 0;
  bool is_locked = false, is_pending = false;
  // The CPU that queued last, and how many it already had in its queue nodes.
  std::optional<std::uint64_t> tail_cpu;
  std::uint64_t tail_index = 0;
  // With CONFIG_DEBUG_SPINLOCK.
  std::optional<std::uint64_t> owner_cpu;
  std::optional<Address> owner;
};
// |at|: a spinlock_t, raw_spinlock_t or struct qspinlock. |unsupported| where
// spinlocks are no queued ones.
Result<SpinLock> spin_lock_at(const Kernel& kernel, Address at);

}  // namespace inquest
