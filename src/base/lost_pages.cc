// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/lost_pages.h"

#include <atomic>
#include <csignal>
#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

namespace inquest {
namespace {

std::atomic<unsigned> count = 0;  // lock-free, hence safe in a signal handler
static_assert(std::atomic<unsigned>::is_always_lock_free);

// Puts a page of zeroes where the lost one was. When that cannot be done, the
// signal comes again and ends the program.
void on_bus_error(int signal, siginfo_t* info, void* /*context*/) {
  auto size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  auto* page = static_cast<std::byte*>(info->si_addr) - at % size;
  bool is_lost = info->si_code == BUS_ADRERR;
  if (is_lost &&
      mmap(page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
           0) != MAP_FAILED) {
    count.fetch_add(1, std::memory_order_relaxed);
  } else {
    std::signal(signal, SIG_DFL);
  }
}

}  // namespace

void survive_lost_pages() {
  struct sigaction action = {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

unsigned lost_pages() {
  return count.load(std::memory_order_relaxed);
}

}  // namespace inquest
