// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks that wait for locks, found without knowing the locks.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "kernel/lock.h"

namespace inquest {

// The locks that somebody waits for, by address; each waiter is in one.
struct ContendedLocks {
  std::vector<Lock> locks;
  std::vector<Error> faults;  // why some may be missing
};
// Cost: a look at the stacks of all tasks, and unwinding those of the tasks
// that wait. |progress| is told how much of it is done.
using LockProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;
ContendedLocks contended_locks(
    const Kernel& kernel,
    const LockProgress& progress = [](std::uint64_t, std::uint64_t) {});

// |task| waits for the lock that is |lock| among those given.
struct LockWait {
  Address task;
  std::size_t lock = 0;
};
// By task.
std::map<Address, std::size_t> waits_by_task(const std::vector<Lock>& locks);
// Tasks each of which waits for a lock that the next one holds, and the last
// one for the first's: each circle once, its lowest task first. Readers are
// not known to a lock, so circles through them are not found.
std::vector<std::vector<LockWait>> deadlocks(const std::vector<Lock>& locks);

}  // namespace inquest
