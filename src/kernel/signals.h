// SPDX-License-Identifier: GPL-3.0-or-later
// Signals: what tasks do about them, which are blocked, which wait.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// "SIGTERM", "SIGRTMIN+3"; "" for what is no signal. Names are those of all
// architectures but alpha, mips, parisc and sparc.
std::string signal_name(unsigned number);
// The second name that some have: "SIGIOT" for SIGABRT.
std::string_view other_signal_name(unsigned number);
// The names of the signals in a set, whose lowest bit is SIGHUP.
std::vector<std::string> signal_names(std::uint64_t set);

// What a thread group does about one signal.
struct SignalAction {
  unsigned number = 0;
  Address at;                     // struct k_sigaction
  Result<std::uint64_t> handler;  // 0: the default; 1: it is ignored
  Result<std::uint64_t> mask;     // blocked while it is handled
  Result<std::uint64_t> flags;
};
// The flags of an action by name, in the order that crash has.
std::vector<std::string_view> action_flag_names(std::uint64_t flags);

// Signals that were sent and not taken yet.
struct PendingSignals {
  struct Queued {
    Result<std::uint64_t> number;
    Address info;  // siginfo
  };
  Result<std::uint64_t> set;
  std::vector<Queued> queue = {};
  std::optional<Error> broken = {};  // why the queue is not whole
};

// What a task has of its own.
struct TaskSignals {
  Result<std::uint64_t> blocked;
  PendingSignals own;
};
// What a thread group has in common.
struct GroupSignals {
  Address at;  // struct signal_struct
  Result<std::int64_t> threads;
  std::vector<SignalAction> actions;
  PendingSignals shared;
};

TaskSignals task_signals(const Kernel& kernel, const Object& task);
// |not_found| for a task that has given its signals up: one that is dead.
Result<GroupSignals> group_signals(const Kernel& kernel, const Object& task);

}  // namespace inquest
