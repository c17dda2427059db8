// SPDX-License-Identifier: GPL-3.0-or-later
// A session: takes lines, runs commands, and keeps what outlives a command.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"
#include "shell/aliases.h"
#include "shell/extensions.h"
#include "shell/line.h"
#include "shell/output.h"

namespace inquest {

class Gdb;
class Shell;

// A command of the session itself.
struct Builtin {
  std::string_view name;
  const Help* help = nullptr;
  Result<void> (*run)(Shell& shell, Command::Words words,
                      report::Sink& out) = nullptr;
};
std::span<const Builtin* const> builtins();
const Builtin* find_builtin(std::string_view name);

class Shell {
 public:
  // |program| is the name in the prompt and before errors.
  Shell(Session& session, std::string program);
  ~Shell();

  // Runs one line of input. Errors are reported where "set error" sends them.
  void run_line(std::string_view text);
  // Runs the lines of |file|; |origin| is what aliases defined there are
  // listed as. Each line is echoed first when |is_echoed|.
  Result<void> run_script(const std::filesystem::path& file,
                          std::string_view origin, bool is_echoed);
  // Reads commands from the terminal with editing, or from standard input.
  void run_standard_input();
  // Runs one command without redirections; its errors go to |out|.
  void run_words(std::vector<std::string> words, report::Sink& out);

  // Runs one command as it is typed, without redirections and aliases.
  void run_text(std::string_view command, report::Sink& out);
  // Whether a command, of whatever kind, is called so.
  bool is_command(std::string_view name) const;

  // What a session says first: the machine, and the task that died.
  void show_start();
  // What -x does: see "help extend".
  void load_extensions();

  Session& session() { return session_; }
  Aliases& aliases() { return aliases_; }
  // Not started yet, perhaps.
  Gdb& gdb();
  Extensions& extensions() { return extensions_; }
  const std::string& program() const { return program_; }
  std::string prompt() const { return program_ + "> "; }
  std::vector<std::string>& history() { return history_; }
  // ".crashrc" while such a file is read, else "runtime".
  std::string_view origin() const { return origin_; }

  void finish() { is_finished_ = true; }
  bool is_finished() const { return is_finished_; }
  // Whether anything could not be answered.
  bool has_problem() const { return has_problem_; }
  // Reports a failure of the session itself.
  void report(const Error& error);

 private:
  struct Errors;

  using Answer = std::function<void(report::Sink& out)>;

  // Opens where |line| sends output, and lets |answer| write there.
  void answer_to(const Line& line, const Answer& answer);
  void say_what_was_lost(report::Sink& out);
  void run_command(const Line& line, report::Sink& out);
  void run_shell(const std::string& command);
  Result<void> run_script_line(const Line& line);
  Result<std::unique_ptr<Output>> open_output(const Line& line) const;
  // The line that "!!", "!7" or "r name" stands for; |line| otherwise.
  Result<std::string> recall(std::string_view line) const;
  std::ostream& errors_for(Output& output, bool is_redirected);

  Session& session_;
  std::string program_;
  Aliases aliases_;
  Extensions extensions_;
  std::vector<std::string> history_;
  std::string_view origin_ = "runtime";
  std::unique_ptr<Output> terminal_;
  std::unique_ptr<Errors> errors_;
  std::unique_ptr<Gdb> gdb_;
  bool is_in_script_ = false;
  bool is_finished_ = false;
  unsigned known_lost_pages_ = 0;
  bool has_problem_ = false;
};

// Other words for a command, as crash takes them: "*name", "p/x", a symbol or
// type alone. The words themselves where nothing fits.
std::vector<std::string> as_command(Session& session,
                                    std::vector<std::string> words);
// Whether a line's first word is a program of the host that runs as it is.
bool is_host_command(std::string_view word);

}  // namespace inquest
