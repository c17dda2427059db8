// SPDX-License-Identifier: GPL-3.0-or-later
// set: the context, and the variables of the session.

#include <fmt/format.h>

#include "shell/builtins.h"
#include "shell/context.h"
#include "shell/shell.h"
#include "shell/variables.h"

namespace inquest {
namespace {

const Help help = {
    .summary = "choose the task in question, or set a variable",
    .synopsis =
        "[[-a] [pid | task] | [-c cpu] | -p] | [variable [value]] ... | -v",
    .description =
        "Without arguments the task that commands without a task argument\n"
        "look at is shown; with a pid or the address of a task_struct it is\n"
        "changed. Otherwise each variable named is shown, or given the value\n"
        "that follows it. \"set -v\" lists the variables; the same lines may\n"
        "stand in .inquestrc or .crashrc, in the home or current directory.\n"
        "\n"
        "  scroll on|off|less|more|CRASHPAGER  long output goes through a "
        "pager\n"
        "  radix 10|16        base of the numbers that p and struct print\n"
        "  print_max number   array elements printed at most\n"
        "  print_array on|off one array element a line\n"
        "  null-stop on|off   character arrays end at the first NUL\n"
        "  zero_excluded on|off  pages left out of the dump read as zero\n"
        "  offline show|hide  whether offline CPUs are shown\n"
        "  redzone on|off     slab objects start with their red zone\n"
        "  scope address      where the meaning of a name is looked up\n"
        "  silent on|off      input files are not echoed, no pager\n"
        "  edit vi|emacs      keys of the line editor (.inquestrc only)\n"
        "  json on|off        answers are JSON, one object a line\n"
        "  debug number       how much is told about how answers are found\n"
        "  error default      errors go to the terminal, and where output "
        "goes\n"
        "  error redirect     errors go where the output goes\n"
        "  error file         errors go to that file alone\n"
        "\n"
        "refresh, console, core, hash, unwind, gdb, namelist, free and\n"
        "data_debug are accepted because scripts use them.",
    .options = {{"-a", "take the task as the active one of its CPU"},
                {"-c cpu", "the task that ran on that CPU"},
                {"-p", "the task that panicked"},
                {"-v", "list the variables"}},
    .examples = {{"hexadecimal output", "set radix 16"},
                 {"the task in question", "set"}},
};

struct VariableRow {
  std::string_view name;
  std::string value;
  bool is_listed = false;
};

report::Record to_record(const VariableRow& row) {
  return report::Record().with("variable", row.name).with("value", row.value);
}

std::string to_text(const VariableRow& row) {
  if (row.is_listed) return fmt::format("{:>14}: {}\n", row.name, row.value);
  bool is_radix = row.name == "radix" || row.name == "hex" || row.name == "dec";
  return fmt::format("{}: {}\n", is_radix ? "output radix" : row.name,
                     row.value);
}

void list_variables(const Session& session, report::Sink& out) {
  for (const Variable& variable : variables())
    report::emit(out,
                 VariableRow{variable.name, variable.shown(session), true});
}

// A malformed value is shown with the words that made it so.
Error invalid(Error error, std::string_view name, std::string_view value) {
  if (!error.message().empty()) return error;
  return Error(ErrorKind::unsupported,
               fmt::format("invalid command: set {} {}", name, value));
}

// Shows or sets the variable that |words| start with; the words it took.
Result<std::size_t> run_variable(Shell& shell, const Variable& variable,
                                 Command::Words words, report::Sink& out) {
  Session& session = shell.session();
  bool has_value = !variable.is_action && words.size() > 1;
  if (has_value || variable.is_action) {
    if (variable.assign == nullptr) {
      return Error(ErrorKind::unsupported,
                   fmt::format("{} cannot be changed", variable.name));
    }
    std::string_view value = has_value ? std::string_view(words[1]) : "";
    auto done = variable.assign(session, value);
    if (!done) return invalid(done.error(), variable.name, value);
  }
  if (shell.origin() == "runtime") {
    report::emit(out,
                 VariableRow{variable.name, variable.shown(session), false});
  }
  return has_value ? 2 : 1;
}

Result<void> run_words(Shell& shell, Command::Words words, report::Sink& out) {
  while (!words.empty()) {
    std::size_t taken = 1;
    if (const Variable* variable = find_variable(words[0])) {
      taken = TRY(run_variable(shell, *variable, words, out));
    } else {
      TRY(choose_task(shell.session(), words[0]));
      if (shell.origin() == "runtime") TRY(show_context(shell.session(), out));
    }
    words = words.subspan(taken);
  }
  return {};
}

Result<void> run(Shell& shell, Command::Words words, report::Sink& out) {
  Session& session = shell.session();
  if (words.empty()) return show_context(session, out);
  const std::string& option = words[0];
  if (!option.starts_with('-')) return run_words(shell, words, out);
  bool has_operand = words.size() > 1;
  if (option == "-v") {
    list_variables(session, out);
    return {};
  }
  if (option == "-p") {
    TRY(choose_panic_task(session));
    return show_context(session, out);
  }
  bool needs_operand = option == "-c" || option == "-a";
  if (!needs_operand) {
    return Error(ErrorKind::usage,
                 fmt::format("invalid option -- '{}'", option.substr(1)));
  }
  if (!has_operand) {
    return Error(ErrorKind::usage,
                 fmt::format("option requires an argument -- '{}'", option[1]));
  }
  if (option == "-c") return choose_cpu(session, words[1]);
  return take_as_active(session, words[1]);
}

}  // namespace

const Builtin set_builtin = {"set", &help, run};

}  // namespace inquest
