// SPDX-License-Identifier: GPL-3.0-or-later
//
// A task that waits for a mutex, rwsem or semaphore has on its stack a struct
// that is linked with those of the others who wait, and points to the task.
// All tasks' stacks are searched for such structs; what is linked like one and
// is on no such place is the lock's own list head. Where the lock has but a
// pointer to the first of them (7.1), the pointer is searched for: the lock's
// address is on the stacks of those who wait. Which kind of lock it is tells
// the function that put the struct there; where the stack cannot be unwound,
// the kind is meant whose flags and owner make sense.
//
// A task that waits for an rtmutex knows it (pi_blocked_on). Newer kernels
// note the other locks too: task_struct.blocked_on (6.17), of mutexes; blocker
// (6.16, CONFIG_DETECT_HUNG_TASK_BLOCKER), with the kind in its low bits.

#include "kernel/lock_waits.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "kernel/backtrace.h"
#include "kernel/faults.h"
#include "kernel/linux_arch.h"
#include "kernel/list.h"
#include "kernel/task.h"
#include "kernel/task_places.h"

namespace inquest {
namespace {

constexpr std::size_t most_in_queue = 1 << 20;

// ---- One task ----

struct KnownLock {
  LockKind kind;
  Address at;
};

// What points to a task, and is linked: perhaps a waiter.
struct Candidate {
  Object task;
  Address node;                    // struct list_head
  std::optional<KnownLock> known;  // the kernel says which lock
};

std::optional<KnownLock> blocker_of(const Object& task) {
  constexpr std::array kinds = {LockKind::mutex, LockKind::semaphore,
                                LockKind::rwsem, LockKind::rwsem};
  if (!task.has_member("blocker")) return std::nullopt;
  auto word = task["blocker"].to_unsigned();
  if (!word || *word == 0) return std::nullopt;
  return KnownLock{kinds.at(*word & 3), Address{*word & ~std::uint64_t{3}}};
}

// Before 6.17, with CONFIG_DEBUG_MUTEXES, it points to the waiter.
std::optional<KnownLock> blocking_mutex(const Object& task) {
  for (std::string_view name : {"blocked_on", "blocker_mutex"}) {
    if (!task.has_member(name)) continue;
    Object pointer = task[name];
    const Type* target = pointer.type().stripped().target();
    if (target == nullptr || target->stripped().name != "mutex") continue;
    auto at = pointer.to_address();
    if (at && at->value != 0) return KnownLock{LockKind::mutex, *at};
  }
  return std::nullopt;
}

std::optional<KnownLock> blocking_rtmutex(const Object& task) {
  if (!task.has_member("pi_blocked_on")) return std::nullopt;
  Object pointer = task["pi_blocked_on"];
  auto waiter = pointer.to_address();
  if (!waiter || waiter->value == 0) return std::nullopt;
  auto at = pointer["lock"].to_address();
  if (!at || at->value == 0) return std::nullopt;
  return KnownLock{LockKind::rtmutex, *at};
}

std::optional<KnownLock> known_lock(const Object& task) {
  auto known = blocking_rtmutex(task);
  if (!known) known = blocker_of(task);
  return known ? known : blocking_mutex(task);
}

constexpr unsigned word_size = 8;

// The part of a stack that is in use.
struct StackPart {
  Address start;
  std::vector<std::byte> bytes;
};

Result<StackPart> stack_part(const Kernel& kernel, const Object& task) {
  constexpr std::uint64_t largest_stack = 1 << 20;
  constexpr std::uint64_t alignment = word_size - 1;
  Address base = TRY(task_stack(task));
  std::uint64_t size = std::min(stack_size(kernel), largest_stack);
  Address start = base;
  if (!is_active(kernel, task)) {
    auto registers = kernel.linux_arch().sleeping(kernel, task);
    auto sp =
        registers ? registers->find(kernel.arch().sp_register()) : std::nullopt;
    if (sp && *sp - base.value < size) start = Address{*sp & ~alignment};
  }
  return StackPart{start,
                   TRY(kernel.memory().bytes(start, base + size - start))};
}

// Where in |bytes| the word |wanted| is, as distances.
std::vector<std::size_t> places_of(std::uint64_t wanted, Bytes bytes,
                                   std::endian endian) {
  std::array<std::byte, word_size> pattern{};
  store_unsigned(pattern, wanted, endian);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at + word_size <= bytes.size(); at += word_size) {
    if (std::memcmp(bytes.data() + at, pattern.data(), word_size) == 0)
      places.push_back(at);
  }
  return places;
}

// ---- All tasks ----

class Search {
 public:
  Search(const Kernel& kernel, const LockProgress& progress)
      : kernel_(kernel),
        progress_(progress),
        walker_(kernel),
        types_(queue_types(kernel)) {}

