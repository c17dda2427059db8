// SPDX-License-Identifier: GPL-3.0-or-later
// cgroup: control groups and what they count.

#include "kernel/cgroup.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "command/values.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "control groups",
    .synopsis = "[-t] [-c controller] [path | address | pid | task] ...",
    .description =
        "Lists the control groups of each hierarchy, every group before those\n"
        "in it, with the tasks in the group itself, and with those below, the\n"
        "memory in bytes and the number of pids, and their limits. Counters\n"
        "that the group does not have are shown as -. Or shows all that is\n"
        "known of some groups:\n"
        "  path        as in /proc/PID/cgroup, of any hierarchy\n"
        "  address     of a struct cgroup\n"
        "  pid, task   those that the task is in",
    .options =
        {
            {"-t", "the tasks in each group too"},
            {"-c controller",
             "only groups in which this controller is enabled: memory, pids, "
             "cpu, ..."},
        },
    .examples =
        {
            {"All groups with their tasks", "cgroup -t"},
            {"Those that limit memory", "cgroup -c memory"},
            {"All of one group", "cgroup /demo.slice"},
            {"Which groups is task 1 in?", "cgroup 1"},
        },
};

// ---- What we answer ----

struct HierarchyRow {
  CgroupHierarchy hierarchy;
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ' ';
    text += printable(name);
  }
  return text;
}

report::Record to_record(const HierarchyRow& row) {
  const CgroupHierarchy& hierarchy = row.hierarchy;
  return report::Record()
      .with("hierarchy", hierarchy.id)
      .with("root", hierarchy.address)
      .with("version", hierarchy.is_default ? 2U : 1U)
      .with("name", hierarchy.name)
      .with("controllers", report::List(hierarchy.controllers.begin(),
                                        hierarchy.controllers.end()));
}

std::string to_text(const HierarchyRow& row) {
  const CgroupHierarchy& hierarchy = row.hierarchy;
  std::string text =
      fmt::format("HIERARCHY: {}  ROOT: {:x}  VERSION: {}", cell(hierarchy.id),
                  hierarchy.address.value, hierarchy.is_default ? 2 : 1);
  if (!hierarchy.name.empty()) {
    text += fmt::format("  NAME: {}", printable(hierarchy.name));
  }
  if (!hierarchy.controllers.empty()) {
    text += fmt::format("\nCONTROLLERS: {}", joined(hierarchy.controllers));
  }
  return text +
         fmt::format("\n{:>16}  {:>5}  {:>12}  {:>12}  {:>5}  {:>7}  PATH\n",
                     "CGROUP", "TASKS", "MEMORY", "MAX", "PIDS", "MAX");
}

struct Row {
  Cgroup group;
  Result<std::int64_t> hierarchy;
  bool is_whole = false;  // all that is known
  std::vector<TaskHeader> tasks = {};
};

report::Value limit_value(const Result<std::uint64_t>& limit) {
  if (limit && *limit == no_limit) return "max";
  return limit;
}

report::Record to_record(const CgroupMemory& memory) {
  return report::Record()
      .with("current", memory.current)
      .with("peak", memory.peak)
      .with("min", limit_value(memory.min))
      .with("low", limit_value(memory.low))
      .with("high", limit_value(memory.high))
      .with("max", limit_value(memory.max))
      .with("swap", memory.swap)
      .with("swap_max", limit_value(memory.swap_max));
}

report::Record to_record(const CgroupPids& pids) {
  return report::Record()
      .with("current", pids.current)
      .with("peak", pids.peak ? report::Value(*pids.peak) : report::Value())
      .with("max", limit_value(pids.max));
}

report::Record to_record(const Row& row) {
  const Cgroup& group = row.group;
  report::Record record;
  record.add("cgroup", group.address);
  record.add("hierarchy", row.hierarchy);
  record.add("path", group.path);
  record.add("tasks", group.tasks);
  record.add("dying", group.is_dying);
  record.add("controllers",
             report::List(group.controllers.begin(), group.controllers.end()));
  record.add("memory", group.memory ? report::Value(to_record(*group.memory))
                                    : report::Value());
  record.add("pids", group.pids ? report::Value(to_record(*group.pids))
                                : report::Value());
  if (row.tasks.empty()) return record;
  std::vector<report::Record> members;
  for (const TaskHeader& task : row.tasks)
    members.push_back(to_record(task));
  record.add("members", std::move(members));
  return record;
}

std::string limit_text(const Result<std::uint64_t>& limit) {
  return limit && *limit == no_limit ? "max" : cell(limit);
}

std::string table_text(const Cgroup& group) {
  std::string memory = "-", most_memory = "-", pids = "-", most_pids = "-";
  if (group.memory) {
    memory = cell(group.memory->current);
    most_memory = limit_text(group.memory->max);
  }
  if (group.pids) {
    pids = cell(group.pids->current);
    most_pids = limit_text(group.pids->max);
  }
  return fmt::format("{:016x}  {:>5}  {:>12}  {:>12}  {:>5}  {:>7}  {}{}\n",
                     group.address.value, cell(group.tasks), memory,
                     most_memory, pids, most_pids, cell(group.path),
                     group.is_dying ? " (removed)" : "");
}

std::string memory_text(const CgroupMemory& memory) {
  return fmt::format(
      "     MEMORY: {}  PEAK: {}  MIN: {}  LOW: {}  HIGH: {}  MAX: {}\n"
      "       SWAP: {}  MAX: {}\n",
      cell(memory.current), cell(memory.peak), limit_text(memory.min),
      limit_text(memory.low), limit_text(memory.high), limit_text(memory.max),
      cell(memory.swap), limit_text(memory.swap_max));
}

