// SPDX-License-Identifier: GPL-3.0-or-later
// dis: machine code as instructions.

#include <deque>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/alternatives.h"
#include "command/code.h"
#include "command/options.h"
#include "command/source_listing.h"
#include "command/values.h"

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
             "the source instead of instructions: from a few lines before the "
             "address's to the\nend of the function, or as many behind it as "
             "count says; the file is looked for\nin the tree that --src names "
             "and where it was compiled"},
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

Result<std::uint64_t> count_of(std::string_view word) {
  auto count = parse_number(word);
  if (!count) {
    return Error(ErrorKind::corrupt,
                 fmt::format("not a valid number: {}", word));
  }
  if (*count == 0 || *count > most_instructions) {
    return Error(ErrorKind::corrupt,
                 fmt::format("invalid count argument: {}", word));
  }
  return *count;
}

Result<Args> parse(const Session& session, const Options& options) {
  Args args;
  args.is_reverse = options.has('r');
  args.is_forward = options.has('f');
  for (std::string_view pair : {"rf", "rs", "fs", "us"}) {
    if (!options.has(pair[0]) || !options.has(pair[1])) continue;
    return Error(
        ErrorKind::usage,
        fmt::format("-{} and -{} are mutually exclusive", pair[0], pair[1]));
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
    args.count = TRY(count_of(words[1]));
  }
  args.place = TRY(code_place(session.kernel, words[0]));
  return args;
}

Result<void> show(const Session& session, const Args& args, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  if (args.is_source) {
    return show_source(session, args.place.at, args.count, out);
  }
  Range range = TRY(range_of(kernel, args));
  Listing listing(kernel, args, out);
  if (args.is_user) {
    auto space = TRY(user_space(session));
    auto reader = TRY(CodeReader::open(kernel, *space, args.is_hex, true));
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
  show_alternatives(session, options.words().front(), out);
  return {};
}

}  // namespace

extern const Command dis_command;
const Command dis_command = {"dis", &help, run};

}  // namespace inquest
