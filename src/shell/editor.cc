// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/editor.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "shell/completion.h"
#include "shell/shell.h"
#include "shell/variables.h"

namespace inquest {
namespace {

constexpr int history_limit = 5000;

std::filesystem::path history_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr && *state == '/') {
    folder = state;
  } else if (home != nullptr) {
    folder = std::filesystem::path(home) / ".local/state";
  } else {
    return {};
  }
  return folder / "inquest" / "history";
}

// readline calls back without a context of ours: it finds it here.
Shell*& completing_shell() {
  static Shell* shell = nullptr;
  return shell;
}

char** complete(const char* word, int /*start*/, int end) {
  rl_attempted_completion_over = 0;
  Shell* shell = completing_shell();
  if (shell == nullptr) return nullptr;
  std::string line(rl_line_buffer, static_cast<std::size_t>(end));
  if (line.find_last_of("<>!|") != std::string::npos) return nullptr;
  auto found = completions(*shell, line);
  if (found.empty()) return nullptr;
  rl_attempted_completion_over = 1;
  std::string common = found[0];
  for (const std::string& each : found) {
    auto [mine, theirs] = std::ranges::mismatch(common, each);
    common.erase(mine, common.end());
  }
  if (common.size() < std::strlen(word)) common = word;
  // readline frees the list and its words with free().
  auto** matches =
      static_cast<char**>(std::calloc(found.size() + 2, sizeof(char*)));
  if (matches == nullptr) return nullptr;
  matches[0] = strdup(common.c_str());
  if (found.size() > 1) {
    for (std::size_t i = 0; i < found.size(); ++i)
      matches[i + 1] = strdup(found[i].c_str());
  }
  return matches;
}

// A line that readline hands over, by way of its callback.
struct TypedLine {
  bool is_complete = false;
  std::optional<std::string> text;
};

TypedLine& line_being_typed() {
  static TypedLine line;
  return line;
}

void take_line(char* text) {
  TypedLine& line = line_being_typed();
  line.is_complete = true;
  if (text != nullptr) line.text = text;
  std::free(text);
  rl_callback_handler_remove();  // else it prompts once more
}

// Keeps SIGINT back except while we wait for keys: none comes in between a
// look at the flag and the wait, nor while readline changes its state.
class HeldInterrupts {
 public:
  HeldInterrupts() {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    pthread_sigmask(SIG_BLOCK, &held, &usual_);
  }
  HeldInterrupts(const HeldInterrupts&) = delete;
  HeldInterrupts& operator=(const HeldInterrupts&) = delete;
  ~HeldInterrupts() { pthread_sigmask(SIG_SETMASK, &usual_, nullptr); }

  // False when a signal came first.
  bool wait_for_key() const {
    pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    return ppoll(&input, 1, nullptr, &usual_) > 0;
  }

 private:
  sigset_t usual_ = {};
};

// readline() itself goes on with the same line after Ctrl-C: this drops it.
std::optional<std::string> typed_line(const std::string& prompt) {
  HeldInterrupts held;
  TypedLine& line = line_being_typed();
  line = {};
  rl_callback_handler_install(prompt.c_str(), take_line);
  while (!line.is_complete) {
    if (held.wait_for_key()) {
      rl_callback_read_char();
      continue;
    }
    rl_check_signals();
    if (!interrupted()) continue;
    rl_callback_sigcleanup();
    rl_free_line_state();
    rl_callback_handler_remove();
    std::cout << std::endl;
    return "";
  }
  return std::move(line.text);
}

class TerminalEditor : public LineEditor {
 public:
  explicit TerminalEditor(Shell& shell) : shell_(shell), file_(history_file()) {
    completing_shell() = &shell;
    rl_readline_name = "inquest";
    rl_persistent_signal_handlers = 1;  // while we wait, too
    rl_attempted_completion_function = complete;
    rl_basic_word_break_characters = " \t\n\"'()&*";
    rl_completer_word_break_characters = " \t\n\"'()&*";
    rl_completion_append_character = '\0';
    using_history();
    stifle_history(history_limit);
    if (!file_.empty()) read_history(file_.c_str());
  }
  TerminalEditor(const TerminalEditor&) = delete;
  TerminalEditor& operator=(const TerminalEditor&) = delete;
  ~TerminalEditor() override {
    completing_shell() = nullptr;
    if (added_ == 0 || file_.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(file_.parent_path(), ignored);
    if (!std::filesystem::exists(file_, ignored))
      write_history(file_.c_str());
    else
      append_history(added_, file_.c_str());
    history_truncate_file(file_.c_str(), history_limit);
  }

  std::optional<std::string> line(const std::string& prompt) override {
    std::string mode(shell_value(shell_.session().settings, "edit"));
    rl_variable_bind("editing-mode", mode.c_str());
    auto read = typed_line(prompt);
    if (!read) {
      std::cout << std::endl;
      return std::nullopt;
    }
    std::string typed = std::move(*read);
    bool is_blank = typed.find_first_not_of(" \t") == std::string::npos;
    if (!is_blank && typed != last_) {
      add_history(typed.c_str());
      ++added_;
      last_ = typed;
    }
    return typed;
  }

 private:
  Shell& shell_;
  std::filesystem::path file_;
  std::string last_;
  int added_ = 0;
};

class PlainInput : public LineEditor {
 public:
  std::optional<std::string> line(const std::string& /*prompt*/) override {
    std::string text;
    if (!std::getline(std::cin, text)) return std::nullopt;
    return text;
  }
};

}  // namespace

std::unique_ptr<LineEditor> line_editor(Shell& shell) {
  if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0)
    return std::make_unique<TerminalEditor>(shell);
  return std::make_unique<PlainInput>();
}

}  // namespace inquest
