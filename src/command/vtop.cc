// SPDX-License-Identifier: GPL-3.0-or-later
// vtop: from a virtual address to physical memory, step by step.

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/context.h"
#include "command/options.h"
#include "command/vtop_row.h"
#include "kernel/linux_arch.h"
#include "kernel/user_memory.h"
#include "memory/extents.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "virtual to physical",
    .synopsis = "[-c pid | task] [-u | -k] address ...",
    .description =
        "Translates each hexadecimal virtual address, showing every page\n"
        "table on the way, the flags of the last entry, for user addresses\n"
        "the memory area, and the page. Where a page is not there, shows\n"
        "where it was swapped to or the place in the file that it is of.\n"
        "User addresses are those of the current context's task.",
    .options =
        {
            {"-u", "user addresses"},
            {"-k", "kernel addresses"},
            {"-c pid|task", "user addresses are this task's"},
        },
    .examples = {{"Where the kernel's text is", "vtop ffffffff81000000"}},
};

// ---- How we find it ----

using State = VtopRow::State;

// Walks one space's tables and tells what is at the end.
class Translator {
 public:
  Translator(const Kernel& kernel, const MappedSpace& space, bool is_user)
      : kernel_(kernel), space_(space), is_user_(is_user) {}

  void translate(VtopRow& row) const;

 private:
  void add_tables(VtopRow& row, const std::vector<WalkStep>& steps,
                  std::optional<Address> top) const;
  void add_end(VtopRow& row, const std::vector<WalkStep>& steps,
               const Result<Translation>& found) const;
  bool is_x86() const { return kernel_.arch().name() == "x86_64"; }

  const Kernel& kernel_;
  const MappedSpace& space_;
  bool is_user_;
};

// |top|: where the top table lies, virtually.
void Translator::add_tables(VtopRow& row, const std::vector<WalkStep>& steps,
                            std::optional<Address> top) const {
  for (const WalkStep& step : steps) {
    std::uint64_t at = step.entry_at.value;
    if (!is_x86()) {
      auto direct = direct_address(kernel_, step.entry_at);
      if (direct) at = direct->value;
      if (row.tables.empty() && top) {
        at = top->value + (step.entry_at - space_.paging()->root);
      }
    }
    row.tables.push_back({step.table, at, step.entry});
  }
}

void Translator::add_end(VtopRow& row, const std::vector<WalkStep>& steps,
                         const Result<Translation>& found) const {
  if (steps.empty()) return;
  std::uint64_t last = steps.back().entry;
  PageEntryRow entry = page_entry_row(kernel_, last);
  row.page_size =
      found ? found->page_size : entry_reach(*space_.paging(), steps.size());
  bool is_hidden = entry.entry.kind == PageEntry::Kind::hidden;
  if (!found && !is_hidden) {
    // An entry that leads on to a table that cannot be read is no page's.
    bool is_absent = entry.entry.kind == PageEntry::Kind::swapped;
    if (is_absent) row.entry = std::move(entry);
    return;
  }
  std::uint64_t in_page = row.address.value & (row.page_size - 1);
  row.physical = found ? found->physical
                       : entry.entry.physical_of(row.address, row.page_size);
  row.state = State::mapped;
  row.fault.reset();
  row.page_base = row.physical - in_page;
  row.is_large = steps.size() < space_.paging()->levels;
  row.is_zero_page = is_zero_page(kernel_, row.page_base);
  row.entry = std::move(entry);
}

void Translator::translate(VtopRow& row) const {
  std::vector<WalkStep> steps;
  auto found = space_.walk(row.address, &steps);
  if (!found && !is_unmapped(found.error())) {
    row.state = State::unreadable;
    row.fault = found.error();
  }
  std::optional<Address> top;
  if (!is_user_) {
    if (auto at = kernel_.memory().paging(); at) {
      for (const LinearWindow& window : kernel_.layout().windows) {
        std::uint64_t distance = at->root - window.physical;
        if (distance < window.size) top = window.start + distance;
      }
    }
  } else if (auto at = direct_address(kernel_, space_.paging()->root)) {
    top = *at;
  }
  row.names_directories = is_x86();
  if (!is_user_ || !is_x86()) row.directory = top;
  add_tables(row, steps, top);
  add_end(row, steps, found);
}

