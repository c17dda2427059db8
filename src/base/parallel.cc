// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/interrupt.h"

namespace inquest {

void in_parallel(std::size_t count, std::size_t part,
                 const std::function<void(std::size_t, std::size_t)>& work) {
  part = std::max<std::size_t>(part, 1);
  std::size_t parts = count / part + (count % part != 0 ? 1 : 0);
  std::atomic<std::size_t> next = 0;
  auto take = [&] {
    while (!interrupted()) {
      std::size_t mine = next++;
      if (mine >= parts) break;
      work(mine * part, std::min(count, (mine + 1) * part));
    }
  };
  std::size_t threads = std::min<std::size_t>(
      parts, std::max(std::thread::hardware_concurrency(), 1U));
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i)
    others.emplace_back(take);
  take();
}

}  // namespace inquest
