// SPDX-License-Identifier: GPL-3.0-or-later
// gdb: a line for the system's gdb.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "command/context.h"
#include "shell/builtins.h"
#include "shell/gdb.h"
#include "shell/shell.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "let gdb answer",
    .synopsis = "command ...",
    .description =
        "Starts gdb, if there is one, with the kernel's symbols where the\n"
        "dump has them, and lets it run the command. Tasks are threads; the\n"
        "current task is the selected one. Modules have their symbols after\n"
        "\"mod -s\" or \"mod -S\". It is kept until the session ends. The\n"
        "first start on a kernel takes a while, until gdb has an index.\n"
        "Words that only gdb knows (info, x, printf, frame, ...) need no\n"
        "\"gdb\" in front.",
    .examples =
        {
            {"the stack with arguments and source lines", "gdb bt"},
            {"four words in hexadecimal", "gdb x/4gx &init_task"},
        },
};

struct GdbRow {
  std::string text;
};

report::Record to_record(const GdbRow& row) {
  return report::Record().with("text", row.text);
}

std::string to_text(const GdbRow& row) {
  return row.text.ends_with('\n') ? row.text : row.text + '\n';
}

// ---- What is not for gdb ----

constexpr std::string_view runs = "a dump does not run";
constexpr std::string_view leaves = "gdb stays with the dump";
constexpr std::string_view asks = "gdb would wait for more lines";

struct Refused {
  std::string_view names;
  std::string_view reason;
};
constexpr Refused refused[] = {
    {"r run start starti c continue fg s step si stepi n next ni nexti u until "
     "advance fin finish j jump call signal queue-signal k kill b br break "
     "tbreak hbreak thbreak rbreak watch rwatch awatch catch tcatch record "
     "checkpoint",
     runs},
    {"attach detach disconnect target file exec-file core-file symbol-file "
     "load restore shell ! make pipe | q quit exit tui layout edit inferior "
     "add-inferior clone-inferior remove-inferiors interpreter-exec new-ui",
     leaves},
    {"define define-prefix document commands while if python-interactive pi "
     "guile-repl gr",
     asks},
};

// The word that gdb looks up.
std::string_view first_word(std::string_view line) {
  line = trim(line);
  return line.substr(0, line.find_first_of(" \t/"));
}

// What inquest answers by itself when there is no gdb.
bool is_ours(std::string_view word) {
  constexpr std::array names = {"p",      "print", "inspect",
                                "output", "ptype", "whatis"};
  return std::ranges::find(names, word) != names.end();
}

// ---- Asking it ----

Result<void> run(Shell& shell, Command::Words words, report::Sink& out) {
  if (words.empty()) return Error(ErrorKind::usage, "");
  std::string line = fmt::format("{}", fmt::join(words, " "));
  std::string_view word = first_word(line);
  if (auto reason = gdb_refusal(line); !reason.empty()) {
    return Error(ErrorKind::unsupported, fmt::format("{}: {}", word, reason));
  }
  auto task = current_context(shell.session());
  auto answered = shell.gdb().ask(
      line, task ? task->address() : Address{},
      [&](std::string_view text) { emit(out, GdbRow{std::string(text)}); });
  bool is_missing =
      !answered && answered.error().kind() == ErrorKind::unsupported;
  if (!is_missing || !is_ours(word)) return answered;
  shell.run_words({words.begin(), words.end()}, out);
  return {};
}

}  // namespace

extern const Builtin gdb_builtin = {"gdb", &help, run};

std::string_view gdb_refusal(std::string_view line) {
  std::string_view word = first_word(line);
  bool is_alone = trim(line).size() == word.size();
  constexpr std::array scripts = {"python", "py", "guile", "gu"};
  if (is_alone && std::ranges::find(scripts, word) != std::end(scripts))
    return asks;
  // gdb takes the first letters of a name too, unless they are a name.
  constexpr std::size_t telling = 3;
  bool is_other = word == "inf" || word == "python" || word == "guile";
  auto is_name = [&](std::string_view name) {
    bool is_short = word.size() >= telling && name.starts_with(word);
    return word == name || (is_short && !is_other);
  };
  for (const Refused& each : refused) {
    if (std::ranges::any_of(words(each.names), is_name)) return each.reason;
  }
  return "";
}

bool is_gdb_word(std::string_view word) {
  constexpr std::array names = {
      "backtrace", "disassemble", "down",   "explore", "f",
      "frame",     "i",           "info",   "inf",     "macro",
      "printf",    "ptype",       "py",     "python",  "show",
      "thread",    "up",          "whatis", "where",   "x",
  };
  return std::ranges::find(names, first_word(word)) != names.end();
}

}  // namespace inquest