  ContendedLocks run();

 private:
  // A kind of lock as the search needs to know it.
  struct QueueType {
    LockKind kind;
    LockQueue queue;
    std::uint64_t task_distance = 0;  // from a waiter's list to its task
  };

  static std::vector<QueueType> queue_types(const Kernel& kernel);
  std::vector<Candidate> candidates(const std::vector<Object>& tasks);
  void look_at(const Object& task, std::vector<Candidate>& found) const;
  bool is_linked(Address node) const;
  bool is_waiter(Address node, std::uint64_t task_distance);
  // What the code says in which a task waits.
  struct Code {
    std::optional<LockKind> kind;
    bool is_whole = true;  // all of it is known
  };
  Code waiting_code(const Object& task);
  bool is_plausible(const KnownLock& known, const Object& waiter) const;
  std::optional<KnownLock> lock_of(const Candidate& candidate);
  std::optional<KnownLock> known_lock_of(const Candidate& candidate);
  std::optional<KnownLock> realtime_lock(const Candidate& candidate);
  std::optional<Address> lock_with_head(const Candidate& candidate,
                                        const QueueType& type);
  std::optional<Address> lock_with_pointer(const Candidate& candidate,
                                           const QueueType& type);
  void add(const KnownLock& known);

  const Kernel& kernel_;
  const LockProgress& progress_;
  StackWalker walker_;
  std::vector<QueueType> types_;
  std::optional<TaskPlaces> places_;
  std::set<Address> done_;        // locks
  std::set<Address> done_tasks_;  // whose lock is known
  ContendedLocks found_;
};

std::vector<Search::QueueType> Search::queue_types(const Kernel& kernel) {
  std::vector<QueueType> types;
  for (LockKind kind :
       {LockKind::mutex, LockKind::rwsem, LockKind::semaphore}) {
    auto queue = lock_queue(kernel, kind);
    if (!queue) continue;
    auto waiter = kernel.structure(queue->waiter);
    if (!waiter) continue;
    auto list = find_member(**waiter, "list");
    auto task = find_member(**waiter, "task");
    if (!list || !task || list->offset() > task->offset()) continue;
    types.push_back({kind, *queue, task->offset() - list->offset()});
  }
  return types;
}

bool Search::is_linked(Address node) const {
  constexpr std::uint64_t alignment = word_size - 1;
  const AddressSpace& memory = kernel_.memory();
  auto next = memory.u64(node);
  auto previous = memory.u64(node + word_size);
  if (!next || !previous || ((*next | *previous) & alignment) != 0)
    return false;
  if (*next >> 63 == 0 || *previous >> 63 == 0) return false;  // user's
  auto back = memory.u64(Address{*next} + word_size);
  auto forth = memory.u64(Address{*previous});
  return (back && *back == node.value) || (forth && *forth == node.value);
}

void Search::look_at(const Object& task, std::vector<Candidate>& found) const {
  auto known = known_lock(task);
  if (known) {
    found.push_back({task, {}, known});
    return;
  }
  auto stack = stack_part(kernel_, task);
  if (!stack) {
    bool has_stack = task_stack(task).value_or(Address{1}).value != 0;
    if (has_stack) {
      note_if_lost(kernel_, stack.error(),
                   fmt::format("locks for which task {:x} may wait",
                               task.address().value));
    }
    return;
  }
  std::set<std::uint64_t> distances;
  for (const QueueType& type : types_)
    distances.insert(type.task_distance);
  for (std::size_t at : places_of(task.address().value, stack->bytes,
                                  kernel_.memory().endian())) {
    for (std::uint64_t distance : distances) {
      if (at < distance) continue;
      Address node = stack->start + at - distance;
      if (is_linked(node)) found.push_back({task, node, std::nullopt});
    }
  }
}

std::vector<Candidate> Search::candidates(const std::vector<Object>& tasks) {
  constexpr std::size_t part = 64, parts = 4096;
  std::vector<std::vector<Candidate>> found(tasks.size());
  for (std::size_t done = 0; done < tasks.size(); done += parts) {
    progress_(done, 2 * tasks.size());
    in_parallel(std::min(parts, tasks.size() - done), part,
                [&](std::size_t first, std::size_t last) {
                  for (std::size_t i = first; i < last && !interrupted(); ++i)
                    look_at(tasks[done + i], found[done + i]);
                });
  }
  std::vector<Candidate> all;
  for (const auto& of_task : found)
    all.insert(all.end(), of_task.begin(), of_task.end());
  return all;
}

// ---- From a waiter to its lock ----

bool is_any_prefix(std::string_view symbol,
                   std::initializer_list<std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [symbol](std::string_view prefix) {
    return symbol.starts_with(prefix);
  });
}

