// SPDX-License-Identifier: GPL-3.0-or-later
// kmem ADDRESS: what is at this address. All that can be said of it is said.

#include <optional>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/code.h"
#include "command/columns.h"
#include "command/context.h"
#include "command/kmem.h"
#include "command/kmem_free.h"
#include "command/kmem_vmalloc.h"
#include "command/memory_rows.h"
#include "command/symbol_row.h"
#include "kernel/faults.h"
#include "kernel/linux_arch.h"
#include "kernel/page_users.h"
#include "kernel/per_cpu_areas.h"
#include "kernel/task.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct CpuStackRow {
  unsigned cpu = 0;
  StackRange stack;
};

report::Record to_record(const CpuStackRow& row) {
  return report::Record()
      .with("cpu", row.cpu)
      .with("stack", row.stack.name)
      .with("start", row.stack.base)
      .with("end", row.stack.base + row.stack.size);
}

std::string to_text(const CpuStackRow& row) {
  return fmt::format("CPU {} {} STACK: {:x} - {:x}\n", row.cpu, row.stack.name,
                     row.stack.base.value,
                     row.stack.base.value + row.stack.size);
}

struct CpuAreaRow {
  PerCpuPlace place;
};

report::Record to_record(const CpuAreaRow& row) {
  report::Record record;
  record.add("cpu", row.place.cpu);
  record.add("per_cpu_area", row.place.start);
  record.add("offset", row.place.offset);
  if (!row.place.symbol.empty()) {
    record.add("symbol", row.place.symbol);
    record.add("symbol_offset", row.place.symbol_offset);
  }
  return record;
}

std::string to_text(const CpuAreaRow& row) {
  const PerCpuPlace& place = row.place;
  std::string what = "(dynamic)";
  if (!place.symbol.empty()) {
    what = symbol_text(printable(place.symbol), place.symbol_offset, false);
  }
  return fmt::format(
      "CPU  PER-CPU AREA        OFFSET  SYMBOL\n"
      "{:>3}  {:016x}  {:>8x}  {}\n",
      place.cpu, place.start.value, place.offset, what);
}

// An address in the array of struct pages.
struct MemMapRow {
  Address page;
  std::uint64_t offset = 0;  // in it
  PhysAddress physical;      // of what it describes
};

report::Record to_record(const MemMapRow& row) {
  return report::Record()
      .with("struct_page", row.page)
      .with("offset", row.offset)
      .with("describes", row.physical);
}

std::string to_text(const MemMapRow& row) {
  return fmt::format(
      "MEM_MAP: {} of physical address {:x}\n",
      symbol_text(fmt::format("{:x}", row.page.value), row.offset, false),
      row.physical.value);
}

// Who has a page in memory.
struct UserRow {
  PageUser user;
  Result<std::int64_t> pid;
  Result<std::string> comm;
};

report::Record to_record(const UserRow& row) {
  report::Record record;
  record.add("mm", row.user.mm);
  if (row.user.task) {
    record.add("pid", row.pid);
    record.add("task", row.user.task->address());
    record.add("comm", row.comm);
  }
  record.add("user_address", row.user.at);
  return record;
}

constexpr std::string_view user_heading =
    "    PID        TASK        USER ADDRESS  COMMAND\n";

std::string to_text(const UserRow& row) {
  if (!row.user.task) {
    return fmt::format("      -  {:<16}  {:>12x}  (mm_struct {:x})\n", "-",
                       row.user.at.value, row.user.mm.value);
  }
  return fmt::format("{:>7}  {:016x}  {:>12x}  {}\n", cell(row.pid),
                     row.user.task->address().value, row.user.at.value,
                     cell(row.comm));
}

// ---- How we find it ----

// An address as it was given, and what that means.
struct Subject {
  Address wanted;
  std::optional<Address> at;           // a kernel address
  std::optional<std::uint64_t> frame;  // the page there
  std::optional<PageMap::Containing> in_map;
};

class Identifier {
 public:
  static Result<Identifier> open(const Session& session, report::Sink& out) {
    FreePages free = TRY(FreePages::open(session.kernel));
    return Identifier(session, std::move(free), out);
  }

  void identify(Address wanted, bool is_physical) {
    Subject subject = subject_of(wanted, is_physical);
    report::Paragraphs out(out_);
    bool is_found = false;
    if (subject.at && !subject.in_map) {
      is_found = show_virtual(*subject.at, out);
    }
    if (subject.frame) show_free(subject, out);
    if (subject.at) is_found |= show_areas(*subject.at, out);
    if (subject.in_map) show_map(*subject.in_map, out);
    if (subject.frame) {
      show_page(*subject.frame, out);
      show_users(*subject.frame, out);
    } else if (!is_found) {
      bool is_kernel = !is_physical && is_kernel_address(wanted);
      out_.problem(Error(
          ErrorKind::not_found,
          fmt::format("{:x}: {} address not found in mem map", wanted.value,
                      is_kernel ? "kernel virtual" : "physical")));
    }
  }

 private:
  Identifier(const Session& session, FreePages free, report::Sink& out)
      : kernel_(session.kernel),
        free_(std::move(free)),
        slabs_(SlabAllocator::open(kernel_)),
        out_(out) {}

