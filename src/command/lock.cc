// SPDX-License-Identifier: GPL-3.0-or-later
// lock: who holds a lock, and who waits for it.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/object_word.h"
#include "command/options.h"
#include "kernel/lock_waits.h"
#include "kernel/slab_name.h"
#include "kernel/sleep_time.h"
#include "kernel/task_table.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "who holds locks and who waits for them",
    .synopsis =
        "[-k kind] [-d | -s | -t pid | task]\n"
        "       [symbol | struct.member address | address]",
    .description =
        "Lists the mutexes, rwsems, rtmutexes and semaphores that tasks wait\n"
        "for, with their owners and waiters, and the circles in which tasks\n"
        "wait for each other. Locks are found by the stacks of the tasks that\n"
        "wait. Or shows one lock, whether somebody waits for it or not:\n"
        "  symbol              a variable, or a member of one\n"
        "  struct.member addr  a member of the structure at addr\n"
        "  address             a lock, of a kind that -k may have to name\n"
        "The waiting time is that since the task last ran. Of readers a rwsem\n"
        "knows the number and the last one that came, who may have left; a\n"
        "semaphore knows nobody who took it.",
    .options =
        {
            {"-k kind",
             "mutex, rwsem, rtmutex or semaphore: what the address is, or "
             "which locks to list"},
            {"-d", "only the circles"},
            {"-t pid | task",
             "the lock that this task waits for, that for which its owner "
             "waits, and so on"},
            {"-s", "the address is a spinlock: what its word says"},
        },
    .examples =
        {
            {"Which locks do tasks wait for?", "lock"},
            {"Do tasks wait for each other?", "lock -d"},
            {"Why does task 2 not go on?", "lock -t 2"},
            {"Who holds this mutex?", "lock sample_mutex"},
            {"Is the spinlock of this mutex taken?",
             "lock -s sample_mutex.wait_lock"},
        },
};

// ---- What we answer ----

struct TaskCell {
  TaskHeader header;
  std::string state = "??";
  bool is_there = true;  // false: no task, any more
};

struct WaiterCell {
  LockWaiter waiter;
  TaskCell task;
  Result<std::uint64_t> slept;
};

struct Row {
  Lock lock;
  std::string symbol;  // "name+offset", or the slab cache
  std::string module;
  std::optional<TaskCell> owner = {};
  std::optional<Address> owner_waits_for = {};
  std::vector<WaiterCell> waiters = {};
};

std::string upper(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z'
               ? static_cast<char>(letter - 'a' + 'A')
               : letter;
  });
  return text;
}

std::string lock_text(const Row& row) {
  std::string text = fmt::format(
      "{} {:x}", upper(lock_kind_name(row.lock.kind)), row.lock.at.value);
  if (!row.symbol.empty()) text += fmt::format(" <{}>", printable(row.symbol));
  if (!row.module.empty()) text += fmt::format(" [{}]", printable(row.module));
  return text;
}

report::Record to_record(const TaskCell& cell) {
  report::Record record = to_record(cell.header);
  if (cell.is_there) {
    record.add("state", cell.state);
  } else {
    record.add("is_gone", true);
  }
  return record;
}

report::Record to_record(const WaiterCell& cell) {
  report::Record record = to_record(cell.task);
  record.add("entry", cell.waiter.entry);
  if (!cell.waiter.wants.empty()) record.add("wants", cell.waiter.wants);
  if (cell.waiter.priority) record.add("priority", *cell.waiter.priority);
  record.add("waiting_ns", cell.slept);
  return record;
}

template <typename T>
report::Value to_value(const std::optional<T>& value) {
  return value ? report::Value(*value) : report::Value();
}

report::Record to_record(const Row& row) {
  report::Record record;
  record.add("lock", row.lock.at);
  record.add("kind", lock_kind_name(row.lock.kind));
  record.add("symbol", row.symbol);
  record.add("module", row.module);
  record.add("held", row.lock.is_held);
  if (row.lock.readers) record.add("readers", *row.lock.readers);
  if (row.lock.count) record.add("count", *row.lock.count);
  record.add("word", row.lock.word);
  record.add("flags",
             report::List(row.lock.flags.begin(), row.lock.flags.end()));
  record.add("owner", row.owner ? report::Value(to_record(*row.owner))
                                : report::Value());
  record.add("owner_waits_for", to_value(row.owner_waits_for));
  std::vector<report::Record> waiters;
  for (const WaiterCell& waiter : row.waiters)
    waiters.push_back(to_record(waiter));
  record.add("waiters", std::move(waiters));
  return record;
}

