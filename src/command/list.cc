// SPDX-License-Identifier: GPL-3.0-or-later
// list: the entries of a linked list.

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/entry_row.h"
#include "command/values.h"
#include "kernel/pointer_chain.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "linked list",
    .synopsis =
        "[[-o] offset][-e end][-[s|S] struct[.member[,member]] [-l offset]]\n"
        "     [-x|-d] [-r|-B] [-h [-O head_offset]|-H] start",
    .description =
        "Shows the addresses of the entries of a list, which starts at an\n"
        "address, a symbol, or an expression in parentheses. Where the\n"
        "pointer to the next entry lies in an entry is |offset|, a number or\n"
        "struct.member, 0 by default. Without -h and -H this pointer leads to\n"
        "the next entry's start. The list ends with a null pointer, at |end|,\n"
        "or when it comes back to its start; an entry met twice or a link\n"
        "that cannot be read ends it with an error.",
    .options =
        {
            {"-o offset", "of the next pointer or list_head in an entry"},
            {"-e end", "the entry to stop at, which is not shown"},
            {"-h",
             "|start| is an entry with a list_head at |offset|: the other "
             "entries are linked by their list_heads"},
            {"-O offset",
             "with -h: |start| is no entry, but has the list's head at this "
             "offset"},
            {"-H", "|start| is a list_head that is in no entry"},
            {"-r", "with -h or -H: backwards"},
            {"-s struct[.member,...]",
             "show the structure, or these members, of every entry; may be "
             "given several times"},
            {"-S struct[.member,...]",
             "the same, with numbers and strings as they lie in memory"},
            {"-l offset",
             "the entries' addresses are so far behind the start of their "
             "structure: a number, or struct.member"},
            {"-x", "integers in hexadecimal"},
            {"-d", "integers in decimal"},
            {"-B", "accepted: loops are always found in constant memory"},
        },
    .examples =
        {
            {"The names of all processes",
             "list -o task_struct.tasks -s task_struct.comm -h init_task"},
            {"All modules, from the list's head on",
             "list -H modules -o module.list -s module.name,state"},
        },
};

struct Request {
  PointerChain chain;
  EntryShape shape;
};

Error usage(std::string message) {
  return {ErrorKind::usage, std::move(message)};
}

// |option|'s argument as a distance; |option| is 0 for a word without one.
Result<std::uint64_t> distance(Types& types, std::string_view text,
                               char option) {
  auto found = member_distance(types, text);
  if (found) return *found;
  std::string which = option == 0 ? "" : fmt::format("-{} ", option);
  return Error(ErrorKind::not_found,
               fmt::format("invalid {}argument: {}", which, text));
}

constexpr bool is_kernel(std::uint64_t address) {
  return (address >> 63) != 0;
}

Error invalid(std::string_view word) {
  return {ErrorKind::not_found, fmt::format("invalid argument: {}", word)};
}

Result<Address> start_of(const Session& session, const std::string& word) {
  auto at = start_address(session, word);
  if (!at) return invalid(word);
  if (is_kernel(at->value)) return *at;
  return Error(ErrorKind::not_found,
               fmt::format("invalid kernel virtual address: {}", word));
}

// "task_struct.tasks", or a number beside the start.
bool is_distance(const std::string& word, bool is_alone) {
  if (word[0] == '(' || word[0] == '&') return false;
  if (word.find('.') != std::string::npos) return true;
  auto number = parse_hex(word);
  return !is_alone && number && !is_kernel(*number);
}

// The words: a start and, unless -o gives it, an offset, in any order.
Result<void> take_words(const Session& session, const Options& options,
                        Request& request, std::uint64_t& offset) {
  std::optional<Address> start;
  bool has_offset = options.has('o') || options.has('l');
  bool is_alone = options.words().size() == 1 || has_offset;
  for (const std::string& word : options.words()) {
    bool is_offset = is_distance(word, is_alone);
    if (is_offset ? has_offset : start.has_value()) return invalid(word);
    if (is_offset) {
      offset = TRY(distance(session.kernel.types(), word, 0));
      has_offset = true;
    } else {
      start = TRY(start_of(session, word));
    }
  }
  if (!start) return usage("starting address required");
  request.chain.start = *start;
  return {};
}

Result<Request> parsed(const Session& session, Command::Words words) {
  const Kernel& kernel = session.kernel;
  Options options = TRY(Options::parse(words, "o:e:s:S:l:xdrBhHO:"));
  if (options.has('h') && options.has('H')) {
    return usage("-h and -H are mutually exclusive");
  }
  if (options.has('l') && options.has('o')) {
    return usage("-l and -o are mutually exclusive");
  }
  if (options.has('O') && !options.has('h')) return usage("-O needs -h");
  if (options.has('r') && options.has('B')) {
    return usage("-r and -B are mutually exclusive");
  }
  Request request{.chain = {.memory = kernel.memory()},
                  .shape = TRY(entry_shape(session, options))};
  PointerChain& chain = request.chain;
  chain.pointer_size = kernel.arch().pointer_size();
  chain.is_embedded = options.has('h') || options.has('H');
  chain.is_backwards = chain.is_embedded && options.has('r');
  if (auto text = options.argument('o')) {
    chain.offset = TRY(distance(kernel.types(), *text, 'o'));
  }
  if (auto text = options.argument('l')) {
    request.shape.offset = TRY(distance(kernel.types(), *text, 'l'));
  }
  TRY(take_words(session, options, request, chain.offset));
  if (auto text = options.argument('e')) {
    chain.end = TRY(start_address(session, std::string(*text)));
  }
  if (options.has('H')) chain.head = chain.start;
  if (auto text = options.argument('O')) {
    chain.head = chain.start + TRY(distance(kernel.types(), *text, 'O'));
  }
  return request;
}

// ---- Showing it ----

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Request request = TRY(parsed(session, words));
  bool is_first = true;
  for (const ChainItem& item : chain_entries(request.chain)) {
    if (interrupted()) break;
    if (item.fault && item.fault->kind() == ErrorKind::fault) {
      return failed_read(
          "kernel virtual address", Address{item.fault->address()},
          is_first ? "first list entry" : "list entry", *item.fault);
    }
    if (item.fault) return *item.fault;
    show_entry(session.kernel.memory(), request.shape, {.address = item.entry},
               out);
    is_first = false;
  }
  return {};
}

}  // namespace

extern const Command list_command;
const Command list_command = {"list", &help, run};

}  // namespace inquest
