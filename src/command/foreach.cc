// SPDX-License-Identifier: GPL-3.0-or-later
// foreach: a command for many tasks.

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <regex.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/context.h"
#include "kernel/task.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "run a command for many tasks",
    .synopsis =
        "[[pid | task | name | 'regex' | state | kernel | user | gleader | "
        "active] ...] command [option | argument] ... ...",
    .description =
        "Runs bt, files, net, ps, set, sig, task, vm or vtop for every task,\n"
        "or for those that the words before the command select. Tasks named\n"
        "by pid, address, name or regular expression add up; kernel, user,\n"
        "gleader (thread group leaders), active and states (RU IN UN ST ZO TR\n"
        "SW DE WA PA ID NE) restrict the selection. A backslash before a name\n"
        "tells it from one of these words. Several commands are run one after\n"
        "the other, each with what stands behind it. What goes wrong with one\n"
        "task does not keep the others from being shown.",
    .options = {},
    .examples =
        {
            {"Show the stacks of all tasks", "foreach bt"},
            {"Show the stacks of tasks that wait without being interruptible",
             "foreach UN bt"},
            {"List the kernel threads", "foreach kernel ps"},
        },
};

constexpr std::array<std::string_view, 9> known_commands = {
    "bt", "vm", "task", "files", "net", "set", "ps", "sig", "vtop"};
constexpr std::array<std::string_view, 12> states = {
    "RU", "IN", "UN", "ST", "ZO", "TR", "SW", "DE", "WA", "PA", "ID", "NE"};

