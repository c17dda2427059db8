// SPDX-License-Identifier: GPL-3.0-or-later
// ps: the tasks.

#include <algorithm>
#include <regex>
#include <span>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"
#include "command/options.h"
#include "command/ps_rows.h"
#include "command/values.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "process status information",
    .synopsis =
        "[-k|-u|-G|-I|-y policy] "
        "[-s] [-p|-c|-t|-[l|m][-C cpu]|-a|-g|-r|-S|-A|-H|-Y]\n"
        "     [pid | task | command] ...",
    .description =
        "Shows the tasks, one a line: pid, parent's pid, CPU, task_struct,\n"
        "state, share of memory, virtual and resident size in KB, name.\n"
        "\">\" stands before tasks that were running. Tasks are chosen by "
        "pid,\n"
        "task_struct, name, 'regular expression', or \\name where a name "
        "looks\n"
        "like a number.",
    .options =
        {
            {"-k", "kernel threads only"},
            {"-u", "user tasks only"},
            {"-G", "thread group leaders only"},
            {"-I", "no idle tasks"},
            {"-y policy",
             "tasks with these scheduling policies only: names "
             "or numbers, separated by commas"},
            {"-A", "tasks that were running only"},
            {"-s", "the kernel stack pointer instead of the task_struct"},
            {"-Y", "scheduling policy and priority instead of memory"},
            {"-H", "no heading"},
            {"-p", "each task's ancestors"},
            {"-c", "each task's children"},
            {"-g", "each thread group's threads"},
            {"-t", "run, start, user and system time"},
            {"-l", "when each task last came to a CPU, latest first"},
            {"-m", "the same as days, hours, minutes and seconds ago"},
            {"-C cpus", "with -l or -m: by CPU; a list, ranges, or \"a\""},
            {"-a", "command line and environment"},
            {"-r", "resource limits"},
            {"-S", "how many tasks are in which state"},
        },
    .examples =
        {
            {"Show what was running", "ps -A"},
            {"Show the threads of process 1", "ps -g 1"},
        },
};

// ---- How we find it ----

struct Filter {
  bool kernel = false, user = false, leaders = false, no_idle = false;
  bool active = false;
  std::vector<std::uint64_t> policies;
};

bool passes(const Kernel& kernel, const Object& task, const Filter& filter) {
  if (filter.kernel && !is_kernel_thread(task)) return false;
  if (filter.user && is_kernel_thread(task)) return false;
  if (filter.no_idle && task_pid(task).value_or(1) == 0) return false;
  if (filter.active && !is_active(kernel, task)) return false;
  if (filter.leaders) {
    auto pid = task_pid(task);
    auto tgid = task_tgid(task);
    if (pid && tgid && *pid != *tgid) return false;
  }
  if (filter.policies.empty()) return true;
  auto policy = task["policy"].to_unsigned();
  return policy && std::find(filter.policies.begin(), filter.policies.end(),
                             *policy) != filter.policies.end();
}

TaskList all_tasks(const Kernel& kernel, report::Sink& out) {
  TaskList list;
  for (const Object& task : tasks(kernel)) {
    if (task.fault() != nullptr) {
      out.problem(Error(*task.fault()).while_doing("ps"));
    } else {
      list.push_back(task);
    }
  }
  return list;
}

// Whether a task's name is meant; |usage| when |word| is no regular
// expression.
Result<std::function<bool(const std::string&)>> name_test(
    std::string_view word) {
  constexpr std::size_t longest_name = 15;
  if (word.starts_with('\'')) {
    word.remove_prefix(1);
    if (word.ends_with('\'')) word.remove_suffix(1);
    try {
      std::regex expression{std::string(word), std::regex::extended};
      return std::function<bool(const std::string&)>(
          [expression](const std::string& comm) {
            return std::regex_search(comm, expression);
          });
    } catch (const std::regex_error&) {
      return Error(ErrorKind::usage,
                   fmt::format("invalid regular expression: {}", word));
    }
  }
  if (word.starts_with('\\')) word.remove_prefix(1);
  std::string name(word.substr(0, longest_name));
  return std::function<bool(const std::string&)>(
      [name](const std::string& comm) { return comm == name; });
}

