// SPDX-License-Identifier: GPL-3.0-or-later
// vm: the memory areas of processes, and where their pages are.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/context.h"
#include "command/options.h"
#include "command/structure_row.h"
#include "command/values.h"
#include "command/vm_row.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "virtual memory of processes",
    .synopsis =
        "[-p | -P vma | -v | -m] [-M mm] [-R ref] [-x | -d] [pid | task] ...\n"
        "     | -f flags",
    .description =
        "Shows the mm_struct of the current context or of the tasks given,\n"
        "its page directory, how much of it is in memory and how much there\n"
        "is, and its memory areas: each with its addresses, flags and file.\n"
        "Kernel threads have none of that.",
    .options =
        {
            {"-p",
             "each page with its physical address or, where it is not in "
             "memory, its place in swap or in its file"},
            {"-P vma", "the same for the pages of this vm_area_struct only"},
            {"-M mm",
             "take this mm_struct for that of the task, which may have given "
             "its own up"},
            {"-v", "the vm_area_structs"},
            {"-m", "the mm_struct"},
            {"-R ref", "only areas and pages with this address, flags or file"},
            {"-x", "integers of -v and -m in hexadecimal"},
            {"-d", "integers of -v and -m in decimal"},
            {"-f flags", "the names of an area's flags"},
        },
    .examples =
        {
            {"Show the memory areas of the current context", "vm"},
            {"Show where each page of process 1 is", "vm -p 1"},
            {"Name the flags of an area", "vm -f 75"},
        },
};

struct Request {
  bool has_pages = false;
  std::optional<Address> area;  // -P
  std::optional<Address> mm;    // -M
  bool has_areas = false;       // as structures
  bool has_mm = false;
  std::optional<VmReference> reference;
  ValueStyle style;
};

// ---- How we find it ----

// What vm says of one task.
class TaskVm {
 public:
  TaskVm(const Kernel& kernel, const Request& request, Object task,
         report::Sink& out)
      : kernel_(kernel), request_(request), task_(std::move(task)), out_(out) {}

  void show();

 private:
  void find_mm();
  void show_mm_row();
  void show_structures();
  void show_areas();
  void show_area(const Object& vma);
  void show_pages(const Vma& vma);
  void find_references(const Vma& vma);
  void show_page(const VmPageRow& row, bool is_first);
  const MappedSpace* memory();
  VmPageRow page_row(const Vma& vma, const ProcessPage& page);
  void say(Error error) { out_.problem(std::move(error).while_doing("vm")); }

  const Kernel& kernel_;
  const Request& request_;
  Object task_;
  report::Sink& out_;
  Result<Address> mm_at_ = Address{};
  Object mm_ = Error(ErrorKind::not_found, "the task has no memory");
  bool is_shown_ = false;  // the lines on the task and its mm
  bool has_heading_ = false;
  std::optional<Result<MappedSpace>> memory_;
  SwapNames swap_names_;
};

void TaskVm::find_mm() {
  mm_at_ = request_.mm ? Result(*request_.mm) : task_mm(task_);
  if (mm_at_ && mm_at_->value != 0) mm_ = kernel_.object("mm_struct", *mm_at_);
}

void TaskVm::show_mm_row() {
  if (is_shown_) return;
  is_shown_ = true;
  bool is_bare = request_.area || request_.has_areas || request_.has_mm;
  VmRow row{.header = task_header(kernel_, task_), .mm = mm_at_};
  row.has_sizes = !is_bare || !mm_at_ || mm_at_->value == 0;
  if (mm_.fault() == nullptr) {
    row.pgd = mm_["pgd"].to_address();
    MemoryMeter meter(kernel_);
    row.memory = request_.mm ? meter.measure(task_, mm_) : meter.measure(task_);
  }
  emit(out_, row);
  if (!row.pgd) say(row.pgd.error());
}

const MappedSpace* TaskVm::memory() {
  if (!memory_) {
    memory_.emplace(process_memory(kernel_, mm_));
    if (!*memory_) say(memory_->error());
  }
  return *memory_ ? &**memory_ : nullptr;
}

VmPageRow TaskVm::page_row(const Vma& vma, const ProcessPage& page) {
  VmPageRow row{.vma = vma.at,
                .at = page.at,
                .physical = page.physical,
                .swap = {},
                .file = {},
                .fault = page.fault};
  if (page.swap) {
    row.swap = FilePlace{swap_names_.name(kernel_, page.swap->type),
                         page.swap->offset};
  } else if (!page.physical && !page.fault) {
    row.file = place_in_file(vma, page.at, kernel_.page_size());
  }
  return row;
}

void TaskVm::show_page(const VmPageRow& row, bool is_first) {
  if (is_first) out_.layout(vm_page_heading());
  emit(out_, row);
}

void TaskVm::show_pages(const Vma& vma) {
  const MappedSpace* space = memory();
  auto range = vma_range(kernel_, mm_, vma);
  if (!range) say(range.error());
  if (space == nullptr || !range) return;
  bool is_first = true;
  for (const ProcessPage& page :
       process_pages(kernel_, *space, range->start, range->end)) {
    show_page(page_row(vma, page), is_first);
    is_first = false;
  }
}

