// SPDX-License-Identifier: GPL-3.0-or-later
// Scalable bitmaps (lib/sbitmap.c): which tags of a block device, a target's
// session, ... are taken.

#pragma once

#include <optional>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// struct sbitmap: bits in words that lie apart from each other. A bit that was
// freed is set in |cleared| until somebody needs it.
struct Sbitmap {
  std::uint64_t depth = 0;  // bits
  std::uint64_t bits_per_word = 0;
  std::uint64_t words = 0;
  std::uint64_t cleared = 0;  // how many
  std::vector<bool> set;      // of each bit, those cleared not counted

  std::uint64_t busy() const;
  // As the kernel shows them: bit 0 is the lowest of the first byte.
  std::vector<std::uint8_t> bytes() const;
};

// |object|: a struct sbitmap. |corrupt| where its sizes make no sense.
Result<Sbitmap> read_sbitmap(const Object& object);

struct SbitmapWaiter {
  std::optional<std::int64_t> wait_count;  // until 6.0
  Result<bool> is_active;                  // somebody waits
};

struct SbitmapQueue {
  Sbitmap bitmap;
  std::vector<Result<std::uint64_t>> hints;  // by possible CPU
  Result<std::uint64_t> wake_batch, wake_index;
  std::optional<std::uint64_t> active_waits;  // since 5.1
  std::vector<SbitmapWaiter> waiters;
  Result<bool> round_robin;
  std::optional<std::uint64_t> min_shallow_depth;  // since 4.18
};

// |object|: a struct sbitmap_queue.
Result<SbitmapQueue> read_sbitmap_queue(const Kernel& kernel,
                                        const Object& object);

}  // namespace inquest
