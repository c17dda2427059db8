// SPDX-License-Identifier: GPL-3.0-or-later
//
// A mutex is a word: its owner, and flags in the low bits of the pointer. So
// is the owner of a rwsem, beside a count of readers with flags of its own;
// readers write themselves there too and never leave. A semaphore counts free
// places. All three have a queue of waiters, which lie on the stacks of the
// tasks that wait: a list_head, or since 7.1 a pointer to the first of a ring.
//
// An rtmutex keeps its waiters in a tree by priority. With CONFIG_PREEMPT_RT
// mutexes and rwsems are made of one. A rwsem has beside it a count of readers,
// biased by 2^31 unless a writer is there: it holds the rtmutex until the
// readers have left, and then the rwsem (2^30).

#include "kernel/lock.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"
#include "kernel/module.h"

namespace inquest {
namespace {

constexpr std::size_t most_waiters = 1 << 20;

struct KindNames {
  LockKind kind;
  std::string_view name;       // as the user says it
  std::string_view structure;  // as C does
  std::string_view waiter;
};
constexpr std::array<KindNames, 4> kinds = {{
    {LockKind::mutex, "mutex", "mutex", "mutex_waiter"},
    {LockKind::rwsem, "rwsem", "rw_semaphore", "rwsem_waiter"},
    {LockKind::rtmutex, "rtmutex", "rt_mutex", "rt_mutex_waiter"},
    {LockKind::semaphore, "semaphore", "semaphore", "semaphore_waiter"},
}};

const KindNames& names_of(LockKind kind) {
  return kinds.at(static_cast<std::size_t>(kind));
}

// A bit of a word and what it is called.
struct Flag {
  std::uint64_t bit;
  std::string_view name;
};

void add_flags(Lock& lock, std::uint64_t word, std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    if ((word & flag.bit) != 0) lock.flags.push_back(flag.name);
  }
}

Result<std::uint64_t> counter(const Object& atomic) {
  return atomic["counter"].to_unsigned();
}

// ---- Queues ----

// rwsem_waiter.type, by the enumeration that it has.
std::string_view wish_of(const Kernel& kernel, const Object& waiter) {
  if (!waiter.has_member("type")) return "";
  auto type = waiter["type"].to_signed();
  auto write = kernel.enumerator("RWSEM_WAITING_FOR_WRITE");
  if (!type || !write) return "";
  return *type == *write ? "write" : "read";
}

Generator<Object> queued(const Kernel& kernel, Object lock,
                         std::string_view waiter) {
  auto type = kernel.structure(waiter);
  if (lock.has_member("wait_list")) {
    for (const Object& entry : list_entries(lock["wait_list"], type, "list"))
      co_yield entry;
    co_return;
  }
  // A ring without a head: 7.1.
  Object pointer = lock["first_waiter"];
  auto at = pointer.to_address();
  if (!at) {
    co_yield at.error();
    co_return;
  }
  if (at->value == 0) co_return;
  Object first = pointer.dereference();
  co_yield first;
  for (const Object& entry : list_entries(first["list"], type, "list"))
    co_yield entry;
}

void read_queue(const Kernel& kernel, const Object& object, Lock& lock) {
  for (const Object& entry :
       queued(kernel, object, names_of(lock.kind).waiter)) {
    if (interrupted()) return;
    if (entry.fault() != nullptr || lock.waiters.size() == most_waiters) {
      lock.fault = entry.fault() != nullptr
                       ? *entry.fault()
                       : Error(ErrorKind::corrupt, "too many waiters");
      return;
    }
    LockWaiter waiter{.entry = entry.address(),
                      .task = entry["task"].to_address()};
    if (lock.kind == LockKind::rwsem) waiter.wants = wish_of(kernel, entry);
    lock.waiters.push_back(waiter);
  }
}

// ---- Each kind ----

// 4.10, commit 3ca0ff571b09; the third flag 9d659ae14b54.
Result<void> read_mutex(const Kernel& kernel, const Object& mutex, Lock& lock) {
  constexpr std::array<Flag, 3> flags = {
      {{1, "waiters"}, {2, "handoff"}, {4, "pickup"}}};
  lock.word = TRY(counter(mutex["owner"]));
  lock.owner = Address{lock.word & ~std::uint64_t{7}};
  lock.is_held = lock.owner.value != 0;
  add_flags(lock, lock.word, flags);
  read_queue(kernel, mutex, lock);
  return {};
}

// 5.3, commits 64489e78004c and 94a9717b3c40: count in bits 8 and up, owner
// with flags. The owner's third bit was used from 5.6 to 5.10 only.
Result<void> read_rwsem(const Kernel& kernel, const Object& rwsem, Lock& lock) {
  constexpr std::uint64_t writer = 1;
  constexpr unsigned reader_shift = 8;
  constexpr std::uint64_t read_owned = 1;
  constexpr std::array<Flag, 2> flags = {{{2, "waiters"}, {4, "handoff"}}};
  constexpr std::array<Flag, 1> owner_flags = {{{2, "nonspinnable"}}};
  lock.word = TRY(counter(rwsem["count"]));
  std::uint64_t owner = TRY(counter(rwsem["owner"]));
  std::uint64_t bits = rwsem["count"]["counter"].type().size() * 8;
  std::uint64_t highest = std::uint64_t{1} << (bits - 1);
  lock.readers = (lock.word & (highest - 1)) >> reader_shift;
  bool is_written = (lock.word & writer) != 0;
  lock.is_read = !is_written && *lock.readers != 0;
  lock.is_held = is_written || lock.is_read;
  bool is_owner = lock.is_held && is_written == ((owner & read_owned) == 0);
  if (is_owner) lock.owner = Address{owner & ~std::uint64_t{7}};
  add_flags(lock, lock.word, flags);
  if ((lock.word & highest) != 0) lock.flags.emplace_back("readfail");
  add_flags(lock, owner, owner_flags);
  read_queue(kernel, rwsem, lock);
  return {};
}

// last_holder: 6.16, commit 194a9b9e843b, of some configurations.
Result<void> read_semaphore(const Kernel& kernel, const Object& semaphore,
                            Lock& lock) {
  lock.count = TRY(semaphore["count"].to_unsigned());
  lock.word = *lock.count;
  lock.is_held = *lock.count == 0;
  if (lock.is_held && semaphore.has_member("last_holder")) {
    lock.owner = Address{TRY(semaphore["last_holder"].to_unsigned())};
  }
  read_queue(kernel, semaphore, lock);
  return {};
}

// rt_mutex_waiter.tree.entry since 6.4 (f7853c34241b), tree_entry before.
Result<void> read_rtmutex(const Kernel& kernel, const Object& base,
                          Lock& lock) {
  constexpr std::array<Flag, 1> flags = {{{1, "waiters"}}};
  lock.word = TRY(base["owner"].to_unsigned());
  lock.owner = Address{lock.word & ~std::uint64_t{1}};
  lock.is_held = lock.owner.value != 0;
  add_flags(lock, lock.word, flags);
  auto type = kernel.structure("rt_mutex_waiter");
  bool is_new = kernel.has_member("rt_mutex_waiter", "tree.entry");
  for (const Object& entry : rbtree_entries(
           base["waiters"], type, is_new ? "tree.entry" : "tree_entry")) {
    if (interrupted()) break;
    if (entry.fault() != nullptr) {
      lock.fault = *entry.fault();
      break;
    }
    LockWaiter waiter{.entry = entry.address(),
                      .task = entry["task"].to_address()};
    auto priority = entry[is_new ? "tree.prio" : "prio"].to_signed();
    if (priority) waiter.priority = *priority;
    lock.waiters.push_back(waiter);
  }
  return {};
}

// 5.15, commit 943f0edb754f.
Result<void> read_realtime_rwsem(const Kernel& kernel, const Object& rwsem,
                                 Lock& lock) {
  constexpr std::uint64_t readers_only = 1U << 31;
  constexpr std::uint64_t writer = 1U << 30;
  TRY(read_rtmutex(kernel, rwsem["rwbase"]["rtmutex"], lock));
  lock.word = TRY(counter(rwsem["rwbase"]["readers"])) & 0xffffffff;
  bool is_written = lock.word == writer;
  lock.readers = is_written ? 0 : lock.word & ~readers_only;
  lock.is_read = *lock.readers != 0;
  lock.is_held = is_written || lock.is_read;
  bool is_pending = !is_written && (lock.word & readers_only) == 0;
  if (is_pending && lock.owner.value != 0) {
    // In two steps: g++ 12 takes a temporary for uninitialised.
    LockWaiter first{.entry = {}, .task = lock.owner, .wants = "write"};
    lock.waiters.insert(lock.waiters.begin(), first);
  }
  if (!is_written) lock.owner = Address{0};
  return {};
}

// rt_mutex_base: 5.15, commit 830e6acc8a1c.
Object rtmutex_base(const Kernel& kernel, Address at) {
  bool is_new = kernel.structure("rt_mutex_base").has_value();
  return kernel.object(is_new ? "rt_mutex_base" : "rt_mutex", at);
}

Result<void> read_kind(const Kernel& kernel, Lock& lock) {
  Object object = lock.kind == LockKind::rtmutex
                      ? rtmutex_base(kernel, lock.at)
                      : kernel.object(names_of(lock.kind).structure, lock.at);
  if (object.fault() != nullptr) return *object.fault();
  switch (lock.kind) {
    case LockKind::mutex:
      return object.has_member("rtmutex")
                 ? read_rtmutex(kernel, object["rtmutex"], lock)
                 : read_mutex(kernel, object, lock);
    case LockKind::rwsem:
      return object.has_member("rwbase")
                 ? read_realtime_rwsem(kernel, object, lock)
                 : read_rwsem(kernel, object, lock);
    case LockKind::rtmutex:
      return read_rtmutex(kernel, object, lock);
    case LockKind::semaphore:
      return read_semaphore(kernel, object, lock);
  }
  return {};
}

}  // namespace

