// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/shell.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <new>
#include <system_error>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/lost_pages.h"
#include "base/numbers.h"
#include "base/text.h"
#include "kernel/faults.h"
#include "render/render.h"
#include "shell/builtins.h"
#include "shell/context.h"
#include "shell/editor.h"
#include "shell/extension_host.h"
#include "shell/gdb.h"
#include "shell/manual.h"
#include "shell/progress.h"
#include "shell/variables.h"

namespace inquest {

// Where error messages go: the terminal, and what "set error" names.
struct Shell::Errors {
  std::unique_ptr<Output> console = Output::to_descriptor(STDERR_FILENO);
  std::string file_name;
  std::unique_ptr<Output> file;
  std::unique_ptr<TeeBuffer> tee_buffer;
  std::unique_ptr<std::ostream> tee;
};

namespace {

std::unique_ptr<report::Sink> sink_for(const Session& session, Output& output,
                                       std::ostream& errors) {
  auto reader =
      output.is_on_terminal() ? render::Reader::terminal : render::Reader::file;
  auto sink = session.settings.is_json
                  ? render::json_lines(output.stream())
                  : render::text(output.stream(), errors, reader);
  if (isatty(STDERR_FILENO) == 0) return sink;
  return with_progress(std::move(sink), ProgressLine(std::cerr),
                       output.is_paged());
}

// Usage follows a malformed command: text of the answer, not of the errors,
// so that "help" and mistakes look alike.
void report_failure(std::string_view name, const Help* help, bool is_json,
                    const Error& error, report::Sink& out) {
  if (error.kind() != ErrorKind::usage || help == nullptr) {
    out.problem(Error(error.kind(),
                      fmt::format("{}: {}", name, error.message()),
                      error.address()));
    return;
  }
  std::string message = error.message();
  if (is_json && message.empty())
    message = fmt::format("usage: {} {}", name, help->synopsis);
  else if (!message.empty())
    message = fmt::format("{}: {}", name, message);
  out.problem(Error(ErrorKind::usage, message));
  out.layout(usage_text(name, *help));
}

// What "--minimal" leaves.
bool is_minimal_command(std::string_view name) {
  constexpr std::array names = {"alias",  "dis",      "eval", "exit",
                                "extend", "help",     "log",  "q",
                                "rd",     "rustfilt", "set",  "sym"};
  return std::ranges::find(names, name) != names.end();
}

// Lets a command's own bug end the command only.
template <typename Run>
Result<void> guarded(const Run& run) {
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::io, "out of memory");
  } catch (const std::system_error& refusal) {
    return Error(ErrorKind::io, refusal.what());
  } catch (const std::exception& bug) {
    return Error(ErrorKind::unsupported,
                 fmt::format("this is a bug of inquest: {}", bug.what()));
  }
}

struct ScreenSize {
  unsigned rows = 24;
  unsigned columns = 80;
};

ScreenSize screen_size() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
    return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace

Shell::Shell(Session& session, std::string program)
    : session_(session),
      program_(std::move(program)),
      terminal_(Output::to_descriptor(STDOUT_FILENO)),
      errors_(std::make_unique<Errors>()) {}

Shell::~Shell() = default;

Gdb& Shell::gdb() {
  if (gdb_ == nullptr) gdb_ = std::make_unique<Gdb>(session_.kernel);
  return *gdb_;
}

void Shell::report(const Error& error) {
  terminal_->stream().flush();
  std::ostream& errors = errors_for(*terminal_, false);
  sink_for(session_, *terminal_, errors)
      ->problem(Error(error.kind(),
                      fmt::format("{}: {}", program_, error.message()),
                      error.address()));
  terminal_->stream().flush();
  errors.flush();
  has_problem_ = true;
}

std::ostream& Shell::errors_for(Output& output, bool is_redirected) {
  std::string mode(shell_value(session_.settings, "error"));
  Errors& errors = *errors_;
  if (mode != "default" && mode != "redirect" && !mode.empty()) {
    if (errors.file == nullptr || errors.file_name != mode) {
      auto file = Output::to_file(mode, false);
      errors.file = file ? std::move(file).value() : nullptr;
      errors.file_name = mode;
    }
    if (errors.file != nullptr) return errors.file->stream();
  }
  if (!is_redirected)
    return output.is_on_terminal() ? output.stream() : errors.console->stream();
  if (mode == "redirect") return output.stream();
  errors.tee_buffer =
      std::make_unique<TeeBuffer>(errors.console->stream(), output.stream());
  errors.tee = std::make_unique<std::ostream>(errors.tee_buffer.get());
  return *errors.tee;
}

