// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/interrupt.h"

#include <atomic>

namespace inquest {
namespace {

std::atomic<bool> flag = false;  // lock-free, hence safe in a signal handler
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

bool interrupted() {
  return flag.load(std::memory_order_relaxed);
}
void interrupt() {
  flag.store(true, std::memory_order_relaxed);
}
void clear_interrupt() {
  flag.store(false, std::memory_order_relaxed);
}

}  // namespace inquest
