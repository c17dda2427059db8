// SPDX-License-Identifier: GPL-3.0-or-later
// dis: machine code as instructions.

#include <deque>
#include <fstream>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/code.h"
#include "command/context.h"
#include "command/options.h"
#include "kernel/linux_arch.h"
#include "kernel/module.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "disassemble",
    .synopsis =
        "[-rfludxsU] [-b [bytes]] [address | symbol | (expression)] "
        "[count]",
    .description =
        "Shows the instructions of the function called symbol, or as many as\n"
        "count says from an address on; one when there is no count.\n"
        "An expression is a symbol or address with an offset added or\n"
        "subtracted.",
    .options =
        {
            {"-r",
             "from the start of the function up to the address; with a count "
             "the last ones of these"},
            {"-f", "from the address to the end of the function"},
            {"-l", "file and line above the instructions made from it"},
            {"-u", "the address is one of the current task's program"},
            {"-x", "offsets into symbols in hexadecimal"},
            {"-d", "offsets into symbols in decimal"},
            {"-s",
             "source lines instead of instructions, from --src or where the "
             "kernel was built"},
            {"-b",
             "bytes to skip behind each ud2 instruction, which old kernels "
             "filled with a file and a line; without a number: shows it"},
            {"-U", "instructions as they are, without remarks"},
        },
    .examples =
        {
            {"Show a function", "dis sock_ioctl"},
            {"Show five instructions and their source lines",
             "dis -l sock_ioctl 5"},
        },
};

constexpr std::string_view bug_bytes_variable = "bug_bytes";
constexpr std::uint64_t most_instructions = 1U << 20;

struct Args {
  CodePlace place;
  std::optional<std::uint64_t> count;
  bool is_reverse = false, is_forward = false;
  bool has_lines = false, has_remarks = true;
  bool is_user = false, is_hex = false, is_source = false;
  std::uint64_t bug_bytes = 0;
};

// ---- What we answer ----

struct Row {
  CodeLine code;
  std::optional<SourceLine> heading;  // only where it changes
  bool is_hex = false;
  std::string remark;
};

report::Record to_record(const Row& row) {
  report::Record record;
  record.add("address", row.code.address);
  record.add("symbol", row.code.symbol);
  record.add("offset", row.code.offset);
  if (!row.code.module.empty()) record.add("module", row.code.module);
  record.add("size", row.code.instruction.size);
  record.add("instruction", row.code.instruction.text + row.remark);
  if (row.heading) {
    record.add("file", row.heading->file);
    record.add("line", row.heading->line);
  }
  return record;
}

std::string to_text(const Row& row) {
  std::string text;
  if (row.heading) {
    text = fmt::format("{}: {}\n", row.heading->file, row.heading->line);
  }
  text += fmt::format("{:#x}", row.code.address.value);
  if (!row.code.symbol.empty()) {
    text += fmt::format(
        " <{}>", symbol_text(row.code.symbol, row.code.offset, row.is_hex));
  }
  text += fmt::format(":\t{}{}\n", row.code.instruction.text, row.remark);
  return text;
}

struct SourceRow {
  SourceLine place;
  unsigned first = 0;
  std::vector<std::string> lines;  // empty: the file is not here
};

report::Record to_record(const SourceRow& row) {
  report::List lines(row.lines.begin(), row.lines.end());
  return report::Record()
      .with("file", row.place.file)
      .with("line", row.place.line)
      .with("first", row.first)
      .with("lines", std::move(lines));
}

std::string to_text(const SourceRow& row) {
  std::string text =
      fmt::format("FILE: {}\nLINE: {}\n\n", row.place.file, row.place.line);
  unsigned number = row.first;
  for (const std::string& line : row.lines) {
    text += fmt::format("{} {:<5} {}\n", number == row.place.line ? '*' : ' ',
                        number, line);
    ++number;
  }
  return text;
}

struct Missing {
  std::string name;
  struct Alternative {
    std::string name, module;
    Address address;
    char letter;
  };
  std::vector<Alternative> alternatives;
};

report::Record to_record(const Missing& row) {
  report::List names;
  for (const auto& each : row.alternatives)
    names.emplace_back(each.name);
  return report::Record()
      .with("symbol_not_found", row.name)
      .with("alternatives", std::move(names));
}

std::string to_text(const Missing& row) {
  std::string text =
      fmt::format("symbol not found: {}\npossible alternatives:\n", row.name);
  if (row.alternatives.empty()) text += "  (none found)\n";
  for (const auto& each : row.alternatives) {
    text += fmt::format("  {:x} ({}) {}", each.address.value, each.letter,
                        each.name);
    if (!each.module.empty()) text += fmt::format(" [{}]", each.module);
    text += '\n';
  }
  return text;
}

// ---- How we find it ----

