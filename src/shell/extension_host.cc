// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/extension_host.h"

#include <deque>
#include <sstream>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/values.h"
#include "kernel/task.h"
#include "render/render.h"
#include "shell/shell.h"
#include "types/declaration.h"

// One command that runs. What it was given as text is kept here.
struct InquestSession {
  inquest::Shell& shell;
  inquest::report::Sink& out;
  std::deque<std::string> texts = {};
  std::string error = {};

  const char* keep(std::string text) {
    return texts.emplace_back(std::move(text)).c_str();
  }
  const inquest::Kernel& kernel() const { return shell.session().kernel; }
};

namespace inquest {
namespace {

constexpr unsigned deepest_nesting = 16;

std::string_view text_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// The border to the extension: errors become codes, and no exception leaves.
template <typename Answer>
int answer(InquestSession* session, const Answer& work) noexcept {
  try {
    Result<void> done = work();
    if (done) return INQUEST_OK;
    session->error = done.error().message();
  } catch (const std::exception& bug) {
    session->error = bug.what();
  }
  return INQUEST_FAILED;
}

const char* error(InquestSession* session) {
  return session->error.c_str();
}

int is_interrupted(InquestSession* /*session*/) {
  return interrupted() ? 1 : 0;
}

// ---- Memory and symbols ----

Result<void> read_memory(InquestSession* session, InquestMemory memory,
                         Address at, std::span<std::byte> out) {
  const Kernel& kernel = session->kernel();
  if (memory == INQUEST_KERNEL) return kernel.memory().read(at, out);
  if (memory == INQUEST_PHYSICAL) return kernel.physical().read(at, out);
  if (memory != INQUEST_USER) {
    return Error(ErrorKind::usage, "there is no such memory");
  }
  auto user = TRY(user_space(session->shell.session()));
  return user->read(at, out);
}

int read(InquestSession* session, InquestMemory memory, std::uint64_t address,
         void* out, std::size_t size) {
  return answer(session, [&] {
    return read_memory(session, memory, Address{address},
                       {static_cast<std::byte*>(out), size});
  });
}

int symbol(InquestSession* session, const char* name, std::uint64_t* out) {
  return answer(session, [&]() -> Result<void> {
    *out = TRY(session->kernel().symbol(text_of(name))).value;
    return {};
  });
}

int place(InquestSession* session, std::uint64_t address, InquestPlace* out) {
  return answer(session, [&]() -> Result<void> {
    auto found = session->kernel().place(Address{address});
    if (!found) {
      return Error(ErrorKind::not_found,
                   fmt::format("no symbol for {:x}", address));
    }
    *out = {session->keep(std::move(found->symbol)), found->offset,
            session->keep(std::move(found->module))};
    return {};
  });
}

// ---- Types ----

int type_size(InquestSession* session, const char* type, std::uint64_t* out) {
  return answer(session, [&]() -> Result<void> {
    *out = TRY(session->kernel().types().parse(text_of(type)))->size();
    return {};
  });
}

int member(InquestSession* session, const char* type, const char* path,
           InquestMember* out) {
  return answer(session, [&]() -> Result<void> {
    const Type* outer = TRY(session->kernel().types().parse(text_of(type)));
    MemberPlace found = TRY(find_member(*outer, text_of(path)));
    *out = {.offset = found.offset(),
            .size = found.type->size(),
            .bit_offset = static_cast<std::uint32_t>(
                found.bit_size == 0 ? 0 : found.bit_offset % 8),
            .bit_size = found.bit_size};
    return {};
  });
}

int enumerator(InquestSession* session, const char* name, std::int64_t* out) {
  return answer(session, [&]() -> Result<void> {
    *out = TRY(session->kernel().enumerator(text_of(name)));
    return {};
  });
}

// ---- Values ----

Result<void> take_value(InquestSession* session, const Object& object,
                        InquestValue* out) {
  if (object.fault() != nullptr) return *object.fault();
  const Type& type = object.type().stripped();
  InquestValue value = {};
  bool is_scalar = !type.is_compound() && type.kind != TypeKind::array &&
                   type.kind != TypeKind::void_type &&
                   type.kind != TypeKind::function;
  value.is_scalar = is_scalar ? 1 : 0;
  if (is_scalar) value.number = TRY(object.to_unsigned());
  value.has_address = object.is_value() ? 0 : 1;
  if (!object.is_value()) value.address = object.address().value;
  ValueStyle style = value_style(session->shell.session(), std::nullopt);
  value.text = session->keep(TRY(print_text(object, style)));
  value.type = session->keep(type_name(object.type()));
  *out = value;
  return {};
}

int evaluate_expression(InquestSession* session, const char* expression,
                        InquestValue* out) {
  return answer(session, [&] {
    SessionScope scope(session->shell.session(), session->kernel().memory());
    return take_value(session, evaluate(text_of(expression), scope), out);
  });
}

int value(InquestSession* session, const char* type, std::uint64_t address,
          const char* path, InquestValue* out) {
  return answer(session, [&]() -> Result<void> {
    const Type* outer = TRY(session->kernel().types().parse(text_of(type)));
    Object object(session->kernel().memory(), *outer, Address{address});
    std::string_view inner = text_of(path);
    return take_value(session, inner.empty() ? object : object[inner], out);
  });
}

int per_cpu(InquestSession* session, const char* name, std::uint32_t cpu,
            std::uint64_t* out) {
  return answer(session, [&]() -> Result<void> {
    const Kernel& kernel = session->kernel();
    Address at = TRY(kernel.symbol(text_of(name)));
    *out = TRY(kernel.per_cpu_address(at, cpu)).value;
    return {};
  });
}

// ---- Tasks ----

using Visit = int (*)(void* context, const InquestTask* task);

int show_task(const Kernel& kernel, const Object& object, Visit visit,
              void* context) {
  Task task = task_record(kernel, object);
  std::string comm = task.comm.value_or("");
  std::string state(task.state ? task.state->abbreviation() : "??");
  InquestTask shown = {
      .address = task.address.value,
      .pid = task.pid.value_or(-1),
      .tgid = task.tgid.value_or(-1),
      .cpu = task.cpu ? static_cast<std::int32_t>(*task.cpu) : -1,
      .state = state.c_str(),
      .comm = comm.c_str(),
      .is_active = task.is_active ? 1 : 0,
      .is_kernel_thread = is_kernel_thread(object) ? 1 : 0,
  };
  return visit(context, &shown);
}

int each_task(InquestSession* session, Visit visit, void* context) {
  return answer(session, [&]() -> Result<void> {
    const Kernel& kernel = session->kernel();
    for (const Object& task : tasks(kernel)) {
      if (task.fault() != nullptr) return *task.fault();
      if (interrupted() || show_task(kernel, task, visit, context) != 0) break;
    }
    return {};
  });
}

// ---- Other commands ----

Result<void> run_line(InquestSession* session, std::string_view line,
                      const char** out) {
  Shell& shell = session->shell;
  if (shell.extensions().running() > deepest_nesting) {
    return Error(ErrorKind::usage, "commands run each other without end");
  }
  std::string command = shell.aliases().expand(line);
  if (is_host_command(command.substr(0, command.find(' ')))) {
    return Error(ErrorKind::usage, "not a command of inquest");
  }
  std::ostringstream text;
  std::ostringstream errors;
  auto sink = render::text(text, errors);
  shell.run_text(command, *sink);
  sink->flush();
  *out = session->keep(text.str());
  if (!sink->has_problem()) return {};
  std::string reason(trim(errors.str()));
  if (reason.empty()) reason = fmt::format("{}: no answer", line);
  return Error(ErrorKind::not_found, reason);
}

int run(InquestSession* session, const char* line, const char** out) {
  return answer(session, [&] { return run_line(session, text_of(line), out); });
}

// ---- The answer ----

report::Value to_value(const InquestField& field) {
  switch (field.kind) {
    case INQUEST_SIGNED:
      return static_cast<std::int64_t>(field.number);
    case INQUEST_ADDRESS:
      return Address{field.number};
    case INQUEST_TEXT:
      return text_of(field.text);
    case INQUEST_MISSING:
      return Error(ErrorKind::not_found, std::string(text_of(field.text)));
    default:
      return field.number;
  }
}

std::string to_text(const InquestField& field) {
  switch (field.kind) {
    case INQUEST_SIGNED:
      return std::to_string(static_cast<std::int64_t>(field.number));
    case INQUEST_ADDRESS:
      return fmt::format("{:x}", field.number);
    case INQUEST_TEXT:
      return std::string(text_of(field.text));
    case INQUEST_MISSING:
      return fmt::format("({})", text_of(field.text));
    default:
      return std::to_string(field.number);
  }
}

struct Row {
  const char* text = nullptr;
  std::span<const InquestField> fields;
};

report::Record to_record(const Row& row) {
  report::Record record;
  for (const InquestField& field : row.fields)
    record.add(text_of(field.name), to_value(field));
  return record;
}

std::string to_text(const Row& row) {
  if (row.text != nullptr) return row.text;
  std::string text;
  for (const InquestField& field : row.fields) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "  ",
                        text_of(field.name), to_text(field));
  }
  return text + '\n';
}