std::string to_text(const TaskCell& cell) {
  if (cell.is_there) return to_text(cell.header);
  return fmt::format("TASK: {:x}  (no task is there)\n",
                     cell.header.task.value);
}

std::string owner_text(const Row& row) {
  const Lock& lock = row.lock;
  std::string text;
  if (lock.count) text += fmt::format("    COUNT: {}\n", *lock.count);
  if (lock.readers) text += fmt::format("  READERS: {}\n", *lock.readers);
  std::string_view label = lock.is_read ? "LAST"
                           : lock.count ? "LAST"
                                        : "OWNER";
  if (row.owner) {
    text += fmt::format("{:>9}: {}", label, to_text(*row.owner));
  } else if (label == "OWNER") {
    text += fmt::format("{:>9}: (none)\n", label);
  }
  if (row.owner_waits_for) {
    text += fmt::format("           which waits for {:x}\n",
                        row.owner_waits_for->value);
  }
  return text;
}

// The column that only some kinds have.
std::string wish_text(const LockWaiter& waiter) {
  if (waiter.priority) return fmt::format("{:<5}  ", *waiter.priority);
  return waiter.wants.empty() ? "" : fmt::format("{:<5}  ", waiter.wants);
}

std::string_view wish_heading(const LockWaiter& waiter) {
  if (waiter.priority) return "PRIO   ";
  return waiter.wants.empty() ? "" : "WANTS  ";
}

std::string waiters_text(const std::vector<WaiterCell>& waiters) {
  std::string text = fmt::format("  WAITERS: {}\n", waiters.size());
  if (waiters.empty()) return text;
  text += fmt::format(
      "       PID        TASK        ST  {}WAITING         "
      "COMMAND\n",
      wish_heading(waiters.front().waiter));
  for (const WaiterCell& cell : waiters) {
    const TaskHeader& header = cell.task.header;
    std::string slept = report::cell_text(
        cell.slept, [](std::uint64_t ns) { return elapsed_text(ns, 1); });
    text += fmt::format("  {:>8}  {:016x}  {}  {}{:<14}  \"{}\"\n",
                        inquest::cell(header.pid), header.task.value,
                        cell.task.state, wish_text(cell.waiter), slept,
                        inquest::cell(header.comm));
  }
  return text;
}

std::string to_text(const Row& row) {
  std::string text = lock_text(row);
  text.insert(text.find(' '), ":");
  text += '\n' + owner_text(row);
  if (!row.lock.flags.empty()) {
    text += "    FLAGS:";
    for (std::string_view flag : row.lock.flags)
      text += fmt::format(" {}", flag);
    text += '\n';
  }
  return text + waiters_text(row.waiters);
}

struct DeadlockRow {
  struct Step {
    TaskCell task;
    Row lock;
  };
  std::vector<Step> steps;
};

report::Record to_record(const DeadlockRow& row) {
  std::vector<report::Record> steps;
  for (const DeadlockRow::Step& step : row.steps) {
    report::Record record = to_record(step.task);
    record.add("waits_for", step.lock.lock.at);
    record.add("kind", lock_kind_name(step.lock.lock.kind));
    record.add("symbol", step.lock.symbol);
    steps.push_back(std::move(record));
  }
  return report::Record().with("deadlock", std::move(steps));
}

std::string to_text(const DeadlockRow& row) {
  std::string text =
      fmt::format("DEADLOCK: {} {}\n", row.steps.size(),
                  row.steps.size() == 1 ? "task waits for itself"
                                        : "tasks wait for each other");
  for (const DeadlockRow::Step& step : row.steps) {
    text += fmt::format("  {}    waits for {}, held by\n", to_text(step.task),
                        lock_text(step.lock));
  }
  return text + fmt::format("  PID: {}, the first\n",
                            cell(row.steps.front().task.header.pid));
}

struct SpinRow {
  SpinLock lock;
  std::string symbol;
};

report::Record to_record(const SpinRow& row) {
  return report::Record()
      .with("spinlock", row.lock.at)
      .with("symbol", row.symbol)
      .with("word", row.lock.word)
      .with("locked", row.lock.is_locked)
      .with("pending", row.lock.is_pending)
      .with("tail_cpu", to_value(row.lock.tail_cpu))
      .with("owner_cpu", to_value(row.lock.owner_cpu))
      .with("owner", to_value(row.lock.owner));
}

