// SPDX-License-Identifier: GPL-3.0-or-later
// search: where values and strings are in memory.

#include "memory/search.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/calculator.h"
#include "command/code.h"
#include "command/options.h"
#include "command/search_row.h"
#include "command/values.h"
#include "kernel/address_ranges.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "search memory",
    .synopsis =
        "[-s start] [ -[kKV] | -u | -p | -t | -T ] [-e end | -l length] "
        "[-m mask]\n         [-x count] -[cwh] [value | (expression) | symbol "
        "| string] ...",
    .description =
        "Shows where the values lie: aligned words, each with its address.\n"
        "Kernel memory is searched by default, by address: all of physical\n"
        "memory as the kernel sees it, then what else is mapped. What is not\n"
        "in the dump is not searched. All cores of this machine take part.",
    .options =
        {
            {"-s start",
             "from this address, symbol or sum in parentheses on; the whole "
             "by default"},
            {"-e end", "up to this address, without it"},
            {"-l length", "so many bytes"},
            {"-k", "kernel virtual memory, the default"},
            {"-K", "the same without vmalloc areas, modules and page structs"},
            {"-V", "the same without the direct map and the kernel's image"},
            {"-u", "the user memory of the current task"},
            {"-p", "physical memory"},
            {"-t", "the kernel stacks of all tasks"},
            {"-T", "the kernel stacks of the tasks that were running"},
            {"-m mask", "the bits that do not matter"},
            {"-x count", "show so many words before and after, too"},
            {"-c", "strings, wherever they start"},
            {"-w", "32-bit words instead of 64-bit ones"},
            {"-h", "16-bit words"},
        },
    .examples =
        {
            {"Find the pointers to init_task", "search init_task"},
            {"Find a text", "search -c \"Linux version\""},
            {"Find 32-bit words that begin with e589",
             "search -w -m ffff e5890000"},
        },
};

// ---- What is asked ----

enum class Space { kernel, user, physical, stacks };

struct Request {
  Space space = Space::kernel;
  bool has_mapped = true;   // vmalloc areas, modules, page structs
  bool has_windows = true;  // the direct map and the image
  bool is_active_only = false;
  bool is_string = false;
  unsigned width = 8;
  std::uint64_t ignored = 0;
  std::uint64_t context = 0;  // words
  std::vector<std::uint64_t> values;
  std::vector<std::string> names;  // what was given for a value; strings
};

struct Value {
  std::uint64_t number = 0;
  std::string name;  // "" for a plain number
};

Error invalid_input(std::string_view word) {
  return {ErrorKind::not_found, fmt::format("invalid input: \"{}\"", word)};
}

Result<Value> parse_value(const Kernel& kernel, const std::string& word) {
  if (word.starts_with('(')) {
    auto sum = calculated(kernel, word);
    if (!sum) return invalid_input(word);
    return Value{*sum, word};
  }
  if (Result<Address> symbol = kernel.symbol(word))
    return Value{symbol->value, word};
  auto number = parse_hex(word);
  if (!number) return invalid_input(word);
  return Value{*number, ""};
}

Result<void> add_value(const Kernel& kernel, const std::string& word,
                       Request& request) {
  Value value = TRY(parse_value(kernel, word));
  if (request.width < 8 && value.number >> request.width * 8 != 0) {
    return Error(ErrorKind::unsupported,
                 fmt::format("value too large for -{} option: {:x} {}",
                             request.width == 4 ? 'w' : 'h', value.number,
                             value.name.empty() ? "" : '(' + value.name + ')'));
  }
  request.values.push_back(value.number);
  request.names.push_back(value.name);
  return {};
}

Result<void> read_values(const Kernel& kernel, const Options& options,
                         Request& request) {
  if (options.words().empty()) return Error(ErrorKind::usage, "");
  for (const std::string& word : options.words()) {
    if (!request.is_string) {
      TRY(add_value(kernel, word, request));
    } else if (word.empty()) {
      return Error(ErrorKind::usage, "an empty string is everywhere");
    } else {
      request.names.push_back(word);
    }
  }
  return {};
}