// ---- The whole answer ----

struct Request {
  Object task;
  std::optional<bool> is_user;  // -u, -k
};

class Vtop {
 public:
  Vtop(const Kernel& kernel, const Request& request, report::Sink& out)
      : kernel_(kernel), request_(request), out_(out) {}

  void show(Address at);

 private:
  void find(VtopRow& row);
  bool find_user(VtopRow& row);
  void add_page(VtopRow& row);
  static void add_place(VtopRow& row, std::uint64_t page_size);
  void say(Error error) { out_.problem(std::move(error).while_doing("vtop")); }

  const Kernel& kernel_;
  const Request& request_;
  report::Sink& out_;
};

void Vtop::show(Address at) {
  constexpr std::uint64_t kernel_half = std::uint64_t{1} << 63;
  VtopRow row;
  row.address = at;
  bool is_lower = at.value < kernel_half;
  row.is_user = request_.is_user.value_or(is_lower);
  if (!row.is_user && is_lower) {
    row.state = State::not_kernel;
  } else {
    find(row);
  }
  emit(out_, row);
  if (row.fault) say(*row.fault);
}

void Vtop::find(VtopRow& row) {
  if (row.is_user) {
    row.task = request_.task.address();
    if (!find_user(row)) return;
  } else if (kernel_.memory().paging()) {
    Translator(kernel_, kernel_.memory(), false).translate(row);
  }
  add_page(row);
}

// Whether there is anything to go on with.
bool Vtop::find_user(VtopRow& row) {
  row.state = State::not_accessible;
  Object mm = request_.task["mm"];
  auto at = mm.to_address();
  if (at && at->value == 0) return false;
  if (!at) row.fault = at.error();
  auto vma = at ? vma_at(kernel_, mm.dereference(), row.address) : at.error();
  if (vma && !*vma) return false;
  auto memory = at ? process_memory(kernel_, mm.dereference()) : at.error();
  if (!memory) {
    row.fault = memory.error();
    row.state = State::unreadable;
    return false;
  }
  row.state = State::not_mapped;
  if (vma) {
    row.vma = vma_record(kernel_, **vma);
  } else {
    say(vma.error());
  }
  Translator(kernel_, *memory, true).translate(row);
  add_place(row, kernel_.page_size());
  return true;
}

// Where a page is that is not in memory.
void Vtop::add_place(VtopRow& row, std::uint64_t page_size) {
  if (row.state != State::not_mapped) return;
  if (row.entry) {
    const PageEntryRow& entry = *row.entry;
    row.swap =
        entry.swap_file
            ? Result(FilePlace{*entry.swap_file, entry.entry.swap.offset})
            : Result<FilePlace>(entry.swap_file.error());
    return;
  }
  if (row.vma) row.file = place_in_file(*row.vma, row.address, page_size);
}

void Vtop::add_page(VtopRow& row) {
  if (!row.has_page()) return;
  auto page = page_state(kernel_, row.physical);
  // Devices' memory has no struct page.
  if (page) {
    row.page = page_row(kernel_, std::move(page).value());
  } else if (page.error().kind() != ErrorKind::not_found) {
    say(page.error());
  }
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "ukc:"));
  if (options.words().empty()) return Error(ErrorKind::usage, "");
  if (options.has('u') && options.has('k')) {
    return Error(ErrorKind::not_found,
                 "-u and -k options are mutually exclusive");
  }
  auto named = options.argument('c');
  Request request{.task = named ? TRY(named_task(session.kernel, *named))
                                : TRY(current_context(session)),
                  .is_user = {}};
  if (options.has('u') || options.has('k')) request.is_user = options.has('u');
  Vtop vtop(session.kernel, request, out);
  bool is_first = true;
  for (const std::string& word : options.words()) {
    if (interrupted()) break;
    auto at = parse_hex(word);
    if (!at) {
      out.problem(Error(ErrorKind::not_found,
                        fmt::format("vtop: invalid input: \"{}\"", word)));
      continue;
    }
    if (!is_first) out.layout("\n");
    is_first = false;
    vtop.show(Address{*at});
  }
  return {};
}

}  // namespace

extern const Command vtop_command;
const Command vtop_command = {"vtop", &help, run};

}  // namespace inquest
