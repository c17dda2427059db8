// SPDX-License-Identifier: GPL-3.0-or-later
// waitq: the tasks that sleep on a wait queue.

#include <fmt/format.h>

#include "base/text.h"
#include "command/code.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/object_word.h"
#include "command/options.h"
#include "kernel/wait_queue.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "tasks on a wait queue",
    .synopsis = "[ symbol ] | [ struct.member struct_addr ] | [ address ]",
    .description =
        "Lists the tasks that sleep on a wait queue (wait_queue_head_t), a\n"
        "simple one (swait_queue_head), or a completion. Entries that wake no\n"
        "task by themselves, such as those of epoll, are shown with the\n"
        "function that they call.\n"
        "  symbol              a variable, or a member of one\n"
        "  struct.member addr  a member of the structure at addr\n"
        "  address             a wait_queue_head_t",
    .options = {},
    .examples =
        {
            {"Who waits for the log?", "waitq log_wait"},
            {"Who waits for the child processes of task 1?",
             "waitq signal_struct.wait_chldexit (&init_signals)"},
        },
};

// ---- What we answer ----

struct Row {
  Address entry;
  std::optional<TaskHeader> task;
  Result<Address> function;
  std::string symbol;
};

report::Record to_record(const Row& row) {
  return report::Record()
      .with("entry", row.entry)
      .with("task",
            row.task ? report::Value(to_record(*row.task)) : report::Value())
      .with("function", row.function)
      .with("symbol", row.symbol);
}

std::string to_text(const Row& row) {
  if (row.task) return to_text(*row.task);
  std::string function = cell(row.function);
  return fmt::format("(no task)  WAIT_QUEUE_ENTRY: {:x}  FUNC: {}  <{}>\n",
                     row.entry.value, function, row.symbol);
}

struct EmptyRow {
  std::string name;  // "" where an address was given
  Address at;
};

report::Record to_record(const EmptyRow& row) {
  return report::Record().with("wait_queue", row.at).with("empty", true);
}

std::string to_text(const EmptyRow& row) {
  if (row.name.empty()) {
    return fmt::format("wait queue {:x} is empty\n", row.at.value);
  }
  return fmt::format("wait queue \"{}\" ({:x}) is empty\n", row.name,
                     row.at.value);
}

struct MissingRow {
  std::string name;  // of a structure that was named without an address
};

report::Record to_record(const MissingRow& row) {
  return report::Record().with("missing", "address").with("of", row.name);
}

std::string to_text(const MissingRow& row) {
  return fmt::format("must supply an address for {}\n", printable(row.name));
}

// ---- How we find it ----

Result<NamedObject> queue_named(const Session& session,
                                const std::vector<std::string>& words) {
  NamedObject named = TRY(named_object(session, words));
  if (!named.object) named.object = wait_queue_head(session.kernel, named.at);
  return named;
}

// Says what is no wait queue. Scripts know crash's answer to "struct.member"
// alone.
Result<void> refuse(const std::vector<std::string>& words, const Error& error,
                    report::Sink& out) {
  const std::string& word = words.front();
  std::size_t dot = word.find('.');
  if (words.size() == 1 && dot != std::string::npos && !word.starts_with('(')) {
    emit(out, MissingRow{word.substr(0, dot)});
  }
  return Error(error.kind(), fmt::format("{}: {}", word, error.message()));
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, ""));
  if (options.words().empty() || options.words().size() > 2) {
    return Error(ErrorKind::usage, "");
  }
  const Kernel& kernel = session.kernel;
  NamedObject named = TRY(queue_named(session, options.words()));
  auto queue = wait_queue(kernel, *named.object);
  if (!queue) return refuse(options.words(), queue.error(), out);
  for (const Waiter& waiter : queue->waiters) {
    Row row{waiter.entry, std::nullopt, waiter.function, ""};
    if (waiter.task) row.task = task_header(kernel, *waiter.task);
    if (waiter.function) row.symbol = place_text(kernel, *waiter.function);
    emit(out, row);
  }
  if (queue->fault) {
    out.problem(Error(*queue->fault).while_doing("waitq"));
  } else if (queue->waiters.empty()) {
    emit(out, EmptyRow{named.name, queue->at});
  }
  return {};
}

}  // namespace

extern const Command waitq_command;
const Command waitq_command = {"waitq", &help, run};

}  // namespace inquest