std::string_view lock_kind_name(LockKind kind) {
  return names_of(kind).name;
}

std::optional<LockKind> lock_kind_named(std::string_view name) {
  for (const KindNames& names : kinds) {
    if (names.name == name || names.structure == name) return names.kind;
  }
  return std::nullopt;
}

std::optional<LockKind> lock_kind_of(const Type& type) {
  std::string_view name = type.stripped().name;
  if (name == "ww_mutex") return LockKind::mutex;
  if (name == "rt_mutex_base") return LockKind::rtmutex;
  for (const KindNames& names : kinds) {
    if (names.structure == name) return names.kind;
  }
  return std::nullopt;
}

Result<Lock> lock_at(const Kernel& kernel, LockKind kind, Address at) {
  Lock lock;
  lock.kind = kind;
  lock.at = at;
  TRY(read_kind(kernel, lock));
  return lock;
}

std::optional<Kernel::Place> variable_place(const Kernel& kernel, Address at) {
  auto place = kernel.place(at);
  if (!place) return std::nullopt;
  const Module* module =
      place->module.empty() ? nullptr : kernel.modules().at(at);
  std::span<const Symbol> symbols =
      (module != nullptr ? kernel.modules().symbols(*module) : kernel.symbols())
          .sorted();
  Address start = at - place->offset;
  for (auto symbol =
           std::ranges::lower_bound(symbols, start, {}, &Symbol::address);
       symbol != symbols.end() && symbol->address == start; ++symbol) {
    if (symbol->size <= place->size) continue;
    place->symbol = symbol->name;
    place->size = symbol->size;
  }
  bool is_inside = place->size == 0 || place->offset < place->size;
  return is_inside ? place : std::nullopt;
}