// Of a function in which tasks wait for locks.
std::optional<LockKind> kind_of_function(std::string_view symbol) {
  if (is_any_prefix(symbol,
                    {"rwsem_down_", "down_read", "down_write", "__down_read",
                     "__down_write", "rwbase_", "__rwbase_"})) {
    return LockKind::rwsem;
  }
  if (is_any_prefix(symbol, {"mutex_lock", "__mutex_lock", "ww_mutex_lock",
                             "__ww_mutex_lock"})) {
    return LockKind::mutex;
  }
  if (symbol == "down" ||
      is_any_prefix(symbol, {"down_", "__down", "___down"})) {
    return LockKind::semaphore;
  }
  return std::nullopt;
}

Search::Code Search::waiting_code(const Object& task) {
  Backtrace trace = walker_.walk(task);
  for (const Frame& frame : trace.frames) {
    Address at = frame.pc;
    if (frame.is_call && at.value != 0) at = at - 1;
    auto place = kernel_.place(at);
    auto kind = place ? kind_of_function(place->symbol) : std::nullopt;
    if (kind) return {kind, true};
  }
  return {std::nullopt, !trace.broken};
}

// Whether a lock is there for which |waiter| waits, where no code says so.
bool Search::is_plausible(const KnownLock& known, const Object& waiter) const {
  auto lock = lock_at(kernel_, known.kind, known.at);
  if (!lock || lock->fault) return false;
  bool is_owner = lock->owner.value == 0 || places_->task(lock->owner);
  bool is_contended = known.kind == LockKind::semaphore
                          ? lock->count == 0U
                          : std::ranges::count(lock->flags, "waiters") != 0;
  bool is_queued =
      std::ranges::any_of(lock->waiters, [&](const LockWaiter& each) {
        return each.task && *each.task == waiter.address();
      });
  return is_owner && is_contended && is_queued;
}

// Whether a waiter is linked by |node|: it is on the stack of its task.
bool Search::is_waiter(Address node, std::uint64_t task_distance) {
  auto owner = places_->stack_owner(node);
  if (!owner) return false;
  auto task = kernel_.memory().u64(node + task_distance);
  return task && *task == owner->address().value;
}

std::optional<Address> Search::lock_with_head(const Candidate& candidate,
                                              const QueueType& type) {
  Address node = candidate.node;
  CycleCheck check;
  for (std::size_t i = 0; i < most_in_queue && !interrupted(); ++i) {
    auto next = kernel_.memory().u64(node);
    if (!next || check.is_repeated(*next)) return std::nullopt;
    node = Address{*next};
    if (!is_waiter(node, type.task_distance)) return node - type.queue.offset;
  }
  return std::nullopt;
}

// The first waiter is any of the ring.
std::optional<Address> Search::lock_with_pointer(const Candidate& candidate,
                                                 const QueueType& type) {
  std::set<std::uint64_t> ring;
  for (Address node = candidate.node;
       ring.size() < most_in_queue && ring.insert(node.value).second;) {
    auto next = kernel_.memory().u64(node);
    if (!next || !is_waiter(Address{*next}, type.task_distance)) break;
    node = Address{*next};
  }
  auto stack = stack_part(kernel_, candidate.task);
  if (!stack) return std::nullopt;
  for (std::size_t at = 0; at + word_size <= stack->bytes.size();
       at += word_size) {
    std::uint64_t word = load_unsigned(
        Bytes(stack->bytes).subspan(at, word_size), kernel_.memory().endian());
    if (word % word_size != 0 || word >> 63 == 0) continue;
    if (ring.contains(word)) continue;  // another waiter
    auto first = kernel_.memory().u64(Address{word} + type.queue.offset);
    // A waiter begins with its list.
    if (first && ring.contains(*first)) return Address{word};
  }
  return std::nullopt;
}

// What is built on the rtmutex.
std::optional<KnownLock> Search::realtime_lock(const Candidate& candidate) {
  KnownLock known = *candidate.known;
  auto kind = waiting_code(candidate.task).kind;
  if (kind == LockKind::mutex) {
    known.kind = LockKind::mutex;
  } else if (kind == LockKind::rwsem) {
    auto type = kernel_.structure("rw_semaphore");
    auto place = type ? find_member(**type, "rwbase.rtmutex")
                      : Result<MemberPlace>(type.error());
    if (!place) return known;
    known = {LockKind::rwsem, known.at - place->offset()};
  }
  return known;
}