// The area when it is what was asked for, and those of its pages that are.
void TaskVm::find_references(const Vma& vma) {
  const VmReference& reference = *request_.reference;
  bool is_shown = false;
  auto show_it = [&] {
    show_mm_row();
    if (!is_shown && (request_.has_pages || !has_heading_)) {
      out_.layout(vma_heading());
    }
    has_heading_ = true;
    if (!is_shown) emit(out_, vma);
    is_shown = true;
  };
  if (reference.is_area(vma)) show_it();
  const MappedSpace* space = reference.number ? memory() : nullptr;
  if (space == nullptr) return;
  auto range = vma_range(kernel_, mm_, vma);
  if (!range) return say(range.error());
  bool is_first = true;
  for (const ProcessPage& page :
       process_pages(kernel_, *space, range->start, range->end)) {
    if (!reference.is_page(page, kernel_.page_size())) continue;
    show_it();
    show_page(page_row(vma, page), is_first);
    is_first = false;
    has_heading_ = false;  // the next area starts anew
  }
}

void TaskVm::show_area(const Object& vma) {
  if (request_.has_areas) {
    auto row = whole_instance(vma, request_.style);
    if (row) {
      emit(out_, *row);
    } else {
      say(row.error());
    }
    return;
  }
  Vma record = vma_record(kernel_, vma);
  if (request_.reference) {
    find_references(record);
    return;
  }
  bool has_pages = request_.has_pages || request_.area;
  if (has_pages || !has_heading_) out_.layout(vma_heading());
  has_heading_ = true;
  emit(out_, record);
  if (has_pages) show_pages(record);
}

void TaskVm::show_structures() {
  auto row = whole_instance(mm_, request_.style);
  if (row) {
    emit(out_, *row);
  } else {
    say(row.error());
  }
}

void TaskVm::show() {
  find_mm();
  bool is_empty = mm_.fault() != nullptr;
  bool is_meant = request_.reference && !is_empty &&
                  request_.reference->is_mm(*mm_at_, mm_["pgd"].to_address());
  if (!request_.reference || is_meant) show_mm_row();
  if (!mm_at_) say(mm_at_.error());
  if (is_empty || is_meant) return;
  if (request_.has_mm) {
    show_structures();
    return;
  }
  show_areas();
}

void TaskVm::show_areas() {
  bool is_found = !request_.area;
  for (const Object& vma : vmas(kernel_, mm_)) {
    if (interrupted()) return;
    if (vma.fault() != nullptr) {
      say(*vma.fault());
      continue;
    }
    if (request_.area && vma.address() != *request_.area) continue;
    is_found = true;
    show_area(vma);
  }
  if (is_found) return;
  say(Error(ErrorKind::not_found,
            fmt::format("no memory area of the task is at {:x}",
                        request_.area->value)));
}

// ---- The whole answer ----

Result<std::optional<Address>> address_of(const Options& options, char letter) {
  auto word = options.argument(letter);
  if (!word) return std::optional<Address>();
  auto number = parse_hex(*word);
  if (number) return std::optional(Address{*number});
  return Error(ErrorKind::not_found,
               fmt::format("invalid input: \"{}\"", *word));
}

Result<Request> request_of(const Session& session, const Options& options) {
  unsigned kinds = 0;
  for (char letter : {'p', 'P', 'v', 'm'})
    kinds += options.has(letter) ? 1U : 0U;
  bool has_structures = options.has('v') || options.has('m');
  bool is_other = options.has('R') && (has_structures || options.has('P'));
  if (kinds > 1 || is_other) return Error(ErrorKind::usage, "");
  Request request{.has_pages = options.has('p'),
                  .area = TRY(address_of(options, 'P')),
                  .mm = TRY(address_of(options, 'M')),
                  .has_areas = options.has('v'),
                  .has_mm = options.has('m'),
                  .reference = {},
                  .style = value_style(session, options.radix())};
  if (auto reference = options.argument('R')) {
    request.reference = VmReference::of(*reference);
  }
  return request;
}

Result<void> show_flags(const Kernel& kernel, std::string_view word,
                        report::Sink& out) {
  auto flags = parse_hex(word);
  if (!flags) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid input: \"{}\"", word));
  }
  emit(out, VmFlagsRow{*flags, vma_flag_names(kernel, *flags)});
  return {};
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "pP:M:vmR:xdf:"));
  if (auto flags = options.argument('f')) {
    if (options.all().size() != 1 || !options.words().empty()) {
      return Error(ErrorKind::usage, "");
    }
    return show_flags(session.kernel, *flags, out);
  }
  Request request = TRY(request_of(session, options));
  return for_tasks(session, "vm", options.words(), out,
                   [&](const Object& task, report::Sink& sink) -> Result<void> {
                     TaskVm(session.kernel, request, task, sink).show();
                     return {};
                   });
}

}  // namespace

extern const Command vm_command;
const Command vm_command = {"vm", &help, run};

}  // namespace inquest