// The nop that ftrace turns into a call of its own.
std::string remark(const Instruction& instruction) {
  bool is_traced = instruction.text.starts_with("nopl   0x0(%rax,%rax,1)");
  return is_traced ? " [FTRACE NOP]" : "";
}

// What to decode: from |start| while before |end|, at most |limit|.
struct Range {
  Address start;
  std::optional<Address> end;
  std::uint64_t limit = most_instructions;
  std::uint64_t last = 0;  // not 0: only the last ones of these
};

Result<Range> range_of(const Kernel& kernel, const Args& args) {
  Address at = args.place.at;
  bool is_whole = args.place.is_symbol && !args.count;
  if (args.is_user || !(args.is_reverse || args.is_forward || is_whole)) {
    return Range{at, std::nullopt, args.count.value_or(1)};
  }
  Function function = TRY(function_at(kernel, at));
  if (args.is_reverse) {
    return Range{function.start, at + 1, most_instructions,
                 args.count.value_or(0)};
  }
  return Range{at, function.end, args.count.value_or(most_instructions)};
}

class Listing {
 public:
  Listing(const Kernel& kernel, const Args& args, report::Sink& out)
      : kernel_(kernel), args_(args), out_(out) {}

  Result<void> show(CodeReader& reader, const Range& range);

 private:
  Row row(CodeLine code);
  void keep(CodeLine code, std::uint64_t last);

  const Kernel& kernel_;
  const Args& args_;
  report::Sink& out_;
  std::optional<SourceLine> line_;
  std::deque<CodeLine> kept_;
};

Row Listing::row(CodeLine code) {
  Row row{.code = std::move(code),
          .heading = {},
          .is_hex = args_.is_hex,
          .remark = {}};
  if (args_.has_remarks) row.remark = remark(row.code.instruction);
  if (!args_.has_lines) return row;
  auto line = kernel_.source_line(row.code.address);
  if (!line) return row;
  bool is_same =
      line_ && line_->file == line->file && line_->line == line->line;
  if (!is_same) row.heading = *line;
  line_ = *line;
  return row;
}

void Listing::keep(CodeLine code, std::uint64_t last) {
  if (last == 0) {
    emit(out_, row(std::move(code)));
    return;
  }
  kept_.push_back(std::move(code));
  if (kept_.size() > last) kept_.pop_front();
}

// A range that ends inside an instruction includes it, as crash's does: the
// address that -r was given may lie in the middle of one.
Result<void> Listing::show(CodeReader& reader, const Range& range) {
  Address at = range.start;
  for (std::uint64_t i = 0; i < range.limit && !interrupted(); ++i) {
    CodeLine code = TRY(reader.line_at(at));
    at = at + code.instruction.size;
    bool is_bug = code.instruction.text.starts_with("ud2");
    if (is_bug) at = at + args_.bug_bytes;
    Address decoded = code.address;
    keep(std::move(code), range.last);
    bool is_past = range.last != 0 || args_.is_reverse
                       ? range.end && decoded + 1 >= *range.end
                       : range.end && at >= *range.end;
    if (is_past) break;
  }
  for (CodeLine& code : kept_)
    emit(out_, row(std::move(code)));
  return {};
}

// A source file: under --src, where it was when the kernel was built, or with
// leading folders left out under --src.
std::vector<std::string> source_text(const Session& session,
                                     const std::string& file) {
  std::vector<std::filesystem::path> candidates;
  auto folder = session.settings.shell.find("source_path");
  if (folder != session.settings.shell.end() && !folder->second.empty()) {
    std::filesystem::path rest = std::filesystem::path(file).relative_path();
    while (!rest.empty()) {
      candidates.push_back(std::filesystem::path(folder->second) / rest);
      rest = rest.lexically_relative(*rest.begin());
      if (rest == ".") break;
    }
  }
  candidates.emplace_back(file);
  for (const auto& path : candidates) {
    std::ifstream in(path);
    std::vector<std::string> found;
    for (std::string line; std::getline(in, line);)
      found.push_back(line);
    if (!found.empty()) return found;
  }
  return {};
}

Result<void> show_source(const Session& session, const Args& args,
                         report::Sink& out) {
  constexpr unsigned before = 5;
  const Kernel& kernel = session.kernel;
  Function function = TRY(function_at(kernel, args.place.at));
  SourceRow row;
  row.place = TRY(kernel.source_line(args.place.at));
  auto text = source_text(session, row.place.file);
  if (!text.empty()) {
    unsigned last = row.place.line + before;
    if (args.count) {
      last = row.place.line + static_cast<unsigned>(*args.count);
    } else if (auto end = kernel.source_line(function.end - 1);
               end && end->file == row.place.file) {
      last = std::max(row.place.line, end->line);
    }
    row.first = row.place.line > before ? row.place.line - before : 1;
    for (unsigned i = row.first; i <= last && i <= text.size(); ++i) {
      row.lines.push_back(text[i - 1]);
    }
  }
  emit(out, row);
  if (!row.lines.empty()) return {};
  return Error(ErrorKind::not_found,
               fmt::format("{}: source code is not available", function.name));
}

