// SPDX-License-Identifier: GPL-3.0-or-later
// A command: what it is called, what it accepts, and what it does.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/kernel.h"
#include "report/report.h"

namespace inquest {

// A worked example in the help: run by the tests too.
struct Example {
  std::string_view explanation;
  std::string_view command;
};

// Data for the help screen, "help CMD", the man page and completion.
struct Help {
  std::string_view summary;   // one line, lower case, no full stop
  std::string_view synopsis;  // "[-a | -c cpu] [pid | task] ..." without name
  std::string_view description;
  // Option and what it does, in order: {"-l", "show file and line"}.
  std::vector<std::pair<std::string_view, std::string_view>> options = {};
  std::vector<Example> examples = {};
};

// What "set VARIABLE" holds and commands look at.
struct Settings {
  unsigned radix = 10;
  unsigned print_max = 256;
  bool print_array = false;
  bool null_stop = false;
  bool zero_excluded = false;
  bool is_json = false;
  unsigned debug = 0;
  // Everything that only the shell looks at (scroll, console, edit, ...).
  std::map<std::string, std::string, std::less<>> shell = {};
};

// The state of a session that commands share: the kernel, the task that
// commands without an argument mean, settings, the value history of p.
struct Session {
  const Kernel& kernel;
  Settings settings;
  std::optional<Address> task;  // struct task_struct; absent: the panic task
  // The tasks that foreach chose: a command that takes tasks means these when
  // none is named.
  std::optional<std::vector<Object>> chosen = {};
  std::vector<Object> history = {};
};

struct Command {
  using Words = std::span<const std::string>;

  std::string_view name;
  const Help* help = nullptr;
  // An error that run returns ends the command: usage errors are followed by
  // the synopsis, all others are shown as "name: message".
  Result<void> (*run)(Session& session, Words words,
                      report::Sink& out) = nullptr;
};

std::span<const Command* const> commands();
const Command* find_command(std::string_view name);

}  // namespace inquest
