// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page cache: shards chosen by page number, each with a lock, a table and
// a fixed number of slots that are reused by the clock algorithm. Pages are
// unpacked outside of the lock, where they are to stay; two threads that miss
// the same page both unpack it, which is rarer and cheaper than waiting.
// Missing pages are not cached: the dump answers those from its bitmap. Memory
// in use is not cached.

#include "memory/physical_memory.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

#include "base/blocks.h"

namespace inquest {
namespace {

constexpr std::size_t shard_count = 16;
constexpr std::size_t rooms_at_once = 16;  // allocated

struct Slot {
  std::uint64_t page = 0;
  bool was_used = false;
  std::byte* bytes = nullptr;
};

class Shard {
 public:
  // Copies from the cached page, if it is there.
  bool copy(std::uint64_t page, std::uint64_t offset,
            std::span<std::byte> out) {
    std::scoped_lock guard(lock_);
    auto found = slot_of_.find(page);
    if (found == slot_of_.end()) return false;
    Slot& slot = slots_[found->second];
    slot.was_used = true;
    std::copy_n(slot.bytes + offset, out.size(), out.begin());
    return true;
  }

  // Room for a page, to be given back by keep() or drop().
  std::byte* room(std::size_t page_size) {
    std::scoped_lock guard(lock_);
    if (free_.empty()) add_rooms(page_size);
    std::byte* bytes = free_.back();
    free_.pop_back();
    return bytes;
  }

  void drop(std::byte* bytes) {
    std::scoped_lock guard(lock_);
    free_.push_back(bytes);
  }

  // Keeps the page in |bytes|, which are a room; at most |limit| pages stay.
  void keep(std::uint64_t page, std::byte* bytes, std::size_t limit) {
    std::scoped_lock guard(lock_);
    auto [place, is_new] = slot_of_.try_emplace(page);
    if (!is_new) {
      free_.push_back(bytes);
      return;
    }
    std::size_t index = slots_.size();
    if (index < limit) {
      slots_.push_back({});
    } else {
      index = victim();
      slot_of_.erase(slots_[index].page);
      free_.push_back(slots_[index].bytes);
    }
    slots_[index] = {page, false, bytes};
    place->second = index;
  }

 private:
  void add_rooms(std::size_t page_size) {
    blocks_.push_back(
        std::make_unique_for_overwrite<std::byte[]>(rooms_at_once * page_size));
    for (std::size_t i = rooms_at_once; i-- > 0;)
      free_.push_back(blocks_.back().get() + i * page_size);
  }

  std::size_t victim() {
    while (slots_[hand_].was_used) {
      slots_[hand_].was_used = false;
      hand_ = (hand_ + 1) % slots_.size();
    }
    std::size_t index = hand_;
    hand_ = (hand_ + 1) % slots_.size();
    return index;
  }

  std::mutex lock_;
  std::unordered_map<std::uint64_t, std::size_t> slot_of_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;  // of rooms
  std::vector<std::byte*> free_;                      // rooms
  std::size_t hand_ = 0;
};

}  // namespace

struct PhysicalMemory::Cache {
  std::uint64_t page_size = 4096;
  std::size_t pages_per_shard = 1;
  std::array<Shard, shard_count> shards;
};

PhysicalMemory::PhysicalMemory(std::shared_ptr<const Dump> dump,
                               std::size_t cache_bytes)
    : dump_(std::move(dump)), cache_(std::make_unique<Cache>()) {
  cache_->page_size = dump_->info().page_size;
  cache_->pages_per_shard =
      std::max<std::size_t>(cache_bytes / cache_->page_size / shard_count, 1);
}

PhysicalMemory::~PhysicalMemory() = default;

Result<void> PhysicalMemory::read_within_page(PhysAddress from,
                                              std::span<std::byte> out) const {
  if (dump_->info().is_live) return read_uncached(from, out);
  std::uint64_t page = from.value / cache_->page_size;
  std::uint64_t offset = from.value % cache_->page_size;
  Shard& shard = cache_->shards[page % shard_count];
  if (shard.copy(page, offset, out)) return {};
  std::byte* room = shard.room(cache_->page_size);
  if (dump_->read(from - offset, std::span(room, cache_->page_size))) {
    std::copy_n(room + offset, out.size(), out.begin());
    shard.keep(page, room, cache_->pages_per_shard);
    return {};
  }
  shard.drop(room);
  // A dump may have a part of a page.
  return read_uncached(from, out);
}

Result<void> PhysicalMemory::read_uncached(PhysAddress from,
                                           std::span<std::byte> out) const {
  auto part = dump_->read(from, out);
  if (part) return {};
  if (zero_excluded_ && part.error().kind() == ErrorKind::fault) {
    std::fill(out.begin(), out.end(), std::byte{0});
    return {};
  }
  return Error(part.error().kind(), part.error().message(), from.value);
}

void PhysicalMemory::read_run(PhysAddress from, std::span<std::byte> out,
                              std::span<Dump::Unit> units) const {
  dump_->read_run(from, out, units);
  if (!zero_excluded_) return;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] != Dump::Unit::missing) continue;
    std::ranges::fill(out.subspan(i * Dump::scan_unit, Dump::scan_unit),
                      std::byte{0});
    units[i] = Dump::Unit::read;
  }
}

Result<void> PhysicalMemory::read(Address from,
                                  std::span<std::byte> out) const {
  return read_by_blocks(PhysAddress{from.value}, out, cache_->page_size,
                        [this](PhysAddress at, std::span<std::byte> part) {
                          return read_within_page(at, part);
                        });
}

}  // namespace inquest
