// SPDX-License-Identifier: GPL-3.0-or-later
// fuser: the tasks that use a file.

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "kernel/file_users.h"
#include "kernel/task_table.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "the tasks that use a file",
    .synopsis = "path | inode ...",
    .description =
        "Shows which tasks use the file with this full path, or with this\n"
        "inode, and how: as root or working directory (root, cwd), open (fd),\n"
        "mapped into memory (mmap), or locked for a client of NFS (lockd).",
    .options = {},
    .examples =
        {
            {"Who uses the root directory?", "fuser /"},
        },
};

// ---- What we answer ----

constexpr std::string_view heading =
    " PID         TASK        COMM             USAGE\n";

struct Row {
  TaskHeader task;
  FileUse use;
};

std::vector<std::string> words_of(const FileUse& use) {
  std::vector<std::string> words;
  if (use.is_root) words.emplace_back("root");
  if (use.is_working) words.emplace_back("cwd");
  if (use.is_open) words.emplace_back("fd");
  if (use.is_mapped) words.emplace_back("mmap");
  if (use.is_locked) words.emplace_back("lockd");
  return words;
}

report::Record to_record(const Row& row) {
  report::Record record = to_record(row.task);
  auto words = words_of(row.use);
  record.add("usage", report::List(words.begin(), words.end()));
  return record;
}

std::string to_text(const Row& row) {
  constexpr std::size_t width = 15;
  std::string pid = cell(row.task.pid);
  std::string comm = report::cell_text(
      row.task.comm,
      [](const std::string& name) { return '"' + printable(name) + '"'; });
  std::string text = fmt::format("{:>5}  {:016x}  {:<17}", pid,
                                 row.task.task.value, comm.substr(0, width));
  for (const std::string& word : words_of(row.use))
    text += word + " ";
  return text + "\n";
}

// ---- How we find it ----

// A table that is all wrong may have a loss for each of its slots.
void report_losses(std::span<const Error> losses, report::Sink& out) {
  constexpr std::size_t most = 8;
  for (const Error& loss : losses.first(std::min(losses.size(), most)))
    out.problem(Error(loss).while_doing("fuser"));
  if (losses.size() <= most) return;
  out.problem(Error(ErrorKind::corrupt,
                    fmt::format("fuser: {} more files of the task are damaged",
                                losses.size() - most)));
}

void show_users(const Kernel& kernel, std::string_view what, FileUsers users,
                report::Sink& out) {
  bool has_users = false;
  report::Work work(out, "looking at tasks",
                    kernel.task_table()->tasks().size());
  for (const Object& task : tasks(kernel)) {
    if (interrupted()) return;
    work.next();
    if (task.fault() != nullptr) {
      out.problem(Error(*task.fault()).while_doing("fuser"));
      continue;
    }
    FileUse use = users.use(task);
    report_losses(users.losses(), out);
    if (!use.any()) continue;
    if (!has_users) out.layout(heading);
    has_users = true;
    emit(out, Row{task_header(kernel, task), use});
  }
  if (!has_users) out.note(fmt::format("No users of {} found", what));
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, ""));
  if (options.words().empty()) return Error(ErrorKind::usage, "");
  const Kernel& kernel = session.kernel;
  note_task_differences(kernel, out);
  for (const std::string& word : options.words()) {
    auto inode = word.starts_with('/') ? std::nullopt : parse_hex(word);
    if (inode) {
      show_users(kernel, word, FileUsers(kernel, Address{*inode}), out);
    } else {
      show_users(kernel, word, FileUsers(kernel, word), out);
    }
  }
  return {};
}

}  // namespace

extern const Command fuser_command = {"fuser", &help, run};

}  // namespace inquest