void show_row(InquestSession* session, const char* text,
              const InquestField* fields, std::size_t count) {
  answer(session, [&]() -> Result<void> {
    emit(session->out, Row{text, {fields, count}});
    return {};
  });
}

void layout(InquestSession* session, const char* text) {
  answer(session, [&]() -> Result<void> {
    session->out.layout(text_of(text));
    return {};
  });
}

void problem(InquestSession* session, const char* message) {
  answer(session, [&]() -> Result<void> {
    session->out.problem(
        Error(ErrorKind::not_found, std::string(text_of(message))));
    return {};
  });
}

void note(InquestSession* session, const char* text) {
  answer(session, [&]() -> Result<void> {
    session->out.note(text_of(text));
    return {};
  });
}

int fail(InquestSession* session, const char* message) {
  return answer(session, [&]() -> Result<void> {
    return Error(ErrorKind::not_found, std::string(text_of(message)));
  });
}

constexpr InquestHost host = {
    .version = INQUEST_EXTENSION_VERSION,
    .size = sizeof(InquestHost),
    .error = error,
    .interrupted = is_interrupted,
    .read = read,
    .symbol = symbol,
    .place = place,
    .type_size = type_size,
    .member = member,
    .enumerator = enumerator,
    .evaluate = evaluate_expression,
    .value = value,
    .per_cpu = per_cpu,
    .each_task = each_task,
    .run = run,
    .row = show_row,
    .layout = layout,
    .problem = problem,
    .note = note,
    .fail = fail,
};

// ---- Running a command ----

// Counts what runs, however it ends.
class Running {
 public:
  explicit Running(unsigned& count) : count_(count) { ++count_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { --count_; }

 private:
  unsigned& count_;
};

}  // namespace

// A callback that throws has broken a rule; it ends the command only.
Result<void> run_extension(Shell& shell, const ExtensionCommand& command,
                           Command::Words words, report::Sink& out) {
  std::vector<const char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  InquestSession session = {.shell = shell, .out = out};
  Running running(shell.extensions().running());
  int code = INQUEST_FAILED;
  try {
    code = command.command->run(&host, &session, static_cast<int>(words.size()),
                                arguments.data());
  } catch (const std::exception& thrown) {
    session.error = fmt::format("the extension threw: {}", thrown.what());
  } catch (...) {
    session.error = "the extension threw";
  }
  if (code == INQUEST_OK) return {};
  if (code == INQUEST_USAGE) return Error(ErrorKind::usage, session.error);
  return Error(ErrorKind::not_found, session.error.empty()
                                         ? "the extension did not say why"
                                         : session.error);
}

}  // namespace inquest
