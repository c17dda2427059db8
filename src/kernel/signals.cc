// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/signals.h"

#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr unsigned first_real_time = 32;
constexpr unsigned last_signal = 64;
constexpr std::size_t most_queued = 1'000'000;

constexpr std::array<std::string_view, 31> names = {
    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT",
    "SIGBUS",  "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",
    "SIGPIPE", "SIGALRM",   "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT",
    "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU",   "SIGURG",  "SIGXCPU",
    "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",   "SIGPWR",
    "SIGSYS"};

// A set has one word of 64 bits, or two of 32.
Result<std::uint64_t> to_set(const Object& set) {
  Object words = set["sig"];
  if (words.fault() != nullptr) return *words.fault();
  auto bytes = TRY(words.to_bytes());
  return load_unsigned(Bytes(bytes).first(std::min<std::size_t>(
                           bytes.size(), sizeof(std::uint64_t))),
                       set.space().endian());
}

PendingSignals pending_signals(const Kernel& kernel, const Object& pending) {
  PendingSignals found{.set = to_set(pending["signal"])};
  for (const Object& entry :
       list_entries(pending["list"], kernel.structure("sigqueue"), "list")) {
    if (entry.fault() != nullptr) {
      found.broken = *entry.fault();
      break;
    }
    if (found.queue.size() == most_queued || interrupted()) {
      found.broken =
          Error(ErrorKind::corrupt, "more signals than there can be");
      break;
    }
    Object info = entry["info"];
    found.queue.push_back(
        {.number = info["si_signo"].to_unsigned(), .info = info.address()});
  }
  return found;
}

SignalAction signal_action(const Object& action, unsigned number) {
  Object sa = action["sa"];
  return {.number = number,
          .at = action.address(),
          .handler = sa["sa_handler"].to_unsigned(),
          .mask = to_set(sa["sa_mask"]),
          .flags = sa["sa_flags"].to_unsigned()};
}

}  // namespace

std::string signal_name(unsigned number) {
  constexpr unsigned first_from_end = 49;
  if (number == 0 || number > last_signal) return "";
  if (number < first_real_time) return std::string(names[number - 1]);
  if (number == first_real_time) return "SIGRTMIN";
  if (number == last_signal) return "SIGRTMAX";
  if (number < first_from_end) {
    return fmt::format("SIGRTMIN+{}", number - first_real_time);
  }
  return fmt::format("SIGRTMAX-{}", last_signal - number);
}

std::string_view other_signal_name(unsigned number) {
  switch (number) {
    case 6:
      return "SIGIOT";
    case 17:
      return "SIGCLD";
    case 29:
      return "SIGPOLL";
    case 31:
      return "SIGUNUSED";
    default:
      return "";
  }
}

std::vector<std::string> signal_names(std::uint64_t set) {
  std::vector<std::string> found;
  for (unsigned number = 1; number <= last_signal; ++number) {
    if ((set >> (number - 1) & 1) != 0) found.push_back(signal_name(number));
  }
  return found;
}

std::vector<std::string_view> action_flag_names(std::uint64_t flags) {
  struct Flag {
    std::uint64_t bit;
    std::string_view name;
  };
  constexpr std::array<Flag, 10> known = {{{0x00000001, "SA_NOCLDSTOP"},
                                           {0x04000000, "SA_RESTORER"},
                                           {0x00000002, "SA_NOCLDWAIT"},
                                           {0x00000004, "SA_SIGINFO"},
                                           {0x08000000, "SA_ONSTACK"},
                                           {0x10000000, "SA_RESTART"},
                                           {0x40000000, "SA_NODEFER"},
                                           {0x80000000, "SA_RESETHAND"},
                                           {0x00000400, "SA_UNSUPPORTED"},
                                           {0x00000800, "SA_EXPOSE_TAGBITS"}}};
  std::vector<std::string_view> found;
  for (const Flag& flag : known) {
    if ((flags & flag.bit) != 0) found.push_back(flag.name);
  }
  return found;
}

TaskSignals task_signals(const Kernel& kernel, const Object& task) {
  return {.blocked = to_set(task["blocked"]),
          .own = pending_signals(kernel, task["pending"])};
}

Result<GroupSignals> group_signals(const Kernel& kernel, const Object& task) {
  Address at = TRY(task["signal"].to_address());
  if (at.value == 0) {
    return Error(ErrorKind::not_found, "the task has no signals any more");
  }
  Object signal = task["signal"].dereference();
  GroupSignals group{
      .at = at,
      .threads = signal["nr_threads"].to_signed(),
      .actions = {},
      .shared = pending_signals(kernel, signal["shared_pending"])};
  // A dead task still has its signal_struct, but no handlers.
  if (TRY(task["sighand"].to_address()).value == 0) return group;
  Object actions = task["sighand"]["action"];
  if (actions.fault() != nullptr) return *actions.fault();
  for (unsigned number = 1; number <= last_signal; ++number) {
    group.actions.push_back(signal_action(actions.at(number - 1), number));
  }
  return group;
}

}  // namespace inquest
