// SPDX-License-Identifier: GPL-3.0-or-later
// ps: times, command lines, limits.

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "command/ps_rows.h"
#include "kernel/user_memory.h"

namespace inquest {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::string day_text(std::uint64_t nanoseconds) {
  std::uint64_t seconds = nanoseconds / second;
  std::uint64_t days = seconds / 86400;
  std::string clock = fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24,
                                  seconds / 60 % 60, seconds % 60);
  return days == 0 ? clock : fmt::format("{} days, {}", days, clock);
}

struct TimeRow {
  TaskHeader header;
  Result<std::uint64_t> run, start, user, system;
};

report::Record to_record(const TimeRow& row) {
  report::Record record = to_record(row.header);
  record.add("run_ns", row.run);
  record.add("start_ns", row.start);
  record.add("utime", row.user);
  record.add("stime", row.system);
  return record;
}

std::string to_text(const TimeRow& row) {
  auto number = [](std::uint64_t value) { return fmt::to_string(value); };
  return to_text(row.header) + fmt::format(
                                   "    RUN TIME: {}\n  START TIME: {}\n"
                                   "       UTIME: {}\n       STIME: {}\n\n",
                                   report::cell_text(row.run, day_text),
                                   report::cell_text(row.start, number),
                                   report::cell_text(row.user, number),
                                   report::cell_text(row.system, number));
}

// ns since boot, a timespec before 3.17 (commit ccbf62d8a284).
Result<std::uint64_t> start_time(const Object& task) {
  Object start = task["start_time"];
  if (!start.has_member("tv_sec")) return start.to_unsigned();
  std::uint64_t seconds = TRY(start["tv_sec"].to_unsigned());
  return seconds * second + TRY(start["tv_nsec"].to_unsigned());
}

struct LastRunRow {
  TaskHeader header;
  std::string state;
  Result<std::uint64_t> when;
  Result<std::uint64_t> ago;
  bool is_relative = false;
  std::size_t width = 0;
};

report::Record to_record(const LastRunRow& row) {
  report::Record record;
  record.add("last_run", row.when);
  record.add("ns_ago", row.ago);
  record.add("state", row.state);
  report::Record header = to_record(row.header);
  for (const auto& [name, value] : header.values())
    record.add(name, value);
  return record;
}

std::string to_text(const LastRunRow& row) {
  std::string when =
      row.is_relative
          ? report::cell_text(row.ago,
                              [&](std::uint64_t value) {
                                return elapsed_text(value, row.width);
                              })
          : report::cell_text(row.when, [&](std::uint64_t value) {
              return fmt::format("{:>{}}", value, row.width);
            });
  return fmt::format("[{}] [{}]  {}", when, row.state, to_text(row.header));
}

LastRunRow last_run_row(const Kernel& kernel, const Object& task) {
  auto state = task_state(kernel, task);
  LastRunRow row{.header = task_header(kernel, task),
                 .state = state ? std::string(state->abbreviation()) : "??",
                 .when = task_last_run(task),
                 .ago = std::uint64_t{0}};
  if (!row.header.cpu) {
    row.ago = row.header.cpu.error();
    return row;
  }
  auto clock = run_queue_clock(kernel, *row.header.cpu);
  if (!clock || !row.when) {
    row.ago = clock ? row.when : clock;
  } else {
    row.ago = *clock > *row.when ? *clock - *row.when : 0;
  }
  return row;
}

void emit_last_runs(std::vector<LastRunRow> rows, bool is_relative,
                    report::Sink& out) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const LastRunRow& left, const LastRunRow& right) {
                     return left.when.value_or(0) > right.when.value_or(0);
                   });
  std::size_t width = 1;
  for (const LastRunRow& row : rows) {
    std::uint64_t widest = is_relative ? row.ago.value_or(0) / second / 86400
                                       : row.when.value_or(0);
    width = std::max(width, fmt::formatted_size("{}", widest));
  }
  for (LastRunRow& row : rows) {
    row.is_relative = is_relative;
    row.width = width;
    emit(out, row);
  }
}

struct ArgumentRow {
  TaskHeader header;
  bool is_user = true;
  Result<std::vector<std::string>> arguments;
  Result<std::vector<std::string>> environment;
};

report::Value to_value(const Result<std::vector<std::string>>& strings) {
  if (!strings) return strings.error();
  return report::List(strings->begin(), strings->end());
}

report::Record to_record(const ArgumentRow& row) {
  report::Record record = to_record(row.header);
  if (!row.is_user) return record;
  record.add("arguments", to_value(row.arguments));
  record.add("environment", to_value(row.environment));
  return record;
}

std::string to_text(const ArgumentRow& row) {
  std::string text = to_text(row.header);
  if (!row.is_user) return text + "(no user stack)\n\n";
  auto joined = [](const std::vector<std::string>& strings,
                   std::string_view separator) {
    std::string all;
    for (const std::string& each : strings) {
      if (!all.empty()) all += separator;
      all += printable(each);
    }
    return all;
  };
  text += "ARG: " + report::cell_text(row.arguments, [&](const auto& strings) {
            return joined(strings, " ");
          });
  text += "\nENV: ";
  text += report::cell_text(row.environment, [&](const auto& strings) {
    return joined(strings, "\n     ");
  });
  return text + "\n\n";
}

