// SPDX-License-Identifier: GPL-3.0-or-later
//
// Searching memory on all cores.
//
// The extents are cut into chunks, which the threads take in turn: each reads
// its chunk past the page cache, in place where the dump is not compressed,
// and notes what it finds. The caller's thread passes the findings on in the
// order of the chunks. Threads do not run ahead of it by more than a few
// chunks, so that neither findings nor extents pile up.

#pragma once

#include <functional>
#include <vector>

#include "memory/extents.h"
#include "memory/pattern.h"

namespace inquest {

struct SearchHit {
  Address at;
  std::uint64_t value = 0;  // the word that was found; strings have none
  std::size_t which = 0;    // of the pattern's values or strings
};

// In bytes.
struct SearchTotals {
  std::uint64_t searched = 0;
  std::uint64_t damaged = 0;  // in the dump, but cannot be unpacked
};

struct SearchRequest {
  const PhysicalMemory& memory;
  const Pattern& pattern;
  // What is found must lie within, and extents may reach beyond.
  AddressRange bounds;
  // Called in the order of the extents as soon as all before is searched.
  std::function<void(const SearchHit&)> on_hit;
  // Told from time to time how many bytes have been searched.
  std::function<void(std::uint64_t)> on_progress = {};
  unsigned threads = 0;  // 0: as many as the machine has cores
};

// Strings that go on in the next extent are found where its addresses follow.
// What is not in the dump is skipped. Stops soon after an interrupt.
SearchTotals search(const SearchRequest& request, Generator<Extent> extents);

// The parts of |extents| that the dump describes, in whole pages of
// Dump::scan_unit. |ranges|: Dump::ranges().
Generator<Extent> dumped_extents(Generator<Extent> extents,
                                 std::vector<PhysRange> ranges);

}  // namespace inquest