  Subject subject_of(Address wanted, bool is_physical) const {
    Subject subject{.wanted = wanted, .at = {}, .frame = {}, .in_map = {}};
    std::uint64_t page_size = kernel_.page_size();
    if (is_physical || !is_kernel_address(wanted)) {
      std::uint64_t frame = wanted.value / page_size;
      if (!free_.pages().page(frame)) return subject;
      subject.frame = frame;
      auto direct = direct_address(kernel_, PhysAddress{wanted.value});
      if (direct) subject.at = *direct;
      return subject;
    }
    subject.at = wanted;
    subject.in_map = free_.pages().containing(wanted);
    if (subject.in_map) {
      subject.frame = subject.in_map->frame;
      return subject;
    }
    auto frame = mapped_frame(wanted);
    if (frame) {
      subject.frame = *frame;
    } else if (is_lost(frame.error()) && !is_unmapped(frame.error())) {
      out_.problem(Error(frame.error()).while_doing("kmem: the page"));
    }
    return subject;
  }

  // Of a page that has a struct page.
  Result<std::uint64_t> mapped_frame(Address at) const {
    PhysAddress physical = TRY(kernel_.memory().to_physical(at));
    std::uint64_t frame = physical.value / kernel_.page_size();
    TRY(free_.pages().page(frame));
    return frame;
  }

  // What the address itself belongs to.
  bool show_virtual(Address at, report::Paragraphs& out) {
    bool is_found = false;
    auto next = [&] {
      out.next();
      is_found = true;
    };
    if (auto symbol = symbol_at(kernel_, at)) {
      next();
      emit(out, symbol_row(kernel_, *symbol, SymbolTail::line));
    }
    if (slabs_) {
      auto place = slab_place(**slabs_, at);
      if (place) {
        next();
        show_slab_place(*place, false, out);
      } else if (place.error().kind() == ErrorKind::unsupported) {
        out.note(place.error().message());
      } else if (place.error().kind() != ErrorKind::not_found) {
        out.problem(Error(place.error()).while_doing("kmem: slab cache"));
      }
    } else if (is_lost(slabs_.error())) {
      out.problem(Error(slabs_.error()).while_doing("kmem: slab caches"));
    }
    if (auto task = task_around(at)) {
      next();
      emit(out, context_row(kernel_, *task));
    }
    for (unsigned cpu : kernel_.possible_cpus()) {
      for (StackRange& stack : kernel_.linux_arch().cpu_stacks(kernel_, cpu)) {
        if (!stack.contains(at)) continue;
        next();
        emit(out, CpuStackRow{cpu, std::move(stack)});
      }
    }
    return is_found;
  }

  // The task whose task_struct or stack |at| lies in. The structure may be
  // smaller in memory than its type, whose end depends on the processor.
  std::optional<Object> task_around(Address at) const {
    auto type = kernel_.structure("task_struct");
    std::uint64_t nearest = type ? (*type)->size() : 0;
    std::uint64_t stack_bytes = stack_size(kernel_);
    std::optional<Object> found;
    for (const Object& task : known_tasks(kernel_)) {
      if (interrupted()) break;
      auto stack = task_stack(task);
      if (stack && at - *stack < stack_bytes) return task;
      if (at - task.address() >= nearest) continue;
      nearest = at - task.address();
      found = task;
    }
    return found;
  }

  void show_free(const Subject& subject, report::Paragraphs& out) {
    auto place = free_.buddy_place(*subject.frame);
    if (!place) place = free_.cpu_place(*subject.frame);
    if (!place) return;
    out.next();
    show_free_place(free_, *place, subject.wanted, *subject.frame, out);
  }

  // What the address lies within.
  bool show_areas(Address at, report::Paragraphs& out) {
    bool is_found = false;
    if (auto area = vmalloc_area(kernel_, at)) {
      out.next();
      out.layout(vmalloc_heading());
      emit(out, vmalloc_row(kernel_, *area));
      is_found = true;
    }
    if (auto place = per_cpu_place(kernel_, at)) {
      out.next();
      emit(out, CpuAreaRow{std::move(*place)});
      is_found = true;
    }
    return is_found;
  }

  void show_map(const PageMap::Containing& found, report::Paragraphs& out) {
    if (found.offset == 0) return;
    out.next();
    emit(out,
         MemMapRow{
             found.page, found.offset, {found.frame * kernel_.page_size()}});
  }

  void show_page(std::uint64_t frame, report::Paragraphs& out) {
    auto state = page_state(kernel_, {frame * kernel_.page_size()});
    if (!state) return out.problem(state.error());
    out.next();
    PageRow row = page_row(kernel_, std::move(state).value());
    out.layout(page_heading(row.physical_width));
    emit(out, row);
  }

  void show_users(std::uint64_t frame, report::Paragraphs& out) {
    PageUsers users = page_users(kernel_, free_.pages(), frame);
    if (!users.found.empty()) {
      out.next();
      out.layout(user_heading);
    }
    for (const PageUser& user : users.found) {
      Error unknown(ErrorKind::not_found, "no task");
      emit(out, UserRow{user, user.task ? task_pid(*user.task) : unknown,
                        user.task ? task_comm(*user.task) : unknown});
    }
    if (users.incomplete) {
      out.problem(Error(*users.incomplete).while_doing("users of the page"));
    }
  }

  const Kernel& kernel_;
  FreePages free_;
  Result<std::unique_ptr<SlabAllocator>> slabs_;
  report::Sink& out_;
};

}  // namespace

Result<void> show_address(Session& session, const Options& options,
                          report::Sink& out) {
  auto wanted = TRY(kmem_addresses(session, options));
  if (wanted.empty()) return Error(ErrorKind::usage, "");
  Identifier identifier = TRY(Identifier::open(session, out));
  for (std::size_t i = 0; i < wanted.size() && !interrupted(); ++i) {
    if (i != 0) out.layout("\n");
    identifier.identify(wanted[i], options.has('P'));
  }
  return {};
}

}  // namespace inquest