std::string to_text(const SpinRow& row) {
  auto yes = [](bool is_so) { return is_so ? "yes" : "no"; };
  std::string text = fmt::format("SPINLOCK: {:x}", row.lock.at.value);
  if (!row.symbol.empty()) text += fmt::format(" <{}>", printable(row.symbol));
  text += fmt::format(
      "\n  WORD: {:08x}  LOCKED: {}  PENDING: {}  QUEUE: ", row.lock.word,
      yes(row.lock.is_locked), yes(row.lock.is_pending));
  text += row.lock.tail_cpu
              ? fmt::format("ends at CPU {}\n", *row.lock.tail_cpu)
              : "empty\n";
  if (row.lock.owner_cpu && row.lock.owner) {
    text += fmt::format("  OWNER: {:x}  CPU: {}\n", row.lock.owner->value,
                        *row.lock.owner_cpu);
  }
  return text;
}

// ---- How we find it ----

struct Named {
  std::string symbol, module;
};

// The variable that |at| lies in, or in brackets the cache of its object.
Named name_of(const Kernel& kernel, Address at) {
  auto place = variable_place(kernel, at);
  if (place) {
    std::string offset =
        place->offset == 0 ? "" : fmt::format("+{}", place->offset);
    return {place->symbol + offset, place->module};
  }
  auto cache = slab_cache_name(kernel, at);
  return {cache ? fmt::format("in {}", *cache) : "", ""};
}

LockProgress progress_on(report::Sink& out) {
  return [&out](std::uint64_t done, std::uint64_t all) {
    out.progress("looking for locks", done, all);
  };
}

// Rows of locks, and what all of them share.
class Rows {
 public:
  Rows(const Kernel& kernel, report::Sink& out)
      : kernel_(kernel),
        meter_(kernel),
        found_(contended_locks(kernel, progress_on(out))),
        waits_(waits_by_task(found_.locks)) {}

  const std::vector<Lock>& locks() const { return found_.locks; }
  const std::vector<Error>& faults() const { return found_.faults; }
  // That which |task| waits for.
  const Lock* awaited(Address task) const {
    auto wait = waits_.find(task);
    return wait == waits_.end() ? nullptr : &found_.locks[wait->second];
  }
  const Lock* contended(Address at) const {
    auto lock = std::ranges::find(found_.locks, at, &Lock::at);
    return lock == found_.locks.end() ? nullptr : &*lock;
  }

  // In ns; 0: unknown.
  std::uint64_t longest_wait(const Lock& lock) const;
  Row row(const Lock& lock) const;
  DeadlockRow deadlock(const std::vector<LockWait>& circle) const;

 private:
  TaskCell task_cell(Address at) const;
  WaiterCell waiter_cell(const LockWaiter& waiter) const;

  const Kernel& kernel_;
  SleepMeter meter_;
  ContendedLocks found_;
  std::map<Address, std::size_t> waits_;
};

TaskCell Rows::task_cell(Address at) const {
  Object task = kernel_.object("task_struct", at);
  TaskCell cell{.header = task_header(kernel_, task)};
  cell.is_there = kernel_.task_table()->at(at) != nullptr;
  auto state = task_state(kernel_, task);
  if (cell.is_there && state) cell.state = state->abbreviation();
  return cell;
}

WaiterCell Rows::waiter_cell(const LockWaiter& waiter) const {
  Address at = waiter.task.value_or({});
  WaiterCell cell{waiter, task_cell(at), std::uint64_t{0}};
  cell.slept = meter_.slept(kernel_.object("task_struct", at));
  return cell;
}

std::uint64_t Rows::longest_wait(const Lock& lock) const {
  std::uint64_t longest = 0;
  for (const LockWaiter& waiter : lock.waiters) {
    Object task = kernel_.object("task_struct", waiter.task.value_or({}));
    longest = std::max(longest, meter_.slept(task).value_or(0));
  }
  return longest;
}

Row Rows::row(const Lock& lock) const {
  Named named = name_of(kernel_, lock.at);
  Row row{.lock = lock, .symbol = named.symbol, .module = named.module};
  if (lock.owner.value != 0) {
    row.owner = task_cell(lock.owner);
    const Lock* next = lock.is_read ? nullptr : awaited(lock.owner);
    if (next != nullptr) row.owner_waits_for = next->at;
  }
  for (const LockWaiter& waiter : lock.waiters)
    row.waiters.push_back(waiter_cell(waiter));
  return row;
}

DeadlockRow Rows::deadlock(const std::vector<LockWait>& circle) const {
  DeadlockRow row;
  for (const LockWait& wait : circle)
    row.steps.push_back({task_cell(wait.task), this->row(locks()[wait.lock])});
  return row;
}

void show_lock(const Rows& rows, const Lock& lock, report::Sink& out) {
  emit(out, rows.row(lock));
  if (lock.fault) {
    out.problem(Error(*lock.fault)
                    .while_doing(fmt::format("lock: {:x}", lock.at.value)));
  }
}

