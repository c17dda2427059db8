// SPDX-License-Identifier: GPL-3.0-or-later
// task: a task's task_struct and thread_info.

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "command/context.h"
#include "command/options.h"
#include "command/structure_row.h"
#include "command/values.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "task_struct and thread_info contents",
    .synopsis = "[-R member[,member]] [-dx] [pid | task | member] ...",
    .description =
        "Shows the task_struct and the thread_info of the tasks, or only the\n"
        "members asked for, with -R or by their names alone. A member may lie\n"
        "deeper: sched_info.run_delay, comm[3].",
    .options =
        {
            {"-R member[,member]",
             "these members only, of whichever of the two has them"},
            {"-x", "integers in hexadecimal"},
            {"-d", "integers in decimal"},
        },
    .examples =
        {
            {"Show the name and state of process 1", "task -R comm,__state 1"},
            {"Show all of the current task in hexadecimal", "task -x"},
        },
};

// ---- What we answer ----

struct TaskRow {
  TaskHeader header;
  // task_struct and thread_info: whole, or with the members they have.
  std::vector<InstanceRow> structures;
  std::string text;
};

report::Record to_record(const TaskRow& row) {
  report::Record record = to_record(row.header);
  for (const InstanceRow& structure : row.structures) {
    report::Record values = to_record(structure);
    record.add(structure.value.type().name, *values.find("value"));
  }
  return record;
}

std::string to_text(const TaskRow& row) {
  return to_text(row.header) + row.text;
}

// ---- How we find it ----

// A member that lies deeper is shown as a value of its own.
bool is_deeper(std::string_view member) {
  return member.find_first_of(".[") != std::string_view::npos;
}

class Tasks {
 public:
  Tasks(const Session& session, const Options& options)
      : kernel_(session.kernel),
        style_(value_style(session, options.radix("xh"))) {
    add_members(options.argument('R').value_or(""));
  }

  // |list| as in -R.
  void add_members(std::string_view list) {
    for (std::string_view member : split(list, ',')) {
      if (!member.empty()) members_.emplace_back(member);
    }
  }
  bool are_members(std::string_view list) const {
    return std::ranges::all_of(split(list, ','), [&](std::string_view name) {
      return is_member(name);
    });
  }
  bool is_member(std::string_view name) const {
    return kernel_.has_member("task_struct", name) ||
           kernel_.has_member("thread_info", name);
  }
  // Members that neither structure has.
  std::vector<std::string> unknown() const;

  Result<TaskRow> row(const Object& task) const;

 private:
  Result<void> add_whole(TaskRow& row, const Object& object) const;
  Result<void> add_member(TaskRow& row, const std::string& name) const;

  const Kernel& kernel_;
  ValueStyle style_;
  std::vector<std::string> members_;
};

std::vector<std::string> Tasks::unknown() const {
  std::vector<std::string> names;
  for (const std::string& member : members_) {
    if (!is_member(member)) names.push_back(member);
  }
  return names;
}

Result<void> Tasks::add_whole(TaskRow& row, const Object& object) const {
  InstanceRow whole = TRY(whole_instance(object, style_));
  row.text += (row.text.empty() ? "" : "\n") + whole.text;
  row.structures.push_back(std::move(whole));
  return {};
}

// |name| of each structure that has such a member.
Result<void> Tasks::add_member(TaskRow& row, const std::string& name) const {
  MemberStyle style{.value = style_, .is_direct = is_deeper(name)};
  for (InstanceRow& structure : row.structures) {
    if (!structure.value.has_member(name)) continue;
    InstanceParts parts = instance_members(structure.value, {name}, style);
    if (!parts.missing.empty()) return parts.missing.front();
    row.text += parts.row.text;
    structure.members.insert(structure.members.end(), parts.row.members.begin(),
                             parts.row.members.end());
  }
  return {};
}

Result<TaskRow> Tasks::row(const Object& task) const {
  TaskRow row{
      .header = task_header(kernel_, task), .structures = {}, .text = ""};
  Object info = kernel_.object("thread_info", TRY(task_thread_info(task)));
  if (members_.empty()) {
    TRY(add_whole(row, task));
    TRY(add_whole(row, info));
    return row;
  }
  for (const Object& object : {task, info}) {
    row.structures.push_back({.cpu = std::nullopt,
                              .type = "",
                              .value = object,
                              .members = {},
                              .text = ""});
  }
  for (const std::string& member : members_)
    TRY(add_member(row, member));
  std::erase_if(row.structures, [](const InstanceRow& structure) {
    return structure.members.empty();
  });
  return row;
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "R:xdh"));
  Tasks tasks(session, options);
  std::vector<std::string> named;
  for (const std::string& word : options.words()) {
    if (tasks.are_members(word) && !named_tasks(session.kernel, word)) {
      tasks.add_members(word);
    } else {
      named.push_back(word);
    }
  }
  // Kernels differ and scripts name the members of all: the rest is shown.
  for (const std::string& name : tasks.unknown()) {
    out.note(fmt::format(
        "task: neither task_struct nor thread_info has a member {}", name));
  }
  return for_tasks(session, "task", named, out,
                   [&](const Object& task, report::Sink& sink) -> Result<void> {
                     emit(sink, TRY(tasks.row(task)));
                     return {};
                   });
}

}  // namespace

extern const Command task_command;
const Command task_command = {"task", &help, run};

}  // namespace inquest
