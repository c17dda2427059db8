// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/interrupt.h"

namespace inquest {
namespace {

// The first exception of several threads.
class Thrown {
 public:
  void keep() {
    std::scoped_lock guard(lock_);
    if (!first_) first_ = std::current_exception();
  }
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex lock_;
  std::exception_ptr first_;
};

}  // namespace

void on_threads(std::size_t count,
                const std::function<void(std::size_t)>& work) {
  Thrown thrown;
  auto run = [&](std::size_t which) {
    try {
      work(which);
    } catch (...) {
      thrown.keep();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t i = 1; i < count; ++i)
        others.emplace_back(run, i);
    } catch (const std::system_error&) {
      // No more threads are to be had: those there are do the work.
    }
    run(0);
  }
  thrown.rethrow();
}

void in_parallel(std::size_t count, std::size_t part,
                 const std::function<void(std::size_t, std::size_t)>& work) {
  part = std::max<std::size_t>(part, 1);
  std::size_t parts = count / part + (count % part != 0 ? 1 : 0);
  std::atomic<std::size_t> next = 0;
  std::size_t threads = std::min<std::size_t>(
      parts, std::max(std::thread::hardware_concurrency(), 1U));
  on_threads(threads, [&](std::size_t /*which*/) {
    while (!interrupted()) {
      std::size_t mine = next++;
      if (mine >= parts) break;
      work(mine * part, std::min(count, (mine + 1) * part));
    }
  });
}

}  // namespace inquest