std::string whole_text(const Row& row) {
  const Cgroup& group = row.group;
  std::string text = fmt::format(
      "CGROUP: {:x}  HIERARCHY: {}  PATH: {}{}\n"
      "CONTROLLERS: {}\n"
      "      TASKS: {}\n",
      group.address.value, cell(row.hierarchy), cell(group.path),
      group.is_dying ? " (removed)" : "",
      group.controllers.empty() ? "(none)" : joined(group.controllers),
      cell(group.tasks));
  if (group.memory) text += memory_text(*group.memory);
  if (group.pids) {
    std::string peak =
        group.pids->peak ? fmt::format("  PEAK: {}", *group.pids->peak) : "";
    text +=
        fmt::format("       PIDS: {}{}  MAX: {}\n", cell(group.pids->current),
                    peak, limit_text(group.pids->max));
  }
  return text;
}

std::string to_text(const Row& row) {
  std::string text = row.is_whole ? whole_text(row) : table_text(row.group);
  for (const TaskHeader& task : row.tasks)
    text += "  " + to_text(task);
  return text;
}

// ---- How we find it ----

// What the options ask for.
struct Wish {
  bool has_tasks = false;
  std::string controller;  // "": any
};

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Shows groups, each as the user asked.
class Groups {
 public:
  Groups(const Session& session, const Cgroups& cgroups, const Wish& wish,
         report::Paragraphs& out)
      : session_(session), cgroups_(cgroups), wish_(wish), out_(out) {}

  void show_all();
  Result<void> show_named(const std::string& word);

 private:
  void show(const Object& group, bool is_whole);
  Result<void> show_task(const Object& task);
  // Those of which |is_meant|.
  template <typename IsMeant>
  bool show_those(const IsMeant& is_meant);

  const Session& session_;
  const Cgroups& cgroups_;
  const Wish& wish_;
  report::Paragraphs& out_;
};

void Groups::show(const Object& group, bool is_whole) {
  if (group.fault() != nullptr) {
    out_.problem(Error(*group.fault()).while_doing("cgroup"));
    return;
  }
  const CgroupHierarchy* hierarchy = cgroups_.hierarchy_of(group);
  Row row{.group = cgroups_.record(group),
          .hierarchy = hierarchy != nullptr
                           ? hierarchy->id
                           : Error(ErrorKind::corrupt, "no hierarchy"),
          .is_whole = is_whole};
  if (!wish_.controller.empty() &&
      !has_name(row.group.controllers, wish_.controller)) {
    return;
  }
  if (wish_.has_tasks) {
    for (const Object& task : cgroups_.tasks(group)) {
      if (interrupted()) break;
      if (task.fault() != nullptr) {
        out_.problem(Error(*task.fault()).while_doing("cgroup"));
      } else {
        row.tasks.push_back(task_header(session_.kernel, task));
      }
    }
  }
  if (is_whole) out_.next();
  emit(out_, row);
}

void Groups::show_all() {
  bool is_any = false;
  for (const CgroupHierarchy& hierarchy : cgroups_.hierarchies()) {
    bool is_meant = wish_.controller.empty() ||
                    has_name(hierarchy.controllers, wish_.controller);
    if (!is_meant) continue;
    is_any = true;
    out_.next();
    emit(out_, HierarchyRow{hierarchy});
    for (const Object& group : cgroups_.groups(hierarchy)) {
      if (interrupted()) return;
      show(group, false);
    }
  }
  if (is_any) return;
  out_.problem(
      Error(ErrorKind::not_found,
            fmt::format("cgroup: no controller \"{}\"", wish_.controller)));
}

template <typename IsMeant>
bool Groups::show_those(const IsMeant& is_meant) {
  bool is_any = false;
  for (const CgroupHierarchy& hierarchy : cgroups_.hierarchies()) {
    for (const Object& group : cgroups_.groups(hierarchy)) {
      if (interrupted()) return is_any;
      if (group.fault() != nullptr || !is_meant(group)) continue;
      is_any = true;
      show(group, true);
    }
  }
  return is_any;
}

Result<void> Groups::show_task(const Object& task) {
  out_.next();
  emit(out_, task_header(session_.kernel, task));
  for (const Object& group : cgroups_.groups_of(task))
    show(group, true);
  return {};
}

Result<void> Groups::show_named(const std::string& word) {
  bool is_any = false;
  if (word.starts_with('/')) {
    is_any = show_those([&](const Object& group) {
      return cgroup_path(group).value_or("") == word;
    });
  } else if (auto task = named_task(session_.kernel, word)) {
    return show_task(*task);
  } else if (auto address = start_address(session_, word)) {
    is_any = show_those(
        [&](const Object& group) { return group.address() == *address; });
  }
  if (is_any) return {};
  return Error(ErrorKind::not_found,
               fmt::format("cgroup: {}: no such group or task", word));
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "tc:"));
  Cgroups cgroups = TRY(Cgroups::open(session.kernel));
  if (cgroups.incomplete()) {
    out.problem(Error(*cgroups.incomplete()).while_doing("cgroup"));
  }
  Wish wish{options.has('t'), std::string(options.argument('c').value_or(""))};
  report::Paragraphs paragraphs(out);
  Groups groups(session, cgroups, wish, paragraphs);
  if (options.words().empty()) groups.show_all();
  for (const std::string& word : options.words()) {
    auto shown = groups.show_named(word);
    if (!shown) out.problem(shown.error());
  }
  return {};
}

}  // namespace

extern const Command cgroup_command;
const Command cgroup_command = {"cgroup", &help, run};

}  // namespace inquest
