// SPDX-License-Identifier: GPL-3.0-or-later
// The command line of inquest: crash's options, with crash's meaning.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

struct Invocation {
  // What to do instead of a session.
  enum class Task {
    session,
    help,  // topic
    man_page,
    version,
    build_info,
    osrelease,   // of the dump
    build_id,    // of the dump
    crash_time,  // of the dump
    log,         // of the dump, without a vmlinux
    gdbserver,   // at |endpoint|
  };

  Task task = Task::session;
  std::string topic;
  std::string endpoint;  // where to listen for gdb
  KernelOptions kernel;
  bool is_silent = false;
  bool has_rc_files = true;
  bool is_minimal = false;
  bool has_extensions = false;         // -x
  std::optional<std::string> save_as;  // -o: raw RAM as an ELF file
  std::vector<std::string> scripts;    // -i
  std::vector<std::string> commands;   // --command: run instead of a prompt
  // "set" to be done first: {"radix", "16"}.
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> remarks;  // options that change nothing here
};

// Takes |arguments| (without the program's name) apart; files are recognised
// by their content. |usage|: what was malformed; |unsupported|: an option of
// crash that asks for what there is not; |io|: a file cannot be read.
Result<Invocation> parse_invocation(std::vector<std::string> arguments);

// An option, for the help and the man page.
struct OptionHelp {
  std::string text;          // "-i, --input file"
  std::string_view meaning;  // "": accepted, and without effect
};
std::vector<OptionHelp> option_help();

}  // namespace inquest
