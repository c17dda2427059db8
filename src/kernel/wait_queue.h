// SPDX-License-Identifier: GPL-3.0-or-later
// Wait queues: who sleeps until something happens.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct Waiter {
  Address entry;  // struct wait_queue_entry, swait_queue, ...
  // The task to be woken; absent where the entry calls a function that wakes
  // none, or none that is known here (epoll, io_uring, ...).
  std::optional<Object> task;
  Result<Address> function;  // called to wake; 0 of a simple wait queue
};

struct WaitQueue {
  Address at;
  std::vector<Waiter> waiters;
  std::optional<Error> fault;  // why some may be missing
};

// |head|: a struct wait_queue_head (__wait_queue_head before 4.13),
// swait_queue_head, completion, or a pointer to one. |not_found| says that it
// is none of these. Cost: a walk over all tasks if anybody waits.
Result<WaitQueue> wait_queue(const Kernel& kernel, const Object& head);

// The wait queue of the common kind at |at|.
Object wait_queue_head(const Kernel& kernel, Address at);

}  // namespace inquest
