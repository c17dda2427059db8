// SPDX-License-Identifier: GPL-3.0-or-later
#include "memory/search.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::uint64_t unit = Dump::scan_unit;
// Small enough for what is unpacked to stay in a core's cache, and large enough
// where nothing is copied.
constexpr std::uint64_t copied_size = std::uint64_t{1} << 18;
constexpr std::uint64_t in_place_size = std::uint64_t{1} << 21;
// Extents of this size on are not gathered with others, so that they may be
// searched in place.
constexpr std::uint64_t large_extent = std::uint64_t{1} << 17;

std::uint64_t whole_units(std::uint64_t size) {
  return (size + unit - 1) / unit * unit;
}

// ---- Chunks ----

// Where a chunk's parts follow each other, strings may go on from one to the
// next; |tail| is what follows the last.
struct Chunk {
  std::vector<Extent> parts;
  Extent tail;
  std::uint64_t size = 0;  // without the tail
};

class Chunks {
 public:
  Chunks(const Dump& dump, Generator<Extent> extents, std::size_t longest)
      : dump_(dump),
        extents_(std::move(extents)),
        tail_size_(whole_units(longest - 1)),
        next_(extents_.begin()) {
    refill();
  }

  std::optional<Chunk> next() {
    Chunk chunk;
    std::uint64_t most = is_in_place_ ? in_place_size : copied_size;
    while (rest_.size != 0 && chunk.size < most) {
      std::uint64_t size = std::min(rest_.size, most - chunk.size);
      if (!chunk.parts.empty() && size >= large_extent) break;
      chunk.parts.push_back({rest_.start, rest_.physical, size});
      chunk.size += size;
      drop(size);
      if (size >= large_extent) break;
    }
    if (chunk.parts.empty()) return std::nullopt;
    if (rest_.size != 0 && rest_.start == chunk.parts.back().end()) {
      chunk.tail = rest_;
      chunk.tail.size = std::min(rest_.size, tail_size_);
    }
    return chunk;
  }

 private:
  void drop(std::uint64_t size) {
    rest_.start = rest_.start + size;
    rest_.physical = rest_.physical + size;
    rest_.size -= size;
    if (rest_.size == 0) refill();
  }

  void refill() {
    while (rest_.size == 0 && next_ != std::default_sentinel) {
      rest_ = *next_;
      ++next_;
    }
    is_in_place_ = rest_.size >= large_extent && can_acquire(rest_.physical);
  }

  bool can_acquire(PhysAddress at) const {
    Bytes bytes = dump_.acquire(at, unit);
    dump_.release(bytes);
    return !bytes.empty();
  }

  const Dump& dump_;
  Generator<Extent> extents_;
  std::uint64_t tail_size_;
  Generator<Extent>::Iterator next_;
  Extent rest_;
  bool is_in_place_ = false;
};

// ---- Searching one chunk ----

struct Found {
  std::vector<SearchHit> hits;
  SearchTotals totals;
};

// What one thread needs.
class ChunkSearch {
 public:
  explicit ChunkSearch(const SearchRequest& request) : request_(request) {}

  Found search(const Chunk& chunk) {
    Found found;
    if (!search_in_place(chunk, found)) search_copy(chunk, found);
    return found;
  }

 private:
  bool search_in_place(const Chunk& chunk, Found& found);
  void search_copy(const Chunk& chunk, Found& found);
  void gather(const Chunk& chunk);
  void search_bytes(Bytes bytes, std::size_t limit, Address start,
                    Found& found);

  const SearchRequest& request_;
  std::vector<std::byte> bytes_;
  std::vector<Dump::Unit> units_;
  std::vector<Address> addresses_;  // of the units
  std::vector<Pattern::Match> matches_;
};

bool ChunkSearch::search_in_place(const Chunk& chunk, Found& found) {
  const Extent& part = chunk.parts.front();
  bool is_row = chunk.parts.size() == 1 &&
                (chunk.tail.size == 0 ||
                 part.physical + part.size == chunk.tail.physical);
  if (!is_row) return false;
  const Dump& dump = request_.memory.dump();
  Bytes bytes = dump.acquire(part.physical, part.size + chunk.tail.size);
  if (bytes.empty()) return false;
  search_bytes(bytes, part.size, part.start, found);
  found.totals.searched += part.size;
  dump.release(bytes);
  return true;
}

