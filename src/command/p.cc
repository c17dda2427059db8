// SPDX-License-Identifier: GPL-3.0-or-later
// p: the value of a C expression.

#include <algorithm>

#include <fmt/format.h>

#include "command/values.h"
#include "types/declaration.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "print the value of an expression",
    .synopsis = "[-x|-d][-u] [/format] [expression | symbol[:cpuspec]]",
    .description =
        "Evaluates a C expression over the kernel's variables and types:\n"
        "casts, members, pointers, arrays and slices (a[0]@4), arithmetic,\n"
        "sizeof. Values are numbered; $3 is the third, $ the last and $$ the\n"
        "one before. Without an expression the last value is shown again.\n"
        "\n"
        "The name of a per-CPU variable alone lists where each CPU's instance\n"
        "lies; with :cpuspec (a number, 1,3-5, or a for all) it shows them.\n"
        "A format as in p/x is one of x d u o t c a z s.",
    .options =
        {
            {"-x", "integers in hexadecimal"},
            {"-d", "integers in decimal"},
            {"-u", "addresses are those of the current task's user memory"},
        },
    .examples =
        {
            {"A variable", "p jiffies"},
            {"A structure's member, in hexadecimal", "p -x init_task.flags"},
            {"Where each CPU has its run queue", "p runqueues"},
            {"The first CPU's", "p runqueues:0"},
        },
};

// ---- What we answer ----

struct ValueRow {
  std::string heading;  // "jiffies = "
  std::size_t number = 0;
  std::string text;
  Object value;
};

// An array or function behind a name starts a line of its own, a structure
// does not: so it is with crash.
std::string to_text(const ValueRow& row) {
  bool is_list = !row.heading.empty() && row.text.starts_with('{') &&
                 !row.text.starts_with("{\n");
  return fmt::format("{}${} = {}{}\n", row.heading, row.number,
                     is_list ? "\n " : "", row.text);
}

report::Record to_record(const ValueRow& row) {
  report::Record record;
  record.add("number", std::uint64_t{row.number});
  record.add("type", type_name(row.value.type()));
  if (!row.value.is_value()) record.add("address", row.value.address());
  record.add("value", to_value(row.value));
  return record;
}

struct PerCpuRow {
  std::string declaration;
  std::vector<std::pair<unsigned, Result<Address>>> instances;
};

std::string to_text(const PerCpuRow& row) {
  std::string text = fmt::format(
      "PER-CPU DATA TYPE:\n  {};\nPER-CPU ADDRESSES:\n", row.declaration);
  for (const auto& [cpu, at] : row.instances) {
    text +=
        at ? fmt::format("  [{}]: {:x}\n", cpu, at->value)
           : fmt::format("  [{}]: {}\n", cpu, report::cell_text(at.error()));
  }
  return text;
}

report::Record to_record(const PerCpuRow& row) {
  std::vector<report::Record> instances;
  for (const auto& [cpu, at] : row.instances) {
    instances.push_back(report::Record().with("cpu", cpu).with("address", at));
  }
  return report::Record()
      .with("declaration", row.declaration)
      .with("instances", std::move(instances));
}

// ---- How we find it ----

struct Request {
  std::optional<unsigned> radix;
  char format = 0;
  bool is_user = false;
  std::string expression;
};

// Whether |word| is options: "-x", "-xu". "-1" and "-x" of a variable x in
// "5 -x" are none.
Result<bool> take_letters(Request& request, std::string_view word) {
  bool are_letters =
      word.size() > 1 && word[0] == '-' &&
      word.find_first_not_of("xdhu", 1) == std::string_view::npos;
  if (!are_letters) return false;
  for (char letter : word.substr(1)) {
    unsigned radix = letter == 'd' ? 10 : 16;
    if (letter == 'u') {
      request.is_user = true;
    } else if (request.radix.value_or(radix) != radix) {
      return Error(ErrorKind::corrupt, "-d and -x are mutually exclusive");
    } else {
      request.radix = radix;
    }
  }
  return true;
}

// Whether |word| was options or a format, which |request| then has.
Result<bool> take_option(Request& request, std::string_view word) {
  constexpr std::string_view formats = "xduotcazs";
  if (word.size() > 1 && word[0] == '/') {
    if (word.size() > 2 || formats.find(word[1]) == std::string_view::npos) {
      return Error(
          ErrorKind::usage,
          fmt::format("Undefined output format \"{}\".", word.substr(1)));
    }
    request.format = word[1];
  } else {
    return take_letters(request, word);
  }
  return true;
}

Result<Request> request(Command::Words words) {
  Request request;
  while (!words.empty() && TRY(take_option(request, words[0])))
    words = words.subspan(1);
  request.expression = fmt::to_string(fmt::join(words, " "));
  if (request.expression.empty()) request.expression = "$";
  return request;
}

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
           c == '.';
  });
}