void show_deadlocks(const Rows& rows, report::Paragraphs& out) {
  for (const auto& circle : deadlocks(rows.locks())) {
    out.next();
    emit(out, rows.deadlock(circle));
  }
}

// The lock first for which somebody has waited longest.
void show_all(const Rows& rows, std::optional<LockKind> kind,
              report::Paragraphs& out) {
  std::vector<std::pair<std::uint64_t, const Lock*>> order;
  for (const Lock& lock : rows.locks()) {
    if (kind && lock.kind != *kind) continue;
    order.emplace_back(rows.longest_wait(lock), &lock);
  }
  std::ranges::stable_sort(order, [](const auto& left, const auto& right) {
    return left.first > right.first;
  });
  for (const auto& [waited, lock] : order) {
    if (interrupted()) return;
    out.next();
    show_lock(rows, *lock, out);
  }
  if (order.empty()) out.layout("no task waits for a lock\n");
}

// From the lock that |task| waits for to one whose owner does not wait.
void show_chain(const Rows& rows, const Object& task, report::Paragraphs& out) {
  std::set<Address> seen;
  const Lock* lock = rows.awaited(task.address());
  if (lock == nullptr) out.layout("the task waits for no lock\n");
  while (lock != nullptr && seen.insert(lock->at).second && !interrupted()) {
    out.next();
    show_lock(rows, *lock, out);
    lock = lock->is_read ? nullptr : rows.awaited(lock->owner);
  }
}

Result<std::optional<LockKind>> wanted_kind(const Options& options) {
  auto word = options.argument('k');
  if (!word) return std::optional<LockKind>();
  auto kind = lock_kind_named(*word);
  if (kind) return kind;
  return Error(ErrorKind::usage,
               fmt::format("{}: the kinds are mutex, rwsem, rtmutex and "
                           "semaphore",
                           *word));
}

// What the user or the object's type says; else what those who wait do.
Result<LockKind> kind_of(const Rows& rows, const NamedObject& named,
                         std::optional<LockKind> wanted) {
  if (wanted) return *wanted;
  if (named.object) {
    const Type& type = named.object->type();
    auto kind = lock_kind_of(type);
    if (kind) return *kind;
    return Error(ErrorKind::not_found, "this is no lock that tasks sleep for");
  }
  const Lock* known = rows.contended(named.at);
  if (known != nullptr) return known->kind;
  return Error(ErrorKind::not_found,
               "nobody waits for it: -k has to say which kind of lock it is");
}

Result<void> show_one(const Session& session, const Options& options,
                      std::optional<LockKind> wanted, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  NamedObject named = TRY(named_object(session, options.words()));
  Rows rows(kernel, out);
  auto kind = kind_of(rows, named, wanted);
  if (!kind) {
    return Error(
        kind.error().kind(),
        fmt::format("{}: {}", options.words().front(), kind.error().message()));
  }
  Lock lock = TRY(lock_at(kernel, *kind, named.at));
  show_lock(rows, lock, out);
  return {};
}

Result<void> show_spin_lock(const Session& session, const Options& options,
                            report::Sink& out) {
  NamedObject named = TRY(named_object(session, options.words()));
  SpinLock lock = TRY(spin_lock_at(session.kernel, named.at));
  emit(out, SpinRow{lock, name_of(session.kernel, named.at).symbol});
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "k:dt:s"));
  auto kind = TRY(wanted_kind(options));
  bool is_listing = options.has('d') || options.has('t');
  if (options.has('s') && (is_listing || kind)) {
    return Error(ErrorKind::usage, "-s goes with an address only");
  }
  if (options.has('s')) return show_spin_lock(session, options, out);
  if (!options.words().empty()) {
    if (is_listing) return Error(ErrorKind::usage, "");
    return show_one(session, options, kind, out);
  }
  report::Paragraphs paragraphs(out);
  std::optional<Object> task;
  if (auto word = options.argument('t')) {
    task = TRY(named_task(session.kernel, *word));
  }
  Rows rows(session.kernel, out);
  for (const Error& fault : rows.faults())
    out.problem(Error(fault).while_doing("lock"));
  if (task) {
    show_chain(rows, *task, paragraphs);
  } else if (!options.has('d')) {
    show_all(rows, kind, paragraphs);
  }
  if (!task && !kind) show_deadlocks(rows, paragraphs);
  return {};
}

}  // namespace

extern const Command lock_command;
const Command lock_command = {"lock", &help, run};

}  // namespace inquest