// Reads the chunk and its tail one behind the other.
void ChunkSearch::gather(const Chunk& chunk) {
  std::uint64_t size = chunk.size + chunk.tail.size;
  if (bytes_.size() < size) bytes_.resize(size);
  units_.assign(size / unit, Dump::Unit::missing);
  addresses_.clear();
  std::size_t at = 0;
  auto add = [&](const Extent& part) {
    request_.memory.read_run(
        part.physical, std::span(bytes_).subspan(at, part.size),
        std::span(units_).subspan(at / unit, part.size / unit));
    at += part.size;
    for (std::uint64_t i = 0; i < part.size; i += unit)
      addresses_.push_back(part.start + i);
  };
  std::ranges::for_each(chunk.parts, add);
  if (chunk.tail.size != 0) add(chunk.tail);
}

void ChunkSearch::search_copy(const Chunk& chunk, Found& found) {
  gather(chunk);
  std::size_t count = chunk.size / unit;
  for (std::size_t i = 0; i < count; ++i) {
    if (units_[i] == Dump::Unit::damaged) found.totals.damaged += unit;
    if (units_[i] == Dump::Unit::read) found.totals.searched += unit;
  }
  for (std::size_t first = 0; first < count;) {
    std::size_t end = first;
    while (end < units_.size() && units_[end] == Dump::Unit::read &&
           addresses_[end] == addresses_[first] + (end - first) * unit)
      ++end;
    if (end != first) {
      search_bytes(Bytes(bytes_).subspan(first * unit, (end - first) * unit),
                   (std::min(end, count) - first) * unit, addresses_[first],
                   found);
    }
    first = std::max(end, first + 1);
  }
}

void ChunkSearch::search_bytes(Bytes bytes, std::size_t limit, Address start,
                               Found& found) {
  const Pattern& pattern = request_.pattern;
  const AddressRange& bounds = request_.bounds;
  matches_.clear();
  pattern.find(bytes, limit, matches_);
  for (const Pattern::Match& match : matches_) {
    Address at = start + match.offset;
    std::size_t size = pattern.size(match.which);
    if (!bounds.contains(at) || bounds.last - at < size - 1) continue;
    std::uint64_t value = 0;
    if (pattern.has_words()) {
      value = load_unsigned(bytes.subspan(match.offset, size),
                            request_.memory.endian());
    }
    found.hits.push_back({at, value, match.which});
  }
}

// ---- All threads ----

