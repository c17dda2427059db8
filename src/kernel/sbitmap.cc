// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/sbitmap.h"

#include <algorithm>
#include <bit>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_bits = std::uint64_t{1} << 24;
constexpr std::uint64_t word_bits = 64;
constexpr std::uint64_t wait_queues = 8;  // SBQ_WAIT_QUEUES

// A counter, atomic or plain.
Result<std::uint64_t> count(const Object& object) {
  return object.has_member("counter") ? object["counter"].to_unsigned()
                                      : object.to_unsigned();
}

// How many bits a word holds: its own depth until 5.17 (3301bc53358a).
Result<std::uint64_t> word_depth(const Sbitmap& map, const Object& word,
                                 std::uint64_t index) {
  std::uint64_t first = index * map.bits_per_word;
  std::uint64_t most = std::min(map.bits_per_word, map.depth - first);
  if (!word.has_member("depth")) return most;
  return std::min(TRY(word["depth"].to_unsigned()), most);
}

// Cleared bits are noted apart since 5.0 (ea86ea2cdced).
Result<void> read_word(Sbitmap& map, const Object& word, std::uint64_t index) {
  std::uint64_t depth = TRY(word_depth(map, word, index));
  std::uint64_t mask =
      depth >= word_bits ? ~std::uint64_t{0} : (std::uint64_t{1} << depth) - 1;
  std::uint64_t bits = TRY(word["word"].to_unsigned()) & mask;
  std::uint64_t cleared = 0;
  if (word.has_member("cleared")) {
    cleared = TRY(word["cleared"].to_unsigned()) & mask;
  }
  map.cleared += static_cast<std::uint64_t>(std::popcount(cleared));
  for (std::uint64_t bit = 0; bit < depth; ++bit) {
    if (((bits & ~cleared) >> bit & 1) != 0) {
      map.set[index * map.bits_per_word + bit] = true;
    }
  }
  return {};
}

// In the bitmap since 5.13 (efe1f3a1d583, c548e62bcf6a), before in the queue.
Object moved_member(const Object& queue, std::string_view name) {
  Object bitmap = queue["sb"];
  return bitmap.has_member(name) ? bitmap[name] : queue[name];
}

std::vector<Result<std::uint64_t>> hints(const Kernel& kernel,
                                         const Object& queue) {
  std::vector<Result<std::uint64_t>> all;
  auto pointer = moved_member(queue, "alloc_hint").to_address();
  for (unsigned cpu : kernel.possible_cpus()) {
    if (!pointer) {
      all.emplace_back(pointer.error());
      continue;
    }
    auto at = kernel.per_cpu_address(*pointer, cpu);
    if (!at) {
      all.emplace_back(at.error());
      continue;
    }
    auto hint = kernel.memory().u32(*at);
    all.push_back(hint ? Result<std::uint64_t>(*hint)
                       : Result<std::uint64_t>(hint.error()));
  }
  return all;
}

Result<bool> has_waiter(const Object& wait) {
  // Lists have had these names since 4.13 (2055da97389a).
  Object head = wait["head"];
  Address next = TRY(head["next"].to_address());
  return next != head.address();
}

std::vector<SbitmapWaiter> waiters(const Object& queue) {
  std::vector<SbitmapWaiter> all;
  Object states = queue["ws"];
  auto at = states.to_address();
  if (!at || at->value == 0) return all;
  for (std::uint64_t i = 0; i < wait_queues; ++i) {
    Object state = states.at(i);
    SbitmapWaiter waiter{.wait_count = std::nullopt,
                         .is_active = has_waiter(state["wait"])};
    if (state.has_member("wait_cnt")) {
      auto left = state["wait_cnt"]["counter"].to_signed();
      if (left) waiter.wait_count = *left;
    }
    all.push_back(waiter);
  }
  return all;
}

Result<bool> round_robin(const Object& queue) {
  return TRY(moved_member(queue, "round_robin").to_unsigned()) != 0;
}

}  // namespace

std::uint64_t Sbitmap::busy() const {
  return static_cast<std::uint64_t>(std::ranges::count(set, true));
}

std::vector<std::uint8_t> Sbitmap::bytes() const {
  constexpr std::size_t bits = 8;
  std::vector<std::uint8_t> all((set.size() + bits - 1) / bits);
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (!set[i]) continue;
    all[i / bits] = static_cast<std::uint8_t>(all[i / bits] | 1U << i % bits);
  }
  return all;
}

Result<Sbitmap> read_sbitmap(const Object& object) {
  Sbitmap map;
  map.depth = TRY(object["depth"].to_unsigned());
  std::uint64_t shift = TRY(object["shift"].to_unsigned());
  map.words = TRY(object["map_nr"].to_unsigned());
  if (map.depth > most_bits || (std::uint64_t{1} << (shift % 64)) > word_bits ||
      shift >= 64) {
    return Error(ErrorKind::corrupt, "the sizes of the bitmap make no sense",
                 object.address().value);
  }
  map.bits_per_word = std::uint64_t{1} << shift;
  if (map.words != (map.depth + map.bits_per_word - 1) / map.bits_per_word) {
    return Error(ErrorKind::corrupt, "the bitmap has not the words it needs",
                 object.address().value);
  }
  map.set.resize(map.depth);
  Object words = object["map"];
  for (std::uint64_t i = 0; i < map.words && !interrupted(); ++i)
    TRY(read_word(map, words.at(i), i));
  return map;
}

Result<SbitmapQueue> read_sbitmap_queue(const Kernel& kernel,
                                        const Object& object) {
  Sbitmap bitmap = TRY(read_sbitmap(object["sb"]));
  SbitmapQueue queue{.bitmap = std::move(bitmap),
                     .hints = hints(kernel, object),
                     .wake_batch = object["wake_batch"].to_unsigned(),
                     .wake_index = count(object["wake_index"]),
                     .active_waits = std::nullopt,
                     .waiters = waiters(object),
                     .round_robin = round_robin(object),
                     .min_shallow_depth = std::nullopt};
  if (object.has_member("ws_active")) {
    auto active = count(object["ws_active"]);
    if (active) queue.active_waits = *active;
  }
  if (object.has_member("min_shallow_depth")) {
    auto depth = object["min_shallow_depth"].to_unsigned();
    if (depth) queue.min_shallow_depth = *depth;
  }
  return queue;
}

}  // namespace inquest