// The strings between two addresses of a process, which are at most a stack
// apart.
Result<std::vector<std::string>> strings_between(const AddressSpace& space,
                                                 const Object& start,
                                                 const Object& end) {
  constexpr std::uint64_t largest = std::uint64_t{8} << 20;
  Address first{TRY(start.to_unsigned())};
  Address last{TRY(end.to_unsigned())};
  if (last < first || last - first > largest) {
    return Error(ErrorKind::corrupt, "impossible place of strings");
  }
  auto bytes = TRY(space.bytes(first, last - first));
  std::vector<std::string> strings;
  std::string_view text = as_text(bytes);
  while (!text.empty()) {
    std::size_t nul = std::min(text.find('\0'), text.size());
    strings.emplace_back(text.substr(0, nul));
    text.remove_prefix(std::min(nul + 1, text.size()));
  }
  return strings;
}

ArgumentRow argument_row(const Kernel& kernel, const Object& task) {
  ArgumentRow row{.header = task_header(kernel, task),
                  .arguments = std::vector<std::string>(),
                  .environment = std::vector<std::string>()};
  auto mm_at = task_mm(task);
  if (!mm_at || mm_at->value == 0) {
    row.is_user = false;
    return row;
  }
  Object mm = task["mm"].dereference();
  auto space = UserMemory::open(kernel, mm);
  if (!space) {
    row.arguments = space.error();
    row.environment = space.error();
    return row;
  }
  row.arguments = strings_between(*space, mm["arg_start"], mm["arg_end"]);
  row.environment = strings_between(*space, mm["env_start"], mm["env_end"]);
  return row;
}

struct Limit {
  std::string_view name;
  Result<std::uint64_t> current, maximum;
};

struct LimitRow {
  TaskHeader header;
  std::vector<Limit> limits;
};

report::Record to_record(const LimitRow& row) {
  report::Record record = to_record(row.header);
  std::vector<report::Record> limits;
  for (const Limit& limit : row.limits) {
    limits.push_back(report::Record()
                         .with("name", limit.name)
                         .with("current", limit.current)
                         .with("maximum", limit.maximum));
  }
  record.add("limits", std::move(limits));
  return record;
}

std::string limit_text(const Result<std::uint64_t>& limit) {
  return report::cell_text(limit, [](std::uint64_t value) {
    return value == ~std::uint64_t{0} ? "(unlimited)" : fmt::to_string(value);
  });
}

std::string to_text(const LimitRow& row) {
  std::string text = to_text(row.header);
  auto line = [&](std::string_view name, std::string_view current,
                  std::string_view maximum) {
    text += fmt::format("{:>12}   {:^11}   {:^11}\n", name, current, maximum);
  };
  line("RLIMIT", "CURRENT", "MAXIMUM");
  for (const Limit& limit : row.limits) {
    line(limit.name, limit_text(limit.current), limit_text(limit.maximum));
  }
  return text + '\n';
}

}  // namespace

void show_times(const Kernel& kernel, const TaskList& list, report::Sink& out) {
  for (const Object& task : list) {
    TimeRow row{.header = task_header(kernel, task),
                .run = std::uint64_t{0},
                .start = start_time(task),
                .user = task["utime"].to_unsigned(),
                .system = task["stime"].to_unsigned()};
    auto clock = run_queue_clock(kernel, row.header.cpu.value_or(0));
    if (!clock || !row.start) {
      row.run = clock ? row.start : clock;
    } else {
      row.run = *clock > *row.start ? *clock - *row.start : 0;
    }
    emit(out, row);
  }
}

void show_last_run(const Kernel& kernel, const TaskList& list, bool is_relative,
                   const PsStyle& style, report::Sink& out) {
  std::vector<LastRunRow> rows;
  rows.reserve(list.size());
  for (const Object& task : list)
    rows.push_back(last_run_row(kernel, task));
  if (!style.is_by_cpu)
    return emit_last_runs(std::move(rows), is_relative, out);
  bool is_first = true;
  for (unsigned cpu : style.cpus) {
    std::vector<LastRunRow> of_cpu;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(of_cpu),
                 [cpu](const LastRunRow& row) {
                   return row.header.cpu && *row.header.cpu == cpu;
                 });
    out.layout(fmt::format("{}CPU: {}\n", is_first ? "" : "\n", cpu));
    is_first = false;
    emit_last_runs(std::move(of_cpu), is_relative, out);
  }
}

void show_arguments(const Kernel& kernel, const TaskList& list,
                    report::Sink& out) {
  for (const Object& task : list)
    emit(out, argument_row(kernel, task));
}

// The order of include/uapi/asm-generic/resource.h.
void show_limits(const Kernel& kernel, const TaskList& list,
                 report::Sink& out) {
  constexpr std::array<std::string_view, 16> names = {
      "CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
      "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
      "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME"};
  for (const Object& task : list) {
    LimitRow row{.header = task_header(kernel, task), .limits = {}};
    Object limits = task["signal"]["rlim"];
    for (std::size_t i = 0; i < names.size(); ++i) {
      row.limits.push_back({names.at(i), limits.at(i)["rlim_cur"].to_unsigned(),
                            limits.at(i)["rlim_max"].to_unsigned()});
    }
    emit(out, row);
  }
}

}  // namespace inquest
