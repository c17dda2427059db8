// SPDX-License-Identifier: GPL-3.0-or-later
// ipcs: System V shared memory, semaphores and message queues.

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/options.h"
#include "kernel/ipc.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "System V IPC",
    .synopsis = "[-smMq] [-n pid | task] [id | address] ...",
    .description =
        "Lists the shared memory, semaphore arrays and message queues of the\n"
        "first IPC namespace, or those with an id or at an address.",
    .options =
        {
            {"-s", "semaphore arrays"},
            {"-m", "shared memory"},
            {"-M",
             "shared memory with its pages: of its size, in memory, in "
             "swap; and its inode"},
            {"-q", "message queues"},
            {"-n", "in the namespace of a task: a pid or a task_struct"},
        },
    .examples =
        {
            {"List all System V IPC", "ipcs"},
            {"How much shared memory is swapped out?", "ipcs -M"},
        },
};

// ---- What we answer ----

report::Record common_record(std::string_view kind, const IpcObject& object) {
  constexpr std::uint64_t permissions = 0777;
  report::Record record;
  record.add("kind", kind);
  record.add("address", object.address);
  record.add("key", object.key);
  record.add("id", object.id);
  record.add("uid", object.uid);
  record.add("permissions", object.mode
                                ? report::Value(*object.mode & permissions)
                                : report::Value(object.mode.error()));
  return record;
}

// "ADDRESS KEY ID UID PERMS" with a blank behind it.
std::string common_text(const IpcObject& object) {
  constexpr std::uint64_t permissions = 0777;
  auto key = report::cell_text(object.key, [](std::uint64_t value) {
    return fmt::format("{:08x}", value & 0xffffffff);
  });
  auto mode = report::cell_text(object.mode, [](std::uint64_t value) {
    return fmt::format("{:o}", value & permissions);
  });
  return fmt::format("{:016x} {:<8} {:<10} {:<5} {:<5} ", object.address.value,
                     key, cell(object.id), cell(object.uid), mode);
}

struct SharedMemoryRow {
  IpcObject object;
  SharedMemory memory;
  bool has_details = false;
};

report::Record to_record(const SharedMemoryRow& row) {
  report::Record record = common_record("shared memory", row.object);
  record.add("bytes", row.memory.bytes);
  record.add("attached", row.memory.attached);
  record.add("destroyed", row.memory.is_destroyed);
  record.add("locked", row.memory.is_locked);
  if (!row.has_details) return record;
  record.add("pages", row.memory.pages);
  record.add("resident", row.memory.resident);
  record.add("swapped", row.memory.swapped);
  record.add("inode", row.memory.inode);
  return record;
}

std::string to_text(const SharedMemoryRow& row) {
  const SharedMemory& memory = row.memory;
  std::string text =
      common_text(row.object) +
      fmt::format("{:<10} {:<6} {} {}\n", cell(memory.bytes),
                  cell(memory.attached), memory.is_destroyed ? "dest" : "",
                  memory.is_locked ? "locked" : "");
  if (!row.has_details) return text;
  return text +
         fmt::format("PAGES ALLOCATED/RESIDENT/SWAPPED: {}/{}/{}\nINODE: {}\n",
                     cell(memory.pages), cell(memory.resident),
                     cell(memory.swapped), cell(memory.inode));
}

struct SemaphoreRow {
  IpcObject object;
  Result<std::uint64_t> count;
};

report::Record to_record(const SemaphoreRow& row) {
  return common_record("semaphores", row.object).with("count", row.count);
}

std::string to_text(const SemaphoreRow& row) {
  return common_text(row.object) + fmt::format("{:<10}\n", cell(row.count));
}

struct MessageRow {
  IpcObject object;
  MessageQueue queue;
};

report::Record to_record(const MessageRow& row) {
  return common_record("messages", row.object)
      .with("bytes", row.queue.bytes)
      .with("messages", row.queue.messages);
}

std::string to_text(const MessageRow& row) {
  return common_text(row.object) + fmt::format("{:<12} {:<12}\n",
                                               cell(row.queue.bytes),
                                               cell(row.queue.messages));
}

// ---- How we find it ----

struct Section {
  char letter;
  IpcKind kind;
  std::string_view heading;
};