template <typename List>
bool has(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// A POSIX extended regular expression.
class Pattern {
 public:
  static Result<std::shared_ptr<const Pattern>> compile(std::string text) {
    auto made = std::make_shared<Pattern>();
    int code =
        regcomp(&made->compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
      made->is_compiled_ = false;
      return Error(ErrorKind::usage,
                   fmt::format("invalid regular expression: {}", text));
    }
    return std::shared_ptr<const Pattern>(std::move(made));
  }
  Pattern() = default;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    if (is_compiled_) regfree(&compiled_);
  }
  bool matches(const std::string& text) const {
    return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
  bool is_compiled_ = true;
};

struct Selection {
  bool is_kernel = false, is_user = false, is_leader = false;
  bool is_active = false;
  std::vector<std::string> states;
  // Alternatives; none of either kind: every task.
  std::set<std::uint64_t> pids;
  std::set<Address> tasks;
  std::set<std::string, std::less<>> names;
  std::vector<std::shared_ptr<const Pattern>> patterns;

  bool names_tasks() const {
    return !pids.empty() || !tasks.empty() || !names.empty() ||
           !patterns.empty();
  }
};

// A command and what stands between it and the next one.
struct Errand {
  std::string name;
  std::vector<std::string> words;
};

struct Args {
  Selection selection;
  std::vector<Errand> errands;
};

// ---- Reading the words ----

bool add_keyword(Selection& selection, std::string_view word) {
  bool* flag = word == "kernel"    ? &selection.is_kernel
               : word == "user"    ? &selection.is_user
               : word == "gleader" ? &selection.is_leader
               : word == "active"  ? &selection.is_active
                                   : nullptr;
  if (flag != nullptr) *flag = true;
  if (flag == nullptr && has(states, word)) {
    selection.states.emplace_back(word);
    return true;
  }
  return flag != nullptr;
}

// A word of 8 hexadecimal digits or more is an address; one that is no
// decimal number but a hexadecimal one is a pid unless a task has that name.
Result<void> add_task(const Kernel& kernel, Selection& selection,
                      const std::string& word) {
  if (word.size() > 2 && word.front() == '\'' && word.back() == '\'') {
    std::string text = word.substr(1, word.size() - 2);
    selection.patterns.push_back(TRY(Pattern::compile(std::move(text))));
    return {};
  }
  if (word.starts_with('\\')) {
    selection.names.insert(word.substr(1));
    return {};
  }
  if (auto pid = parse_decimal(word)) {
    selection.pids.insert(*pid);
  } else if (!tasks_named(kernel, word).empty()) {
    selection.names.insert(word);
  } else if (auto number = parse_hex(word)) {
    if (auto task = task_at(kernel, Address{*number})) {
      selection.tasks.insert(task->address());
    } else {
      selection.pids.insert(*number);
    }
  } else {
    return Error(ErrorKind::usage,
                 fmt::format("unknown argument: \"{}\"", word));
  }
  return {};
}

Result<Args> parsed(const Kernel& kernel, Command::Words words) {
  Args args;
  for (const std::string& word : words) {
    // What -R looks for may be called like a command.
    bool is_argument = !args.errands.empty() &&
                       !args.errands.back().words.empty() &&
                       args.errands.back().words.back() == "-R";
    if (has(known_commands, word) && !is_argument) {
      args.errands.push_back({.name = word, .words = {}});
    } else if (!args.errands.empty()) {
      args.errands.back().words.push_back(word);
    } else if (!add_keyword(args.selection, word)) {
      TRY(add_task(kernel, args.selection, word));
    }
  }
  if (args.errands.empty()) {
    return Error(ErrorKind::usage, "no command given");
  }
  return args;
}

// ---- Selecting ----

bool is_named(const Object& task, const Selection& selection) {
  if (!selection.names_tasks()) return true;
  auto pid = task_pid(task);
  if (pid && *pid >= 0 &&
      selection.pids.contains(static_cast<std::uint64_t>(*pid))) {
    return true;
  }
  if (selection.tasks.contains(task.address())) return true;
  if (selection.names.empty() && selection.patterns.empty()) return false;
  auto comm = task_comm(task);
  if (!comm) return false;
  return selection.names.contains(*comm) ||
         std::ranges::any_of(selection.patterns, [&](const auto& pattern) {
           return pattern->matches(*comm);
         });
}

bool is_selected(const Kernel& kernel, const Object& task,
                 const Selection& selection) {
  if (!is_named(task, selection)) return false;
  if (selection.is_kernel && !is_kernel_thread(task)) return false;
  if (selection.is_user && is_kernel_thread(task)) return false;
  if (selection.is_active && !is_active(kernel, task)) return false;
  if (selection.is_leader) {
    auto pid = task_pid(task);
    auto group = task_tgid(task);
    if (!pid || !group || *pid != *group) return false;
  }
  if (selection.states.empty()) return true;
  auto state = task_state(kernel, task);
  return state && has(selection.states, state->abbreviation());
}

// Says which pids and names no task has; states and the like may select none.
void report_missing(const Kernel& kernel, const Selection& selection,
                    report::Sink& out) {
  auto report = [&](std::string_view word) {
    out.problem(Error(ErrorKind::not_found,
                      fmt::format("foreach: unknown argument: \"{}\"", word)));
  };
  for (std::uint64_t pid : selection.pids) {
    if (tasks_of_pid(kernel, pid).empty()) report(fmt::to_string(pid));
  }
  for (const std::string& name : selection.names) {
    if (tasks_named(kernel, name).empty()) report(name);
  }
}

// ---- Running ----

// Each task in turn as the context of a command that takes none.
void run_each(const Command& command, Session& session,
              std::vector<std::string> words,
              const std::vector<Object>& selected, report::Sink& out) {
  auto context = session.task;
  report::Paragraphs paragraphs(out);
  std::erase(words, "-c");  // what is done anyway
  for (const Object& task : selected) {
    if (interrupted()) break;
    paragraphs.next();
    session.task = task.address();
    paragraphs.layout(to_text(task_header(session.kernel, task)));
    auto done = command.run(session, words, paragraphs);
    if (!done) out.problem(done.error());
  }
  session.task = context;
}

// "set" without arguments; changing settings for each task makes no sense.
Result<void> show_contexts(const Session& session, const Errand& errand,
                           const std::vector<Object>& selected,
                           report::Sink& out) {
  if (!errand.words.empty()) {
    return Error(ErrorKind::usage, "set takes no arguments here");
  }
  for (const Object& task : selected) {
    if (interrupted()) break;
    if (!session.settings.is_json) emit(out, task_header(session.kernel, task));
    emit(out, context_row(session.kernel, task));
    out.layout("\n");
  }
  return {};
}

Result<void> run_one(const Errand& errand, Session& session,
                     const std::vector<Object>& selected, report::Sink& out) {
  const std::string& name = errand.name;
  if (name == "set") return show_contexts(session, errand, selected, out);
  const Command* command = find_command(name);
  if (command == nullptr) {
    return Error(ErrorKind::unsupported,
                 fmt::format("there is no {} command", name));
  }
  if (name == "vtop") {
    run_each(*command, session, errand.words, selected, out);
    return {};
  }
  session.chosen = selected;
  auto done = command->run(session, errand.words, out);
  session.chosen.reset();
  return done;
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Args args = TRY(parsed(session.kernel, words));
  note_task_differences(session.kernel, out);
  std::vector<Object> selected;
  for (const Object& task : tasks(session.kernel)) {
    if (interrupted()) return {};
    if (task.fault() != nullptr) {
      out.problem(Error(*task.fault()).while_doing("foreach"));
      continue;
    }
    if (is_selected(session.kernel, task, args.selection)) {
      selected.push_back(task);
    }
  }
  report_missing(session.kernel, args.selection, out);
  if (selected.empty()) return {};
  report::Paragraphs paragraphs(out);
  for (const Errand& errand : args.errands) {
    paragraphs.next();
    auto done = run_one(errand, session, selected, paragraphs);
    if (!done) out.problem(std::move(done).error().while_doing(errand.name));
  }
  return {};
}

}  // namespace

extern const Command foreach_command = {"foreach", &help, run};

}  // namespace inquest