class Printer {
 public:
  Printer(Session& session, const Request& request, const Scope& scope,
          report::Sink& out)
      : session_(session), request_(request), scope_(scope), out_(out) {}

  Result<void> run() {
    std::string_view text = request_.expression;
    std::size_t colon = text.rfind(':');
    std::string_view name = text.substr(0, colon);
    bool has_cpus = colon != std::string_view::npos && is_word(name);
    Result<Address> at = session_.kernel.symbol(name);
    if (has_cpus && at) return instances(name, *at, text.substr(colon + 1));
    if (at && is_per_cpu(session_.kernel, *at)) return addresses(name);
    return show(text, heading(text));
  }

 private:
  // Crash announces an expression that starts with a symbol by its name.
  std::string heading(std::string_view text) const {
    std::string_view first = text.substr(0, text.find(' '));
    bool is_symbol = is_word(first) && session_.kernel.symbol(first);
    return is_symbol && request_.format == 0 ? std::string(first) + " = " : "";
  }

  Result<void> show(std::string_view text, std::string heading) {
    return show(evaluate(text, scope_), text, std::move(heading));
  }

  Result<void> show(const Object& value, std::string_view text,
                    std::string heading) {
    if (value.fault() != nullptr) return as_gdb_error(*value.fault());
    bool is_void = value.type().stripped().kind == TypeKind::void_type;
    if (is_void && !value.is_value()) {
      bool has_file = session_.kernel.vmlinux_file() != nullptr;
      return Error(ErrorKind::not_found,
                   fmt::format("'{}' has unknown type; cast it to its "
                               "declared type{}",
                               text,
                               has_file ? ""
                                        : " (it would be in a vmlinux with "
                                          "debug information, and there is "
                                          "none)"));
    }
    ValueStyle style = value_style(session_, request_.radix);
    style.format = request_.format;
    Result<std::string> shown = print_text(value, style);
    if (!shown) return as_gdb_error(shown.error());
    TRY(remember(value));
    emit(out_,
         ValueRow{std::move(heading), session_.history.size(), *shown, value});
    return {};
  }

  // A value of user memory is kept as it is now: its space ends with us.
  Result<void> remember(const Object& value) {
    if (!request_.is_user) {
      session_.history.push_back(value);
      return {};
    }
    std::vector<std::byte> bytes = TRY(value.to_bytes());
    session_.history.push_back(Object::value(session_.kernel.memory(),
                                             value.type(), std::move(bytes)));
    return {};
  }

  Result<void> addresses(std::string_view name) {
    const Kernel& kernel = session_.kernel;
    Object variable = scope_.variable(name);
    if (variable.fault() != nullptr) return *variable.fault();
    PerCpuRow row{declaration(variable.type(), name), {}};
    for (unsigned cpu : kernel.possible_cpus()) {
      row.instances.emplace_back(
          cpu, kernel.per_cpu_address(variable.address(), cpu));
    }
    emit(out_, row);
    return {};
  }

  Result<void> instances(std::string_view name, Address at,
                         std::string_view cpus) {
    const Kernel& kernel = session_.kernel;
    if (!is_per_cpu(kernel, at)) {
      out_.note(
          fmt::format("WARNING: {} is not percpu; cpuspec ignored.", name));
      return show(name, std::string(name) + " = ");
    }
    unsigned own = cpus.empty() ? own_cpu(session_) : 0;
    std::vector<unsigned> wanted = TRY(cpu_spec(kernel, cpus, own));
    Object variable = scope_.variable(name);
    if (variable.fault() != nullptr) return *variable.fault();
    for (unsigned cpu : wanted) {
      Result<Address> instance =
          kernel.per_cpu_address(variable.address(), cpu);
      Result<void> shown =
          instance ? show(Object(scope_.space(), variable.type(), *instance),
                          name, fmt::format("per_cpu({}, {}) = ", name, cpu))
                   : Result<void>(instance.error());
      if (!shown) out_.problem(std::move(shown).error().while_doing("p"));
    }
    return {};
  }

  Session& session_;
  const Request& request_;
  const Scope& scope_;
  report::Sink& out_;
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Request asked = TRY(request(words));
  std::unique_ptr<AddressSpace> user;
  if (asked.is_user) user = TRY(user_space(session));
  const AddressSpace& kernel_space = session.kernel.memory();
  const AddressSpace& space = user ? *user : kernel_space;
  SessionScope scope(session, space);
  return Printer(session, asked, scope, out).run();
}

}  // namespace

extern const Command p_command;
const Command p_command = {"p", &help, run};

}  // namespace inquest