std::optional<KnownLock> Search::known_lock_of(const Candidate& candidate) {
  bool is_base = candidate.known->kind == LockKind::rtmutex;
  return is_base && is_realtime_kernel(kernel_) ? realtime_lock(candidate)
                                                : candidate.known;
}

std::optional<KnownLock> Search::lock_of(const Candidate& candidate) {
  if (candidate.known) return known_lock_of(candidate);
  Code code = waiting_code(candidate.task);
  if (!code.kind && code.is_whole) return std::nullopt;
  for (const QueueType& type : types_) {
    if (code.kind && type.kind != *code.kind) continue;
    auto at = type.queue.is_pointer ? lock_with_pointer(candidate, type)
                                    : lock_with_head(candidate, type);
    KnownLock known{type.kind, at.value_or(Address{0})};
    bool is_found = at && (code.kind || is_plausible(known, candidate.task));
    if (is_found) return known;
    if (!code.kind) continue;
    found_.faults.emplace_back(
        ErrorKind::corrupt,
        fmt::format("no lock leads to the waiter at {:x} of task {:x}",
                    candidate.node.value, candidate.task.address().value));
  }
  return std::nullopt;
}

void Search::add(const KnownLock& known) {
  if (!done_.insert(known.at).second) return;
  auto lock = lock_at(kernel_, known.kind, known.at);
  if (!lock) {
    found_.faults.push_back(lock.error());
    return;
  }
  // Who has been woken already is not in the queue any more.
  if (lock->waiters.empty() && !lock->fault) return;
  for (const LockWaiter& waiter : lock->waiters) {
    if (waiter.task) done_tasks_.insert(*waiter.task);
  }
  found_.locks.push_back(std::move(lock).value());
}

ContendedLocks Search::run() {
  std::vector<Object> all;
  for (const Object& task : tasks(kernel_)) {
    if (task.fault() != nullptr) {
      found_.faults.push_back(*task.fault());
    } else {
      all.push_back(task);
    }
  }
  std::vector<Candidate> waiting = candidates(all);
  if (!waiting.empty()) places_.emplace(kernel_);
  std::size_t done = waiting.size();  // looking for them was the half
  for (const Candidate& candidate : waiting) {
    if (interrupted()) break;
    progress_(done++, 2 * waiting.size());
    if (done_tasks_.contains(candidate.task.address())) continue;
    auto known = lock_of(candidate);
    if (known) add(*known);
  }
  progress_(1, 1);
  std::ranges::sort(found_.locks, {}, &Lock::at);
  return std::move(found_);
}

}  // namespace

ContendedLocks contended_locks(const Kernel& kernel,
                               const LockProgress& progress) {
  return Search(kernel, progress).run();
}

std::map<Address, std::size_t> waits_by_task(const std::vector<Lock>& locks) {
  std::map<Address, std::size_t> waits;
  for (std::size_t i = 0; i < locks.size(); ++i) {
    for (const LockWaiter& waiter : locks[i].waiters) {
      if (waiter.task) waits.emplace(*waiter.task, i);
    }
  }
  return waits;
}

std::vector<std::vector<LockWait>> deadlocks(const std::vector<Lock>& locks) {
  std::map<Address, std::size_t> waits = waits_by_task(locks);
  std::vector<std::vector<LockWait>> circles;
  std::set<Address> seen;
  for (const auto& [start, unused] : waits) {
    std::vector<LockWait> path;
    std::map<Address, std::size_t> place;  // in |path|
    Address task = start;
    auto wait = waits.find(task);
    while (wait != waits.end() && !seen.contains(task)) {
      seen.insert(task);
      place.emplace(task, path.size());
      path.push_back({task, wait->second});
      const Lock& lock = locks[wait->second];
      task = lock.is_read ? Address{0} : lock.owner;
      wait = waits.find(task);
    }
    auto begin = place.find(task);
    if (begin == place.end()) continue;
    std::vector<LockWait> circle(
        path.begin() + static_cast<std::ptrdiff_t>(begin->second), path.end());
    std::rotate(circle.begin(),
                std::ranges::min_element(circle, {}, &LockWait::task),
                circle.end());
    circles.push_back(std::move(circle));
  }
  return circles;
}

}  // namespace inquest