Result<TaskList> chosen_tasks(const Kernel& kernel, const TaskList& all,
                              std::string_view word) {
  bool is_name = word.starts_with('\\') || word.starts_with('\'');
  if (!is_name) {
    auto found = named_tasks(kernel, word);
    if (found) return found;
  }
  auto is_meant = TRY(name_test(word));
  TaskList list;
  for (const Object& task : all) {
    auto comm = task_comm(task);
    if (comm && is_meant(*comm)) list.push_back(task);
  }
  if (list.empty()) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid task or pid value: {}", word));
  }
  return list;
}

// |usage| when one of |words| is no regular expression; others that mean no
// task are said.
Result<TaskList> tasks_of_words(const Kernel& kernel,
                                std::span<const std::string> words,
                                report::Sink& out) {
  TaskList all = all_tasks(kernel, out);
  TaskList list;
  for (const std::string& word : words) {
    auto chosen = chosen_tasks(kernel, all, word);
    if (!chosen && chosen.error().kind() == ErrorKind::usage) {
      return chosen.error();
    }
    if (!chosen) {
      out.problem(std::move(chosen).error().while_doing("ps"));
      continue;
    }
    list.insert(list.end(), chosen->begin(), chosen->end());
  }
  return list;
}

Result<std::vector<std::uint64_t>> policies(std::string_view list) {
  std::vector<std::uint64_t> found;
  for (std::string_view word : split(list, ',')) {
    auto policy = policy_of(word);
    if (!policy) {
      return Error(ErrorKind::not_found,
                   fmt::format("{}: invalid scheduling policy", word));
    }
    found.push_back(*policy);
  }
  return found;
}

// "0,2-3", "a" or "all".
Result<std::vector<unsigned>> cpu_list(const Kernel& kernel,
                                       std::string_view text) {
  if (text == "a" || text == "all") return scheduled_cpus(kernel);
  return cpu_spec(kernel, text, 0);
}

Result<TaskList> wanted_tasks(const Session& session, const Options& options,
                              report::Sink& out) {
  const Kernel& kernel = session.kernel;
  Filter filter{.kernel = options.has('k'),
                .user = options.has('u'),
                .leaders = options.has('G'),
                .no_idle = options.has('I'),
                .active = options.has('A'),
                .policies = {}};
  if (auto list = options.argument('y')) filter.policies = TRY(policies(*list));
  TaskList candidates;
  if (!options.words().empty()) {
    candidates = TRY(tasks_of_words(kernel, options.words(), out));
  } else if (session.chosen) {
    candidates = *session.chosen;
  } else {
    candidates = all_tasks(kernel, out);
    note_task_differences(kernel, out);
  }
  std::erase_if(candidates, [&](const Object& task) {
    return !passes(kernel, task, filter);
  });
  return candidates;
}

// What contradicts itself, in crash's words.
Result<void> can_be_answered(const Options& options) {
  if (options.has('k') && options.has('u')) {
    return Error(ErrorKind::not_found, "-u and -k are mutually exclusive");
  }
  if (options.has('C') && !options.has('l') && !options.has('m')) {
    return Error(ErrorKind::not_found,
                 "-C option is only applicable with -l and -m");
  }
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "kuGIy:AsYHpcgtlmC:arS"));
  const Kernel& kernel = session.kernel;
  TRY(can_be_answered(options));
  PsStyle style{.has_stack_pointer = options.has('s'),
                .has_priority = options.has('Y'),
                .has_heading = !options.has('H'),
                .cpus = {}};
  if (auto cpus = options.argument('C')) {
    style.is_by_cpu = true;
    style.cpus = TRY(cpu_list(kernel, *cpus));
  }
  TaskList list = TRY(wanted_tasks(session, options, out));
  if (list.empty() && !options.words().empty()) return {};
  using Show = void (*)(const Kernel&, const TaskList&, report::Sink&);
  struct Mode {
    char letter;
    Show show;
  };
  constexpr std::array<Mode, 7> modes = {{{'p', show_ancestors},
                                          {'c', show_children},
                                          {'g', show_threads},
                                          {'t', show_times},
                                          {'a', show_arguments},
                                          {'r', show_limits},
                                          {'S', show_state_counts}}};
  for (const Mode& mode : modes) {
    if (!options.has(mode.letter)) continue;
    mode.show(kernel, list, out);
    return {};
  }
  if (options.has('l') || options.has('m')) {
    show_last_run(kernel, list, options.has('m'), style, out);
  } else {
    show_table(kernel, list, style, out);
  }
  return {};
}

}  // namespace

extern const Command ps_command;
const Command ps_command = {"ps", &help, run};

}  // namespace inquest