Result<LockQueue> lock_queue(const Kernel& kernel, LockKind kind) {
  const KindNames& names = names_of(kind);
  const Type* type = TRY(kernel.structure(names.structure));
  for (std::string_view member : {"wait_list", "first_waiter"}) {
    auto place = find_member(*type, member);
    if (!place) continue;
    return LockQueue{.waiter = names.waiter,
                     .offset = place->offset(),
                     .is_pointer = place->type->is_pointer()};
  }
  return Error(ErrorKind::unsupported,
               fmt::format("struct {} has no queue", names.structure));
}

bool is_realtime_kernel(const Kernel& kernel) {
  return kernel.has_member("mutex", "rtmutex");
}

// include/asm-generic/qspinlock_types.h: from bit 0 on locked (8 bits), pending
// (8 bits, 1 where there are 16384 CPUs or more), the place in the CPU's queue
// nodes (2 bits), the CPU plus 1.
Result<SpinLock> spin_lock_at(const Kernel& kernel, Address at) {
  constexpr std::uint64_t many_cpus = 16384;
  Object lock = kernel.object("qspinlock", at);
  if (lock.fault() != nullptr) {
    return Error(ErrorKind::unsupported,
                 "spinlocks of this kernel are not "
                 "queued ones (struct qspinlock)");
  }
  SpinLock found;
  found.at = at;
  found.word = TRY(counter(lock["val"])) & 0xffffffff;
  Object offsets = kernel.variable("__per_cpu_offset");
  bool is_wide = offsets.fault() == nullptr &&
                 offsets.type().stripped().count >= many_cpus;
  unsigned tail = is_wide ? 9 : 16;
  found.is_locked = (found.word & 0xff) != 0;
  found.is_pending = (found.word & 0x100) != 0;
  found.tail_index = found.word >> tail & 3;
  std::uint64_t cpu = found.word >> (tail + 2);
  if (cpu != 0) found.tail_cpu = cpu - 1;
  Object checked = kernel.object("raw_spinlock", at);
  if (!checked.has_member("owner_cpu")) return found;
  auto owner_cpu = checked["owner_cpu"].to_unsigned();
  if (owner_cpu) found.owner_cpu = *owner_cpu & 0xffffffff;
  auto owner = checked["owner"].to_unsigned();
  if (owner) found.owner = Address{*owner};
  return found;
}

}  // namespace inquest