// Symbols that have |name| in theirs, vmlinux's first.
Missing missing(const Kernel& kernel, const std::string& name) {
  Missing row{name, {}};
  auto add = [&](const SymbolTable& table, const std::string& module) {
    for (const Symbol& symbol : table.sorted()) {
      if (symbol.name.find(name) == std::string_view::npos) continue;
      row.alternatives.push_back(
          {std::string(symbol.name), module, symbol.address, symbol.letter});
    }
  };
  add(kernel.symbols(), "");
  for (const Module& module : kernel.modules().list()) {
    add(kernel.modules().symbols(module), module.name);
  }
  return row;
}

// ---- Running it ----

Result<void> show_bug_bytes(const Session& session, report::Sink& out) {
  auto kept = session.settings.shell.find(bug_bytes_variable);
  out.note(
      fmt::format("bytes skipped behind ud2: {}",
                  kept == session.settings.shell.end() ? "0" : kept->second));
  return {};
}

// "-b" has an argument only when a number follows.
Result<std::vector<std::string>> without_bug_bytes(Session& session,
                                                   Command::Words words,
                                                   report::Sink& out) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "-b" && words[i] != "-B") {
      rest.push_back(words[i]);
      continue;
    }
    bool has_number = i + 1 < words.size() && parse_decimal(words[i + 1]);
    if (!has_number) {
      TRY(show_bug_bytes(session, out));
      continue;
    }
    session.settings.shell.insert_or_assign(std::string(bug_bytes_variable),
                                            words[++i]);
  }
  return rest;
}

Result<Args> parse(const Session& session, const Options& options) {
  Args args;
  args.is_reverse = options.has('r');
  args.is_forward = options.has('f');
  if (args.is_reverse && args.is_forward) {
    return Error(ErrorKind::usage, "-r and -f are mutually exclusive");
  }
  args.has_lines = options.has('l');
  args.has_remarks = !options.has('U');
  args.is_user = options.has('u');
  args.is_source = options.has('s');
  args.is_hex = options.has('x') || options.has('h') ||
                (session.settings.radix == 16 && !options.has('d'));
  auto kept = session.settings.shell.find(bug_bytes_variable);
  if (kept != session.settings.shell.end()) {
    args.bug_bytes = parse_decimal(kept->second).value_or(0);
  }
  const auto& words = options.words();
  if (words.empty() || words.size() > 2) {
    return Error(ErrorKind::usage, "an address or symbol is wanted");
  }
  if (words.size() == 2) {
    args.count = parse_number(words[1]);
    if (!args.count || *args.count == 0 || *args.count > most_instructions) {
      return Error(ErrorKind::usage,
                   fmt::format("invalid count: {}", words[1]));
    }
  }
  args.place = TRY(code_place(session.kernel, words[0]));
  return args;
}

// The memory of the current task's program.
Result<MappedSpace> user_space(const Session& session) {
  const Kernel& kernel = session.kernel;
  Object task = TRY(current_context(session));
  Object mm = task["mm"];
  if (TRY(mm.to_address()).value == 0) {
    return Error(ErrorKind::not_found, "the current task has no user memory");
  }
  Paging paging = TRY(LinuxArch::user_paging(kernel, mm));
  // The kernel outlives the space.
  std::shared_ptr<const PhysicalMemory> physical(std::shared_ptr<void>(),
                                                 &kernel.physical());
  return MappedSpace(std::move(physical), kernel.arch(), {}, paging);
}

Result<void> show(const Session& session, const Args& args, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  if (args.is_source) return show_source(session, args, out);
  Range range = TRY(range_of(kernel, args));
  Listing listing(kernel, args, out);
  if (args.is_user) {
    MappedSpace space = TRY(user_space(session));
    auto reader = TRY(CodeReader::open(kernel, space, args.is_hex, true));
    return listing.show(*reader, range);
  }
  auto reader =
      TRY(CodeReader::open(kernel, kernel.memory(), args.is_hex, false));
  return listing.show(*reader, range);
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  auto rest = TRY(without_bug_bytes(session, words, out));
  if (rest.empty() && !words.empty()) return {};
  Options options = TRY(Options::parse(rest, "rfludxshU"));
  Result<Args> args = parse(session, options);
  if (args) return show(session, *args, out);
  if (args.error().kind() != ErrorKind::not_found) return args.error();
  emit(out, missing(session.kernel, options.words().front()));
  // The text above has said it; what is data says it again.
  out.problem(Error(ErrorKind::not_found,
                    session.settings.is_json ? args.error().message() : ""));
  return {};
}

}  // namespace

extern const Command dis_command;
const Command dis_command = {"dis", &help, run};

}  // namespace inquest
