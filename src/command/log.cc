// SPDX-License-Identifier: GPL-3.0-or-later
// log: what printk wrote.

#include "kernel/log.h"

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/options.h"
#include "kernel/audit.h"
#include "kernel/clock.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "kernel log",
    .synopsis = "[-Ttdmcas] [-R]",
    .description =
        "Shows the kernel's log from the oldest message to the newest. Lines\n"
        "of one message line up behind its time stamp.",
    .options =
        {
            {"-T",
             "date and time instead of seconds since boot; the log's "
             "clock may have drifted from the wall clock"},
            {"-t", "no time stamps"},
            {"-d", "also the properties of messages about devices"},
            {"-m", "the level of each message, 0 (emergency) to 7 (debug)"},
            {"-c", "the thread (T) or CPU (C) that wrote each message"},
            {"-a", "audit records that no daemon has fetched"},
            {"-s", "what printk's safe per-CPU buffers still hold"},
            {"-R", "accepted: names are shown as they were logged"},
        },
    .examples =
        {
            {"Show the log with the level of each message", "log -m"},
            {"Show the log with dates", "log -T"},
        },
};

// ---- What we answer ----

struct Style {
  bool has_time = true;
  std::optional<std::int64_t> boot;  // dates: when the log's clock was 0
  bool has_level = false;
  bool has_caller = false;
  bool has_properties = false;
};

struct Row {
  LogRecord record;
  Style style;
};

std::optional<std::string> date(const Row& row) {
  constexpr std::uint64_t second = 1'000'000'000;
  if (!row.style.boot || !row.record.nanoseconds) return std::nullopt;
  return date_text(*row.style.boot +
                   static_cast<std::int64_t>(*row.record.nanoseconds / second));
}

std::string prefix(const Row& row) {
  const LogRecord& record = row.record;
  std::string text;
  if (auto when = date(row); when && row.style.has_time) {
    text = fmt::format("[{}] ", *when);
  } else if (row.style.has_time && record.nanoseconds) {
    text = fmt::format("[{:5}.{:06}] ", *record.nanoseconds / 1'000'000'000,
                       *record.nanoseconds / 1000 % 1'000'000);
  }
  if (row.style.has_caller && record.caller) {
    text += fmt::format("[{:>6}] ", *record.caller);
  }
  if (row.style.has_level && record.level) {
    text += fmt::format("<{:x}>", *record.level);
  }
  return text;
}

std::string to_text(const Row& row) {
  std::string text = prefix(row);
  std::string indent(text.size(), ' ');
  bool is_first = true;
  for (std::string_view line : split(row.record.text, '\n')) {
    if (!is_first) text += indent;
    text += printable(line) + '\n';
    is_first = false;
  }
  if (row.style.has_properties) {
    for (const std::string& property : row.record.properties)
      text += indent + printable(property) + '\n';
  }
  return text;
}

template <typename T>
report::Value to_value(const std::optional<T>& value) {
  return value ? report::Value(*value) : report::Value();
}

report::Record to_record(const Row& row) {
  const LogRecord& from = row.record;
  report::Record record;
  record.add("sequence", to_value(from.sequence));
  record.add("nanoseconds", to_value(from.nanoseconds));
  if (auto when = date(row)) record.add("date", *when);
  record.add("level", to_value(from.level));
  record.add("facility", to_value(from.facility));
  record.add("caller", to_value(from.caller));
  record.add("text", from.text);
  report::List properties(from.properties.begin(), from.properties.end());
  record.add("properties", std::move(properties));
  return record;
}

struct AuditRow : AuditRecord {};

report::Record to_record(const AuditRow& row) {
  return report::Record().with("type", row.type).with("text", row.text);
}

std::string to_text(const AuditRow& row) {
  return fmt::format("type={} {}\n", row.type, printable(row.text));
}

struct SafeRow : SafeBuffer {};

report::Record to_record(const SafeRow& row) {
  return report::Record()
      .with("name", row.name)
      .with("cpu", row.cpu)
      .with("address", row.address)
      .with("length", row.length)
      .with("lost", row.lost)
      .with("text", row.text);
}

std::string to_text(const SafeRow& row) {
  std::string text = fmt::format(
      "PRINTK_SAFE_SEQ_BUF: {}\nCPU: {}  ADDR: {:x} LEN: {}  MESSAGE_LOST: "
      "{}\n",
      row.name, row.cpu, row.address.value, row.length, row.lost);
  if (row.text.empty()) return text + "  (empty)\n";
  for (std::string_view line : lines(row.text))
    text += "  " + printable(line) + '\n';
  return text;
}

// ---- How we find it ----

// Many unreadable records have one cause: it is told once.
class Unreadable {
 public:
  explicit Unreadable(report::Sink& out) : out_(out) {}
  void add(const Error& error) {
    if (count_++ == 0) out_.problem(Error(error).while_doing("log"));
  }
  void finish() {
    if (count_ < 2) return;
    out_.problem(
        Error(ErrorKind::fault,
              fmt::format("{} more records could not be read", count_ - 1)));
  }

 private:
  report::Sink& out_;
  unsigned count_ = 0;
};

Result<void> show_log(const Kernel& kernel, const Style& style,
                      report::Sink& out) {
  Unreadable unreadable(out);
  for (const Result<LogRecord>& record : log_records(kernel)) {
    if (interrupted()) break;
    if (record) {
      emit(out, Row{*record, style});
    } else {
      unreadable.add(record.error());
    }
  }
  unreadable.finish();
  return {};
}

Result<void> show_audit(const Kernel& kernel, report::Sink& out) {
  auto records = TRY(audit_records(kernel));
  if (records.empty()) {
    return Error(ErrorKind::not_found, "kernel audit log is empty");
  }
  Unreadable unreadable(out);
  for (const auto& record : records) {
    if (record) {
      emit(out, AuditRow{*record});
    } else {
      unreadable.add(record.error());
    }
  }
  unreadable.finish();
  return {};
}

Result<void> show_safe_buffers(const Kernel& kernel, report::Sink& out) {
  Unreadable unreadable(out);
  for (const auto& buffer : TRY(safe_buffers(kernel))) {
    if (buffer) {
      emit(out, SafeRow{*buffer});
    } else {
      unreadable.add(buffer.error());
    }
  }
  unreadable.finish();
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "TtdmcasR"));
  const Kernel& kernel = session.kernel;
  if (options.has('a')) return show_audit(kernel, out);
  if (options.has('s')) return show_safe_buffers(kernel, out);
  Style style = {.has_time = !options.has('t'),
                 .boot = std::nullopt,
                 .has_level = options.has('m'),
                 .has_caller = options.has('c'),
                 .has_properties = options.has('d')};
  if (options.has('T')) style.boot = TRY(boot_time(kernel));
  return show_log(kernel, style, out);
}

}  // namespace

extern const Command log_command;
const Command log_command = {"log", &help, run};

}  // namespace inquest
