// SPDX-License-Identifier: GPL-3.0-or-later
// timer: what waits for which time.

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/code.h"
#include "command/columns.h"
#include "command/cpu_list.h"
#include "command/options.h"
#include "kernel/task.h"
#include "kernel/timers.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "timers",
    .synopsis = "[-r] [-C cpu]",
    .description =
        "Lists the timers of each CPU in the order in which they expire: "
        "when,\n"
        "in how many ticks (TTE; negative when that is past), where the timer\n"
        "lies, and the function that it calls. High-resolution timers (-r)\n"
        "count nanoseconds of their clock; CURRENT is that clock at the last\n"
        "tick.",
    .options =
        {
            {"-r", "the high-resolution timers, by clock"},
            {"-C cpu", R"(only these CPUs: "1,3-5", "a" for all)"},
        },
    .examples =
        {
            {"What will CPU 0 do next?", "timer -C 0"},
            {"The same for high-resolution timers", "timer -r -C 0"},
        },
};

// ---- What we answer ----

constexpr std::size_t address_width = 16;

struct JiffiesRow {
  std::uint64_t jiffies = 0;
};

report::Record to_record(const JiffiesRow& row) {
  return report::Record().with("jiffies", row.jiffies);
}

std::string to_text(const JiffiesRow& row) {
  return fmt::format("{:<10}\n{}\n", "JIFFIES", row.jiffies);
}

// When a timer of the wheel expires, and its function.
struct WheelCell {
  WheelTimer timer;
  std::string symbol;
};

struct WheelRow {
  unsigned cpu = 0;
  std::uint64_t jiffies = 0;
  WheelBase base;
  std::vector<WheelCell> cells;
};

std::int64_t ticks_left(const WheelRow& row, const WheelCell& cell) {
  return static_cast<std::int64_t>(cell.timer.expires - row.jiffies);
}

report::Record to_record(const WheelRow& row) {
  std::vector<report::Record> timers;
  for (const WheelCell& cell : row.cells) {
    timers.push_back(report::Record()
                         .with("timer", cell.timer.at)
                         .with("expires", cell.timer.expires)
                         .with("tte", ticks_left(row, cell))
                         .with("function", cell.timer.function)
                         .with("symbol", cell.symbol));
  }
  return report::Record()
      .with("cpu", row.cpu)
      .with("base", row.base.name)
      .with("address", row.base.at)
      .with("timers", std::move(timers));
}

// One place more than the largest number has, unless that is for a sign.
std::size_t ticks_width(const WheelRow& row) {
  std::size_t width = 3;
  for (const WheelCell& cell : row.cells) {
    std::string text = fmt::to_string(ticks_left(row, cell));
    width = std::max(width, text.size() + (text.front() == '-' ? 0 : 1));
  }
  return width;
}

std::string to_text(const WheelRow& row) {
  std::string text = fmt::format("TIMER_BASES[{}][{}]: {:x}\n", row.cpu,
                                 row.base.name, row.base.at.value);
  if (row.cells.empty()) return text + "  (none)\n";
  std::size_t expires_width = 10, width = ticks_width(row);
  for (const WheelCell& cell : row.cells) {
    expires_width =
        std::max(expires_width, fmt::to_string(cell.timer.expires).size());
  }
  text += fmt::format("  {:<{}}     {:<{}}  {}  FUNCTION\n", "EXPIRES",
                      expires_width, "TTE", width,
                      centred("TIMER_LIST", address_width));
  for (const WheelCell& cell : row.cells) {
    text += fmt::format("  {:>{}}  {:>{}}  {:<{}x}  {:x}  <{}>\n",
                        cell.timer.expires, expires_width,
                        ticks_left(row, cell), width, cell.timer.at.value,
                        address_width, cell.timer.function.value, cell.symbol);
  }
  return text;
}

struct HrtimerCell {
  Hrtimer timer;
  std::string symbol;
};

struct ClockRow {
  unsigned cpu = 0;
  Address cpu_base;
  std::size_t index = 0;
  HrtimerClock clock;
  std::vector<HrtimerCell> cells;
};

Result<std::int64_t> time_left(const ClockRow& row, const Hrtimer& timer) {
  std::int64_t now = TRY(row.clock.now);
  std::int64_t expires = TRY(timer.expires);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(expires) -
                                   static_cast<std::uint64_t>(now));
}

report::Record to_record(const ClockRow& row) {
  std::vector<report::Record> timers;
  for (const HrtimerCell& cell : row.cells) {
    timers.push_back(report::Record()
                         .with("timer", cell.timer.at)
                         .with("softexpires", cell.timer.soft_expires)
                         .with("expires", cell.timer.expires)
                         .with("tte", time_left(row, cell.timer))
                         .with("function", cell.timer.function)
                         .with("symbol", cell.symbol));
  }
  return report::Record()
      .with("cpu", row.cpu)
      .with("cpu_base", row.cpu_base)
      .with("index", std::uint64_t{row.index})
      .with("address", row.clock.at)
      .with("clock", row.clock.clock)
      .with("current", row.clock.now)
      .with("timers", std::move(timers));
}