void Shell::run_line(std::string_view text) {
  auto recalled = recall(trim(text));
  if (!recalled) {
    report(recalled.error());
    return;
  }
  history_.push_back(*recalled);
  std::string expanded = aliases_.expand(*recalled);
  if (expanded.starts_with('\\')) expanded.erase(0, 1);
  auto line = parse_line(expanded);
  if (!line) {
    report(line.error());
    return;
  }
  clear_interrupt();
  switch (line->kind) {
    case Line::Kind::empty:
      break;
    case Line::Kind::shell:
      run_shell(line->command);
      break;
    case Line::Kind::script:
      if (auto done = run_script_line(*line); !done) report(done.error());
      break;
    case Line::Kind::command:
      session_.kernel.refresh();
      answer_to(*line, [&](report::Sink& out) { run_command(*line, out); });
      break;
  }
}

Result<std::string> Shell::recall(std::string_view line) const {
  bool is_r = line == "r" || line.starts_with("r ");
  if (!is_r && !line.starts_with("!")) return std::string(line);
  std::string_view which = trim(line.substr(1));
  if (line[0] == '!' && which != "!" && !parse_decimal(which))
    return std::string(line);
  auto missing =
      Error(ErrorKind::not_found, fmt::format("event not found: {}", which));
  if (history_.empty()) return missing;
  if (which.empty() || which == "!") return history_.back();
  if (auto number = parse_decimal(which)) {
    if (*number == 0 || *number > history_.size()) return missing;
    return history_[*number - 1];
  }
  auto found =
      std::find_if(history_.rbegin(), history_.rend(),
                   [&](const auto& old) { return old.starts_with(which); });
  if (found == history_.rend()) return missing;
  return *found;
}

void Shell::run_shell(const std::string& command) {
  terminal_->stream().flush();
  if (run_in_shell(command) != 0) has_problem_ = true;
}

Result<void> Shell::run_script_line(const Line& line) {
  if (is_in_script_)
    return Error(ErrorKind::usage, "input files cannot be nested");
  bool is_echoed = shell_value(session_.settings, "silent") != "on";
  return run_script(line.command, "runtime", is_echoed);
}

Result<void> Shell::run_script(const std::filesystem::path& file,
                               std::string_view origin, bool is_echoed) {
  std::ifstream lines(file);
  if (!lines)
    return Error(ErrorKind::io,
                 fmt::format("{}: {}", file.string(), std::strerror(errno)));
  origin_ = origin;
  is_in_script_ = true;
  std::string line;
  while (!is_finished_ && std::getline(lines, line)) {
    if (is_echoed) {
      terminal_->stream() << prompt() << line << '\n';
      terminal_->stream().flush();
    }
    run_line(line);
    if (interrupted()) break;
  }
  is_in_script_ = false;
  origin_ = "runtime";
  return {};
}

Result<std::unique_ptr<Output>> Shell::open_output(const Line& line) const {
  switch (line.output) {
    case Line::Output::file:
      return Output::to_file(line.target, false);
    case Line::Output::append:
      return Output::to_file(line.target, true);
    case Line::Output::pipe:
      return Output::to_pipe(line.target);
    case Line::Output::terminal:
      break;
  }
  std::string pager(shell_value(session_.settings, "pager"));
  bool is_paged = shell_value(session_.settings, "scroll") == "on" &&
                  shell_value(session_.settings, "silent") != "on" &&
                  !pager.empty() && isatty(STDOUT_FILENO) != 0 &&
                  isatty(STDIN_FILENO) != 0;
  if (!is_paged) return Output::to_descriptor(STDOUT_FILENO);
  ScreenSize size = screen_size();
  return Output::to_pager(std::move(pager), size.rows, size.columns);
}

void Shell::answer_to(const Line& line, const Answer& answer) {
  terminal_->stream().flush();
  auto opened = open_output(line);
  if (!opened) {
    report(opened.error());
    return;
  }
  Output& output = **opened;
  bool is_redirected = line.output != Line::Output::terminal;
  std::ostream& errors = errors_for(output, is_redirected);
  auto out = sink_for(session_, output, errors);
  answer(*out);
  say_what_was_lost(*out);
  if (out->has_problem()) has_problem_ = true;
  out->flush();
  errors.flush();
  errors_->console->stream().flush();
  if (output.finish()) return;
  if (is_redirected) {
    clear_interrupt();  // it was the reader that left, not the user
  } else {
    is_finished_ = true;  // nobody listens any more
  }
  if (auto failure = output.failure()) report(*failure);
}