// What is searched for: 0, 'c', 'w' or 'h'. The last of several counts.
char mode_of(const Options& options, report::Sink& out) {
  char mode = 0;
  for (const auto& [letter, argument] : options.all()) {
    if (letter != 'c' && letter != 'w' && letter != 'h') continue;
    if (mode != 0 && mode != letter) {
      out.note(
          fmt::format("search: WARNING: overriding previously set search "
                      "mode with \"{}\"",
                      letter));
    }
    mode = letter;
  }
  return mode;
}

Result<std::uint64_t> context_of(std::string_view text, bool is_string) {
  constexpr std::uint64_t most = 65536;
  auto number = parse_number(text);
  if (!number || *number > most) {
    return Error(ErrorKind::usage, fmt::format("invalid count: {}", text));
  }
  if (is_string) {
    return Error(ErrorKind::usage, "-x option is not allowed with -c");
  }
  return *number;
}

Result<void> choose_mode(const Options& options, Request& request,
                         report::Sink& out) {
  char mode = mode_of(options, out);
  request.is_string = mode == 'c';
  if (mode == 'w') request.width = 4;
  if (mode == 'h') request.width = 2;
  if (auto mask = options.argument('m')) {
    auto bits = parse_hex(*mask);
    if (!bits) return invalid_input(*mask);
    request.ignored = *bits;
  }
  if (auto count = options.argument('x')) {
    request.context = TRY(context_of(*count, request.is_string));
  }
  return {};
}

// Of -u, -p, -t and -T, the first that was given for another memory than the
// kernel's; 0: none.
char memory_letter(const Options& options) {
  for (char letter : {'t', 'T', 'u', 'p'}) {
    if (options.has(letter)) return letter;
  }
  return 0;
}

Result<void> choose_space(const Options& options, Request& request) {
  bool is_kernel = options.has('k') || options.has('K') || options.has('V');
  auto count = static_cast<unsigned>(is_kernel);
  for (char letter : {'u', 'p', 't', 'T'})
    count += static_cast<unsigned>(options.has(letter));
  char letter = memory_letter(options);
  bool has_stacks = letter == 't' || letter == 'T';
  bool has_limits = options.has('s') || options.has('e') || options.has('l');
  if (count > 1 || (has_stacks && has_limits)) {
    return Error(ErrorKind::unsupported,
                 fmt::format("-{} option cannot be used with other "
                             "memory-selection options",
                             letter));
  }
  request.has_mapped = !options.has('K');
  request.has_windows = !options.has('V');
  request.is_active_only = letter == 'T';
  if (letter == 'u') request.space = Space::user;
  if (letter == 'p') request.space = Space::physical;
  if (has_stacks) request.space = Space::stacks;
  return {};
}

// ---- Where it is searched ----

struct TaskStack {
  Object task;
  AddressRange range;
};

// What is searched: |parts| of |memory|, of which only |bounds| count.
struct Scope {
  const AddressSpace* memory = nullptr;
  std::unique_ptr<AddressSpace> owned;  // a process's memory
  std::vector<AddressRange> parts;
  AddressRange bounds = {Address{0}, Address{~std::uint64_t{0}}};
  std::vector<TaskStack> stacks = {};
};

std::string_view space_name(Space space) {
  switch (space) {
    case Space::user:
      return "user virtual";
    case Space::physical:
      return "physical";
    default:
      return "kernel virtual";
  }
}

Error below_start(Address end, Address start) {
  return {ErrorKind::usage,
          fmt::format("ending address {:x} is below starting address {:x}",
                      end.value, start.value)};
}

Error invalid_address(Space space, Address at) {
  return {ErrorKind::usage,
          fmt::format("invalid {} address: {:x}", space_name(space), at.value)};
}

Result<Address> place(const Kernel& kernel, std::string_view word) {
  auto found = code_place(kernel, word);
  if (!found) return invalid_input(word);
  return found->at;
}

// The last address that -e or -l leave, from |start| on.
Result<Address> last_address(const Kernel& kernel, const Options& options,
                             Address start, Address usual) {
  auto end = options.argument('e');
  auto length = options.argument('l');
  if (end && length) {
    return Error(ErrorKind::usage, "-e and -l cannot be used together");
  }
  if (end) {
    Address at = TRY(place(kernel, *end));
    if (at <= start) return below_start(at, start);
    return at - 1;
  }
  if (length) {
    auto size = parse_number(*length);
    if (!size || *size == 0) {
      return Error(ErrorKind::usage,
                   fmt::format("invalid length: {}", *length));
    }
    std::uint64_t most = ~std::uint64_t{0} - start.value;
    return start + std::min(*size - 1, most);
  }
  if (usual < start) return below_start(usual + 1, start);
  return usual;
}

