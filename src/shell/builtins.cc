// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of the session, and those that only say why they are not here.

#include "shell/builtins.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "shell/shell.h"

namespace inquest {
namespace {

// ---- alias ----

const Help alias_help = {
    .summary = "other names for commands",
    .synopsis = "[name [text]]",
    .description =
        "Lists the aliases, shows the one called name, or makes name stand "
        "for\n"
        "text at the start of a line. An empty text (\"\") removes the alias.\n"
        "Text with blanks, pipes or redirections is put in double quotes.",
    .examples = {{"what dmesg stands for", "alias dmesg"}},
};

struct AliasRow {
  Alias alias;
};

report::Record to_record(const AliasRow& row) {
  return report::Record()
      .with("origin", row.alias.origin)
      .with("alias", row.alias.name)
      .with("command", row.alias.text);
}

std::string to_text(const AliasRow& row) {
  return fmt::format("{:<7}  {:<7}  {} \n", row.alias.origin, row.alias.name,
                     row.alias.text);
}

Result<void> list_aliases(const Aliases& aliases, std::string_view name,
                          report::Sink& out) {
  out.layout("ORIGIN   ALIAS    COMMAND\n");
  if (!name.empty() && aliases.find(name) == nullptr) {
    return Error(ErrorKind::not_found,
                 fmt::format("alias does not exist: {}", name));
  }
  for (const Alias& alias : aliases.all()) {
    if (name.empty() || alias.name == name) report::emit(out, AliasRow{alias});
  }
  return {};
}

Result<void> run_alias(Shell& shell, Command::Words words, report::Sink& out) {
  if (words.size() < 2)
    return list_aliases(shell.aliases(), words.empty() ? "" : words[0], out);
  const std::string& name = words[0];
  if (shell.is_command(name)) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{} is a command and stays one", name));
  }
  std::string text = fmt::format("{}", fmt::join(words.subspan(1), " "));
  if (text.empty() && shell.aliases().find(name) == nullptr) {
    return Error(ErrorKind::not_found,
                 fmt::format("alias does not exist: {}", name));
  }
  shell.aliases().define(shell.origin(), name, text);
  return {};
}

const Builtin alias_builtin = {"alias", &alias_help, run_alias};

// ---- exit, q ----

const Help exit_help = {
    .summary = "leave the session",
    .synopsis = "",
    .description =
        "Leaves the session. The exit status is 1 when something\n"
        "could not be answered, else 0.",
};

Result<void> run_exit(Shell& shell, Command::Words /*words*/,
                      report::Sink& /*out*/) {
  shell.finish();
  return {};
}

const Builtin exit_builtin = {"exit", &exit_help, run_exit};
const Builtin q_builtin = {"q", &exit_help, run_exit};

// ---- repeat ----

const Help repeat_help = {
    .summary = "run a command again and again",
    .synopsis = "[-seconds] command",
    .description =
        "Runs a command until Ctrl-C, waiting in between when told so. A dump\n"
        "does not change: there it runs once, and again and again only on the\n"
        "running system.",
    .options = {{"-seconds", "how long to wait in between"}},
};

// Waits so many seconds, or until Ctrl-C.
bool is_uninterrupted_for(std::uint64_t seconds) {
  using std::chrono::steady_clock;
  constexpr std::uint64_t a_year = std::uint64_t{365} * 86400;
  auto end =
      steady_clock::now() + std::chrono::seconds(std::min(seconds, a_year));
  while (!interrupted() && steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return !interrupted();
}

Result<void> run_repeat(Shell& shell, Command::Words words, report::Sink& out) {
  std::optional<std::uint64_t> pause = 0;
  if (!words.empty() && words[0].starts_with('-')) {
    pause = parse_decimal(words[0].substr(1));
    words = words.subspan(1);
  }
  if (!pause || words.empty()) return Error(ErrorKind::usage, "");
  const Kernel& kernel = shell.session().kernel;
  do {
    kernel.refresh();
    shell.run_words({words.begin(), words.end()}, out);
    out.flush();
  } while (kernel.is_live() && !shell.is_finished() &&
           is_uninterrupted_for(*pause));
  return {};
}

const Builtin repeat_builtin = {"repeat", &repeat_help, run_repeat};

// ---- h ----

const Help history_help = {
    .summary = "the lines of this session",
    .synopsis = "",
    .description =
        "Lists the lines of this session. !! or r runs the last one\n"
        "again, !7 or \"r 7\" number 7, \"r bt\" the last one that\n"
        "starts with bt.",
};

struct HistoryRow {
  std::size_t number;
  std::string line;
};

report::Record to_record(const HistoryRow& row) {
  return report::Record()
      .with("number", std::uint64_t{row.number})
      .with("line", row.line);
}

std::string to_text(const HistoryRow& row) {
  return fmt::format("[{}] {}\n", row.number, row.line);
}

Result<void> run_history(Shell& shell, Command::Words /*words*/,
                         report::Sink& out) {
  std::size_t number = 0;
  for (const std::string& line : shell.history())
    report::emit(out, HistoryRow{++number, line});
  return {};
}

const Builtin history_builtin = {"h", &history_help, run_history};

constexpr std::array all_builtins = {
    &alias_builtin, &exit_builtin,    &extend_builtin,
    &gdb_builtin,   &history_builtin, &help_builtin,
    &q_builtin,     &repeat_builtin,  &set_builtin,
};

}  // namespace

std::span<const Builtin* const> builtins() {
  return all_builtins;
}

const Builtin* find_builtin(std::string_view name) {
  const auto* found = std::ranges::find(all_builtins, name, &Builtin::name);
  return found == all_builtins.end() ? nullptr : *found;
}

}  // namespace inquest