void Shell::say_what_was_lost(report::Sink& out) {
  Faults losses;
  for (const Error& loss : session_.kernel.new_losses())
    losses.push_back(loss);
  for (const Error& loss : losses)
    out.problem(loss);
  if (lost_pages() == known_lost_pages_) return;
  known_lost_pages_ = lost_pages();
  out.problem(Error(ErrorKind::io,
                    "a file became shorter while it was open: what it lost was "
                    "read as zeroes"));
}

void Shell::run_command(const Line& line, report::Sink& out) {
  if (!line.arguments) {
    run_text(line.command, out);
    return;
  }
  std::ifstream lines(*line.arguments);
  if (!lines) {
    out.problem(Error(ErrorKind::io, fmt::format("{}: {}", *line.arguments,
                                                 std::strerror(errno))));
  }
  std::string argument;
  while (!interrupted() && std::getline(lines, argument)) {
    std::string command = line.command;
    command.insert(line.arguments_at, argument);
    run_text(command, out);
  }
}

void Shell::run_text(std::string_view command, report::Sink& out) {
  if (std::string_view word = command.substr(0, command.find_first_of(" \t"));
      is_host_command(word)) {
    out.flush();
    run_shell(std::string(command));
    return;
  }
  bool is_expression = command.starts_with("p ") || command.starts_with("p/") ||
                       command.starts_with("gdb ") || is_gdb_word(command);
  run_words(
      split_words(command, is_expression ? Quotes::kept : Quotes::removed),
      out);
}

void Shell::run_words(std::vector<std::string> words, report::Sink& out) {
  if (words.empty()) return;
  bool is_json = session_.settings.is_json;
  auto run = [&](const auto& command, const auto& action) {
    auto arguments = Command::Words(words).subspan(1);
    auto done = guarded([&] { return action(arguments); });
    if (!done)
      report_failure(command.name, command.help, is_json, done.error(), out);
  };
  if (!is_command(words[0])) words = as_command(session_, std::move(words));
  bool is_minimal = shell_value(session_.settings, "minimal") == "on";
  if (is_minimal && !is_minimal_command(words[0])) {
    out.problem(
        Error(ErrorKind::unsupported,
              fmt::format("{}: not available with --minimal", words[0])));
  } else if (const Builtin* builtin = find_builtin(words[0])) {
    run(*builtin, [&](auto rest) { return builtin->run(*this, rest, out); });
  } else if (const Command* command = find_command(words[0])) {
    run(*command, [&](auto rest) { return command->run(session_, rest, out); });
  } else if (const ExtensionCommand* added = extensions_.find(words[0])) {
    run(Topic{added->name, &added->page},
        [&](auto rest) { return run_extension(*this, *added, rest, out); });
  } else if (is_gdb_word(words[0])) {
    words.insert(words.begin(), "gdb");
    run(gdb_builtin,
        [&](auto rest) { return gdb_builtin.run(*this, rest, out); });
  } else {
    out.problem(
        Error(ErrorKind::not_found,
              fmt::format("{}: command not found: {}", program_, words[0])));
  }
  if (out.has_problem()) has_problem_ = true;
}

bool Shell::is_command(std::string_view name) const {
  return find_builtin(name) != nullptr || find_command(name) != nullptr ||
         extensions_.find(name) != nullptr;
}

void Shell::load_extensions() {
  answer_to({}, [&](report::Sink& out) { run_words({"extend", "-x"}, out); });
}

void Shell::show_start() {
  answer_to({}, [&](report::Sink& out) {
    out.layout(fmt::format("\n{}\n\n", version_text()));
    if (find_command("sys") != nullptr) run_words({"sys"}, out);
    if (auto shown = show_context(session_, out, ContextStyle::banner); !shown)
      out.problem(shown.error());
    out.layout("\n");
  });
}

void Shell::run_standard_input() {
  auto editor = line_editor(*this);
  while (!is_finished_) {
    clear_interrupt();
    auto line = editor->line(prompt());
    if (!line) break;
    run_line(*line);
  }
}

}  // namespace inquest