// Limits |scope| to what -s, -e and -l say. |valid|: where addresses of this
// kind are at all.
Result<void> limit(const Kernel& kernel, const Options& options,
                   const Request& request, AddressRange valid, Scope& scope) {
  Address start = scope.bounds.start;
  if (auto word = options.argument('s')) start = TRY(place(kernel, *word));
  if (!valid.contains(start)) return invalid_address(request.space, start);
  scope.bounds.start = start;
  scope.bounds.last =
      TRY(last_address(kernel, options, start, scope.bounds.last));
  if (!valid.contains(scope.bounds.last)) {
    return invalid_address(request.space, scope.bounds.last);
  }
  return {};
}

void round_down(const Request& request, Scope& scope, report::Sink& out) {
  std::uint64_t beyond = scope.bounds.start.value % request.width;
  if (request.is_string || beyond == 0) return;
  scope.bounds.start = scope.bounds.start - beyond;
  out.note(fmt::format("search: rounding down start address to: {:x}",
                       scope.bounds.start.value));
}

Result<Scope> kernel_scope(const Kernel& kernel, const Request& request) {
  Scope scope{.memory = &kernel.memory(), .owned = nullptr, .parts = {}};
  for (const auto& [kind, range] : kernel_ranges(kernel)) {
    bool is_window = kind == RangeKind::direct_map || kind == RangeKind::image;
    if (is_window ? request.has_windows : request.has_mapped)
      scope.parts.push_back(range);
  }
  if (scope.parts.empty()) {
    return Error(ErrorKind::usage, "-K and -V leave nothing to search");
  }
  scope.bounds = {scope.parts.front().start, scope.parts.back().last};
  return scope;
}

Scope physical_scope(const Kernel& kernel) {
  Scope scope{.memory = &kernel.physical(), .owned = nullptr, .parts = {}};
  scope.bounds = {Address{0}, Address{0}};
  for (const PhysRange& range : kernel.dump().ranges()) {
    if (range.size == 0) continue;
    Address last{range.start.value + (range.size - 1)};
    scope.bounds.last = std::max(scope.bounds.last, last);
  }
  scope.parts.push_back(scope.bounds);
  return scope;
}

Result<Scope> stack_scope(const Kernel& kernel, bool is_active_only,
                          report::Sink& out) {
  Scope scope{.memory = &kernel.memory(), .owned = nullptr, .parts = {}};
  std::set<Address> active;
  for (unsigned cpu : scheduled_cpus(kernel)) {
    if (auto task = current_task(kernel, cpu)) active.insert(task->address());
  }
  std::uint64_t size = stack_size(kernel);
  for (const Object& task : tasks(kernel)) {
    if (task.fault() != nullptr) {
      out.problem(*task.fault());
      break;
    }
    if (is_active_only && !active.contains(task.address())) continue;
    Result<Address> stack = task_stack(task);
    if (!stack || stack->value == 0 || size == 0) continue;
    scope.stacks.push_back({task, {*stack, *stack + (size - 1)}});
    scope.parts.push_back(scope.stacks.back().range);
  }
  return scope;
}

Result<Scope> scope_of(const Session& session, const Options& options,
                       const Request& request, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  constexpr AddressRange everything = {Address{0}, Address{~std::uint64_t{0}}};
  if (request.space == Space::stacks) {
    return stack_scope(kernel, request.is_active_only, out);
  }
  AddressRange valid = everything;
  Scope scope;
  if (request.space == Space::physical) {
    scope = physical_scope(kernel);
  } else if (request.space == Space::user) {
    scope.owned = TRY(user_space(session));
    scope.memory = scope.owned.get();
    scope.parts = {user_range};
    scope.bounds = valid = user_range;
  } else {
    scope = TRY(kernel_scope(kernel, request));
    valid = {user_range.last + 1, everything.last};
  }
  TRY(limit(kernel, options, request, valid, scope));
  round_down(request, scope, out);
  return scope;
}

// ---- How we find it ----