class Search {
 public:
  Search(const SearchRequest& request, Generator<Extent> extents)
      : request_(request),
        chunks_(request.memory.dump(), std::move(extents),
                request.pattern.longest()) {}
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  ~Search() {
    {
      std::scoped_lock guard(lock_);
      is_over_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
      thread.join();
  }

  SearchTotals run(unsigned threads) {
    most_waiting_ = threads + 2;
    start(threads);
    while (auto found = next_found()) {
      for (const SearchHit& hit : found->hits) {
        if (interrupted()) return totals_;
        request_.on_hit(hit);
      }
      totals_.searched += found->totals.searched;
      totals_.damaged += found->totals.damaged;
      if (request_.on_progress) request_.on_progress(totals_.searched);
    }
    std::scoped_lock guard(lock_);
    if (thrown_) std::rethrow_exception(thrown_);
    return totals_;
  }

 private:
  void start(unsigned threads);
  void work();
  void search_chunks();
  std::optional<Found> next_found();

  const SearchRequest& request_;
  SearchTotals totals_;
  std::vector<std::thread> threads_;

  std::mutex lock_;  // of all below
  std::condition_variable changed_;
  Chunks chunks_;
  std::map<std::uint64_t, Found> done_;  // by the chunk's number
  std::uint64_t taken_ = 0;              // chunks that threads took
  std::uint64_t passed_on_ = 0;
  std::uint64_t most_waiting_ = 0;
  bool is_over_ = false;  // there are no more chunks, or nobody asks
  std::exception_ptr thrown_;
};

// One thread is enough; without any there is no search.
void Search::start(unsigned threads) {
  try {
    for (unsigned i = 0; i < threads; ++i)
      threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;
  }
}

void Search::work() {
  try {
    search_chunks();
  } catch (...) {
    std::scoped_lock guard(lock_);
    thrown_ = std::current_exception();
  }
  std::scoped_lock guard(lock_);
  is_over_ = true;
  changed_.notify_all();
}

void Search::search_chunks() {
  ChunkSearch search(request_);
  std::unique_lock guard(lock_);
  while (true) {
    changed_.wait(guard, [this] {
      return is_over_ || taken_ < passed_on_ + most_waiting_;
    });
    auto chunk = is_over_ || interrupted() ? std::nullopt : chunks_.next();
    if (!chunk) break;
    std::uint64_t number = taken_++;
    guard.unlock();
    Found found = search.search(*chunk);
    guard.lock();
    done_.emplace(number, std::move(found));
    changed_.notify_all();
  }
}

// Nothing when all is done, or on an interrupt.
std::optional<Found> Search::next_found() {
  constexpr std::chrono::milliseconds patience(50);
  std::unique_lock guard(lock_);
  while (!interrupted()) {
    auto found = done_.find(passed_on_);
    if (found != done_.end()) {
      std::optional<Found> result = std::move(found->second);
      done_.erase(found);
      ++passed_on_;
      changed_.notify_all();
      return result;
    }
    if (thrown_ || (is_over_ && passed_on_ == taken_)) return std::nullopt;
    changed_.wait_for(guard, patience);
  }
  return std::nullopt;
}

// ---- What the dump describes ----

// Ascending, and none touches the next.
std::vector<PhysRange> merged(std::vector<PhysRange> ranges) {
  std::ranges::sort(ranges, {}, &PhysRange::start);
  std::vector<PhysRange> result;
  for (PhysRange range : ranges) {
    std::uint64_t start = range.start.value / unit * unit;
    range.size = whole_units(range.size + (range.start.value - start));
    range.start = {start};
    if (!result.empty()) {
      PhysRange& last = result.back();
      std::uint64_t from_last = range.start - last.start;
      if (from_last <= last.size) {
        last.size = std::max(last.size, from_last + range.size);
        continue;
      }
    }
    result.push_back(range);
  }
  return result;
}

// In whole units; empty where the pages of both sides do not match.
Extent in_units(const Extent& extent) {
  std::uint64_t before = extent.start.value % unit;
  if (extent.physical.value % unit != before) return {};
  return {extent.start - before, extent.physical - before,
          whole_units(extent.size + before)};
}

}  // namespace

Generator<Extent> dumped_extents(Generator<Extent> extents,
                                 std::vector<PhysRange> ranges) {
  std::vector<PhysRange> known = merged(std::move(ranges));
  for (const Extent& each : extents) {
    Extent extent = in_units(each);
    auto range =
        std::ranges::upper_bound(known, extent.physical, {}, &PhysRange::start);
    if (range != known.begin()) --range;
    for (; range != known.end(); ++range) {
      std::uint64_t first = std::max(range->start.value, extent.physical.value);
      std::uint64_t end = std::min(range->start.value + range->size,
                                   extent.physical.value + extent.size);
      if (range->start.value >= extent.physical.value + extent.size) break;
      if (first >= end) continue;
      Extent part{extent.start + (first - extent.physical.value),
                  PhysAddress{first}, end - first};
      co_yield part;
    }
  }
}

SearchTotals search(const SearchRequest& request, Generator<Extent> extents) {
  if (request.pattern.longest() == 0) return {};
  unsigned threads = request.threads;
  if (threads == 0) threads = std::thread::hardware_concurrency();
  return Search(request, std::move(extents)).run(std::clamp(threads, 1U, 256U));
}

}  // namespace inquest