constexpr Section sections[] = {
    {'m', IpcKind::shared_memory,
     "SHMID_KERNEL     KEY      SHMID      UID   PERMS BYTES      NATTCH "
     "STATUS\n"},
    {'s', IpcKind::semaphores,
     "SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n"},
    {'q', IpcKind::messages,
     "MSG_QUEUE        KEY      MSQID      UID   PERMS USED-BYTES   "
     "MESSAGES    \n"},
};

struct Request {
  Object name_space;
  Options options;

  bool has_details() const { return options.has('M'); }
  bool wants(char letter) const {
    bool is_any = options.has('s') || options.has('m') || options.has('M') ||
                  options.has('q');
    return !is_any || options.has(letter) || (letter == 'm' && has_details());
  }
};

// |word|: a decimal id or an address.
bool is_named(const IpcObject& object, const std::string& word) {
  auto id = parse_decimal(word);
  if (id && object.id && *object.id == *id) return true;
  auto address = parse_hex(word);
  return address && object.address.value == *address;
}

void show(const Kernel& kernel, const Request& request, const Section& section,
          const IpcObject& object, report::Sink& out) {
  if (section.kind == IpcKind::shared_memory) {
    emit(out, SharedMemoryRow{object, shared_memory(kernel, object),
                              request.has_details()});
  } else if (section.kind == IpcKind::semaphores) {
    emit(out, SemaphoreRow{object, semaphore_count(object)});
  } else {
    emit(out, MessageRow{object, message_queue(object)});
  }
}

// A list with its heading; the details of one are a list of their own.
void show_list(const Kernel& kernel, const Request& request,
               const Section& section, const std::vector<IpcObject>& objects,
               report::Sink& out) {
  bool is_each =
      section.kind == IpcKind::shared_memory && request.has_details();
  if (objects.empty() || !is_each) out.layout(section.heading);
  if (objects.empty()) out.layout("(none allocated)\n");
  for (const IpcObject& object : objects) {
    if (is_each) out.layout(section.heading);
    show(kernel, request, section, object, out);
    if (is_each) out.layout("\n");
  }
  if (objects.empty() || !is_each) out.layout("\n");
}

// |word|: "" for all. Whether there was any.
Result<bool> show_section(const Kernel& kernel, const Request& request,
                          const Section& section, const std::string& word,
                          report::Sink& out) {
  IpcObjects all = TRY(ipc_objects(kernel, request.name_space, section.kind));
  if (!word.empty()) {
    std::erase_if(all.found, [&word](const IpcObject& object) {
      return !is_named(object, word);
    });
  }
  if (word.empty() || !all.found.empty()) {
    show_list(kernel, request, section, all.found, out);
  }
  if (all.incomplete) out.problem(Error(*all.incomplete).while_doing("ipcs"));
  return !all.found.empty();
}

void show_sections(const Kernel& kernel, const Request& request,
                   const std::string& word, report::Sink& out) {
  bool is_any = word.empty();
  for (const Section& section : sections) {
    if (!request.wants(section.letter)) continue;
    auto found = show_section(kernel, request, section, word, out);
    if (!found) {
      out.problem(Error(found.error()).while_doing("ipcs"));
    } else if (*found) {
      is_any = true;
    }
  }
  if (!is_any) {
    out.problem(
        Error(ErrorKind::not_found, "ipcs: invalid id or address: " + word));
  }
}

Result<Object> name_space(const Kernel& kernel, const Options& options) {
  auto word = options.argument('n');
  Object found = word ? ipc_namespace_of(TRY(named_task(kernel, *word)))
                      : first_ipc_namespace(kernel);
  if (found.fault() != nullptr) return *found.fault();
  return found;
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "smMqn:"));
  const Kernel& kernel = session.kernel;
  Object where = TRY(name_space(kernel, options));
  Request request{where, options};
  for (const std::string& word : options.words()) {
    if (!parse_hex(word)) {
      return Error(ErrorKind::usage, "invalid id or address: " + word);
    }
  }
  if (options.words().empty()) show_sections(kernel, request, "", out);
  for (const std::string& word : options.words())
    show_sections(kernel, request, word, out);
  return {};
}

}  // namespace

extern const Command ipcs_command;
const Command ipcs_command = {"ipcs", &help, run};

}  // namespace inquest