Generator<Extent> extents_of(const Scope& scope) {
  constexpr std::uint64_t in_page = Dump::scan_unit - 1;
  const auto* mapped = dynamic_cast<const MappedSpace*>(scope.memory);
  for (const AddressRange& part : scope.parts) {
    AddressRange range = {std::max(part.start, scope.bounds.start),
                          std::min(part.last, scope.bounds.last)};
    if (range.last < range.start) continue;
    range.start.value &= ~in_page;
    range.last.value |= in_page;
    if (mapped == nullptr) {
      Extent whole{range.start, PhysAddress{range.start.value},
                   range.last - range.start + 1};
      co_yield whole;
      continue;
    }
    for (const Extent& extent : mapped_extents(*mapped, range))
      co_yield extent;
  }
}

// Turns hits into rows.
class Answer {
 public:
  Answer(const Kernel& kernel, const Request& request, const Scope& scope,
         report::Sink& out)
      : kernel_(kernel), request_(request), scope_(scope), out_(out) {
    for (const PhysRange& range : kernel.dump().ranges())
      all_ += range.size;
  }

  void add(const SearchHit& hit) {
    SearchRow row{.address = hit.at, .value = hit.value};
    if (request_.is_string) {
      row.string = request_.names[hit.which];
      row.text = string_text(*scope_.memory, hit.at, row.string.size());
    } else {
      row.width = request_.width;
      row.name = request_.names[hit.which];
    }
    if (request_.context != 0)
      add_context(row, *scope_.memory, request_.context);
    if (!scope_.stacks.empty()) add_task(row);
    emit(out_, row);
    is_flushed_ = false;
  }

  // What was found is shown before all is searched.
  void show(std::uint64_t done) {
    constexpr std::chrono::milliseconds patience(200);
    auto now = std::chrono::steady_clock::now();
    if (!is_flushed_ && now - flushed_ > patience) {
      out_.flush();
      flushed_ = now;
      is_flushed_ = true;
    }
    if (all_ > 1) out_.progress(work, std::min(done, all_ - 1), all_);
  }

  ~Answer() { out_.progress(work, 1, 1); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

 private:
  static constexpr std::string_view work = "searching memory";

  void add_task(SearchRow& row) {
    bool is_new = !has_task_;
    while (stack_ + 1 < scope_.stacks.size() &&
           !scope_.stacks[stack_].range.contains(row.address)) {
      ++stack_;
      is_new = true;
    }
    row.task = task_header(kernel_, scope_.stacks[stack_].task);
    if (!is_new) return;
    out_.layout((has_task_ ? "\n" : "") + to_text(*row.task));
    has_task_ = true;
  }

  const Kernel& kernel_;
  const Request& request_;
  const Scope& scope_;
  report::Sink& out_;
  std::uint64_t all_ = 0;
  std::size_t stack_ = 0;
  bool has_task_ = false;
  bool is_flushed_ = true;
  std::chrono::steady_clock::time_point flushed_ =
      std::chrono::steady_clock::now();
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  const Kernel& kernel = session.kernel;
  Options options = TRY(Options::parse(words, "tTkKVupcwhs:e:l:m:x:"));
  Request request;
  TRY(choose_space(options, request));
  TRY(choose_mode(options, request, out));
  TRY(read_values(kernel, options, request));
  Scope scope = TRY(scope_of(session, options, request, out));
  Pattern pattern =
      request.is_string
          ? Pattern::strings(request.names)
          : Pattern::words(request.width, request.values, request.ignored,
                           kernel.arch().endian());
  Answer answer(kernel, request, scope, out);
  SearchTotals totals =
      search({.memory = kernel.physical(),
              .pattern = pattern,
              .bounds = scope.bounds,
              .on_hit = [&](const SearchHit& hit) { answer.add(hit); },
              .on_progress = [&](std::uint64_t done) { answer.show(done); }},
             dumped_extents(extents_of(scope), kernel.dump().ranges()));
  if (totals.damaged != 0) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} pages of the dump are damaged and were not "
                             "searched",
                             totals.damaged / Dump::scan_unit));
  }
  if (totals.searched == 0 && !interrupted()) {
    return Error(
        ErrorKind::fault,
        fmt::format("nothing of {:x} - {:x} is in the dump",
                    scope.bounds.start.value, scope.bounds.last.value));
  }
  return {};
}

}  // namespace

extern const Command search_command = {"search", &help, run};

}  // namespace inquest