struct HrtimerTexts {
  std::string soft_expires, expires, left;
};

std::string table_text(const ClockRow& row) {
  std::string now = cell(row.clock.now);
  std::size_t time_width = std::string_view("SOFTEXPIRES").size();
  time_width = std::max(time_width, now.size());
  std::size_t left_width = 3;
  std::vector<HrtimerTexts> texts;
  for (const HrtimerCell& one : row.cells) {
    texts.push_back({cell(one.timer.soft_expires), cell(one.timer.expires),
                     cell(time_left(row, one.timer))});
    time_width = std::max({time_width, texts.back().soft_expires.size(),
                           texts.back().expires.size()});
    left_width = std::max(left_width, texts.back().left.size());
  }
  std::string text =
      fmt::format("  {}\n  {}\n", centred_right("CURRENT", time_width),
                  centred_right(now, time_width));
  text += fmt::format(
      "  {}  {}  {}  {}  {}\n", centred_right("SOFTEXPIRES", time_width),
      centred_right("EXPIRES", time_width), centred_right("TTE", left_width),
      centred("HRTIMER", address_width), centred("FUNCTION", address_width));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const HrtimerCell& one = row.cells[i];
    text += fmt::format("  {}  {}  {:>{}}  {:<{}x}  {}  <{}>\n",
                        centred_right(texts[i].soft_expires, time_width),
                        centred_right(texts[i].expires, time_width),
                        texts[i].left, left_width, one.timer.at.value,
                        address_width, cell(one.timer.function), one.symbol);
  }
  return text;
}

std::string to_text(const ClockRow& row) {
  std::string text;
  if (row.index == 0) {
    text += fmt::format("CPU: {}  HRTIMER_CPU_BASE: {:x}\n", row.cpu,
                        row.cpu_base.value);
  }
  text +=
      fmt::format("  CLOCK: {}  HRTIMER_CLOCK_BASE: {:x}  [{}]\n", row.index,
                  row.clock.at.value, printable(row.clock.clock));
  return text + (row.cells.empty() ? "  (empty)\n" : table_text(row));
}

// ---- How we find it ----

void show_faults(const Faults& faults, report::Sink& out) {
  for (const Error& fault : faults)
    out.problem(Error(fault).while_doing("timer"));
}

Result<void> show_wheels(const Kernel& kernel,
                         const std::vector<unsigned>& cpus, report::Sink& out) {
  std::uint64_t now = TRY(jiffies(kernel));
  emit(out, JiffiesRow{now});
  for (unsigned cpu : cpus) {
    if (interrupted()) break;
    auto wheels = TRY(timer_wheels(kernel, cpu));
    out.layout("\n");
    for (WheelBase& base : wheels) {
      WheelRow row{cpu, now, std::move(base), {}};
      for (const WheelTimer& timer : row.base.timers)
        row.cells.push_back({timer, place_text(kernel, timer.function)});
      emit(out, row);
      show_faults(row.base.faults, out);
    }
  }
  return {};
}

void show_clocks(const Kernel& kernel, unsigned cpu, HrtimerCpu found,
                 report::Sink& out) {
  for (std::size_t i = 0; i < found.clocks.size(); ++i) {
    ClockRow row{cpu, found.at, i, std::move(found.clocks[i]), {}};
    for (const Hrtimer& timer : row.clock.timers) {
      std::string symbol =
          timer.function ? place_text(kernel, *timer.function) : "";
      row.cells.push_back({timer, std::move(symbol)});
    }
    if (i != 0) out.layout("\n");
    emit(out, row);
    show_faults(row.clock.faults, out);
  }
}

Result<void> show_hrtimers(const Kernel& kernel,
                           const std::vector<unsigned>& cpus,
                           report::Sink& out) {
  bool is_first = true;
  for (unsigned cpu : cpus) {
    if (interrupted()) break;
    HrtimerCpu found = TRY(hrtimers(kernel, cpu));
    if (!is_first) out.layout("\n");
    is_first = false;
    show_clocks(kernel, cpu, std::move(found), out);
  }
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "rC:"));
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  std::vector<unsigned> cpus = TRY(chosen_cpus(kernel, options.argument('C')));
  return options.has('r') ? show_hrtimers(kernel, cpus, out)
                          : show_wheels(kernel, cpus, out);
}

}  // namespace

extern const Command timer_command;
const Command timer_command = {"timer", &help, run};

}  // namespace inquest
