// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/bt_build.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/numbers.h"
#include "kernel/linux_arch.h"
#include "kernel/slab_name.h"

namespace inquest {
namespace {

constexpr std::uint64_t end_magic = 0x57ac6e9d;  // STACK_END_MAGIC
// No kernel stack is larger: what says so is damaged.
constexpr std::uint64_t stack_limit = std::uint64_t{1} << 20;

const StackRange* stack_of(const std::vector<StackRange>& stacks, Address at) {
  auto found = std::ranges::find_if(
      stacks, [&](const StackRange& stack) { return stack.contains(at); });
  return found != stacks.end() ? &*found : nullptr;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return text;
}

}  // namespace

// Where frames are known by records, calls are named by their own address.
BtCode BtBuilder::caller(Address pc) const {
  constexpr std::uint64_t call_size = 4;
  return kernel_.linux_arch().has_frame_records() ? code(pc - call_size, false)
                                                  : code(pc, true);
}

BtCode BtBuilder::code(Address pc, bool is_call) const {
  BtCode found{.address = pc};
  // The call may be the last instruction of a function that does not return.
  auto place = kernel_.place(is_call ? pc - 1 : pc);
  if (place) {
    found.symbol = place->symbol;
    found.offset = place->offset + (is_call ? 1 : 0);
    found.module = place->module;
  } else if (const GeneratedCode* made = walker_.generated_code(pc)) {
    found.symbol = made->name;
    found.offset = pc - made->start;
  }
  if (wants_.has_lines) {
    auto line = kernel_.source_line(is_call ? pc - 1 : pc);
    if (line) found.line = *line;
  }
  return found;
}

BtRegisters BtBuilder::registers(const SavedRegisters& saved) const {
  BtRegisters found{.saved = saved, .code = {}};
  Address pc{saved.registers.find(kernel_.arch().pc_register()).value_or(0)};
  found.code.address = pc;
  if (saved.is_user) return found;
  found.code = code(pc, false);
  if (auto link = saved.find("LR")) found.link = code(Address{*link}, false);
  return found;
}

Backtrace BtBuilder::trace(const Object& task) {
  return wants_.pc || wants_.sp ? walker_.walk_from(task, wants_.pc, wants_.sp)
                                : walker_.walk(task);
}

BtRow BtBuilder::row(const Object& task) {
  BtRow row{.task = task_header(kernel_, task), .style = wants_.style};
  auto stack = task_stack(task);
  row.has_stack = stack && stack->value != 0;
  row.is_active = kernel_.is_live() && walker_.active_cpu(task).has_value();
  if (!row.has_stack || row.is_active) return row;
  Backtrace found = trace(task);
  row.broken = found.broken;
  if (found.user) row.user = registers(*found.user);
  auto stacks = walker_.stacks(task);
  if (wants_.style.is_scan) {
    scan(row, found, stacks);
  } else {
    add_frames(row, found);
    if (wants_.words != 0) add_words(row, stacks);
  }
  return row;
}

void BtBuilder::add_frames(BtRow& row, const Backtrace& trace) {
  std::string_view stack;
  for (const Frame& frame : trace.frames) {
    BtFrame made{
        .slot = frame.slot,
        .code = frame.is_call ? caller(frame.pc) : code(frame.pc, false),
        .stack = frame.stack,
        .method = frame.method};
    if (!stack.empty() && stack != frame.stack) made.left_stack = stack;
    if (frame.registers) made.registers = registers(*frame.registers);
    row.frames.push_back(std::move(made));
    stack = frame.stack;
  }
}

std::string BtBuilder::meaning(std::uint64_t value) const {
  if (wants_.words < 2) return "";
  if (auto place = kernel_.pointed_place(value)) {
    return place->offset == 0
               ? place->symbol
               : fmt::format("{}+{}", place->symbol, place->offset);
  }
  auto cache = slab_cache_name(kernel_, Address{value});
  if (!cache) return "";
  return wants_.words == 2 ? fmt::format("[{}]", *cache)
                           : fmt::format("[{:x}:{}]", value, *cache);
}

void BtBuilder::add_words(BtRow& row,
                          const std::vector<StackRange>& stacks) const {
  for (std::size_t i = 0; i + 1 < row.frames.size(); ++i) {
    BtFrame& frame = row.frames[i];
    Address end = row.frames[i + 1].slot;
    const StackRange* stack = stack_of(stacks, frame.slot);
    if (stack == nullptr || !stack->contains(end)) continue;
    if (end - frame.slot > stack_limit) continue;
    // A frame record is the frame's lower end, a return address its upper.
    bool is_record = kernel_.linux_arch().has_frame_records();
    Address first = is_record ? frame.slot : frame.slot + 8;
    if (is_record) end = end - 8;
    for (Address at = first; at <= end; at = at + 8) {
      auto value = kernel_.memory().u64(at);
      if (!value) break;
      frame.words.push_back({at, *value, meaning(*value)});
    }
  }
}

void BtBuilder::scan_stack(BtRow& row, const StackRange& stack, Address from,
                           Address to) const {
  if (stack.size > stack_limit || !stack.contains(from) || to < from) return;
  std::uint64_t size = to - from;
  auto bytes = kernel_.memory().bytes(from, size);
  if (!bytes) {
    row.broken = std::move(bytes).error();
    return;
  }
  for (std::size_t at = 0; at + 8 <= bytes->size(); at += 8) {
    Address value{
        load_unsigned(Bytes(*bytes).subspan(at, 8), kernel_.memory().endian())};
    value = kernel_.layout().code_address(value.value);
    if (!kernel_.is_text(value)) continue;
    row.frames.push_back(
        {.slot = from + at, .code = code(value, true), .stack = stack.name});
  }
}

// A stack that was left is used up to its last frame, the last one as a whole.
Address BtBuilder::scan_end(const Backtrace& trace, const StackRange& stack) {
  Address last;
  for (const Frame& frame : trace.frames) {
    if (stack.contains(frame.slot)) last = frame.slot + 8;
  }
  bool is_left =
      !trace.frames.empty() && !stack.contains(trace.frames.back().slot);
  return is_left ? last : stack.base + stack.size;
}

// Each stack of the trace from where the trace came to it.
void BtBuilder::scan_from_frames(BtRow& row, const Backtrace& trace,
                                 const std::vector<StackRange>& stacks) const {
  std::string_view last;
  for (const Frame& frame : trace.frames) {
    const StackRange* stack = stack_of(stacks, frame.slot);
    if (stack == nullptr || stack->name == last) continue;
    std::size_t first = row.frames.size();
    if (!frame.is_call) {
      row.frames.push_back({.slot = frame.slot,
                            .code = code(frame.pc, false),
                            .stack = frame.stack});
    }
    scan_stack(row, *stack, frame.slot, scan_end(trace, *stack));
    if (first < row.frames.size() && !last.empty()) {
      row.frames[first].left_stack = last;
    }
    last = stack->name;
  }
}

void BtBuilder::add_registers(BtRow& row, const Backtrace& trace) const {
  for (const Frame& frame : trace.frames) {
    // What led off a stack or to user mode; others are in the midst of it.
    bool is_end =
        &frame == &trace.frames.back() || (&frame + 1)->stack != frame.stack;
    if (!frame.registers || !is_end) continue;
    auto made = std::ranges::find(row.frames, frame.slot, &BtFrame::slot);
    if (made != row.frames.end()) made->registers = registers(*frame.registers);
  }
}

// The stacks of the trace or (-T) the task's own as a whole.
void BtBuilder::scan(BtRow& row, const Backtrace& trace,
                     const std::vector<StackRange>& stacks) const {
  if (!wants_.is_whole_stack) {
    scan_from_frames(row, trace, stacks);
    add_registers(row, trace);
  } else if (!stacks.empty()) {
    const StackRange& own = stacks.front();
    scan_stack(row, own, own.base, own.base + own.size);
  }
}

bool BtBuilder::is_wanted(const BtRow& row) const {
  if (!wants_.reference) return true;
  std::string name = *wants_.reference;
  if (!kernel_.has_symbol(name)) {
    auto number = parse_hex(name);
    auto place = number ? kernel_.place(Address{*number}) : std::nullopt;
    if (place) name = place->symbol;
  }
  return std::ranges::any_of(row.frames, [&](const BtFrame& frame) {
    return frame.code.symbol == name ||
           (frame.registers && frame.registers->code.symbol == name);
  });
}

BtRawRow BtBuilder::raw(const Object& task) {
  BtRawRow row{.task = task_header(kernel_, task)};
  auto stacks = walker_.stacks(task);
  if (stacks.empty()) {
    row.broken = Error(ErrorKind::not_found, "no stack");
    return row;
  }
  const StackRange& stack = stacks.front();
  auto bytes =
      kernel_.memory().bytes(stack.base, std::min(stack.size, stack_limit));
  if (!bytes) {
    row.broken = std::move(bytes).error();
    return row;
  }
  for (std::size_t at = 0; at + 8 <= bytes->size(); at += 8) {
    std::uint64_t value =
        load_unsigned(Bytes(*bytes).subspan(at, 8), kernel_.memory().endian());
    auto place = kernel_.pointed_place(value);
    row.words.push_back(
        {stack.base + at, value,
         !place ? ""
         : place->offset == 0
             ? place->symbol
             : fmt::format("{}+{}", place->symbol, place->offset)});
  }
  return row;
}

std::vector<BtExceptionFrame> BtBuilder::search(const StackRange& stack,
                                                Address from) const {
  std::uint64_t registers_size = kernel_.linux_arch().saved_size(kernel_);
  std::vector<BtExceptionFrame> found;
  if (stack.size > stack_limit) return found;
  Address end = stack.base + stack.size;
  for (Address at = from; at + registers_size <= end; at = at + 8) {
    auto saved = kernel_.linux_arch().saved_registers(kernel_, at, false);
    if (!saved || !kernel_.linux_arch().is_plausible(kernel_, *saved, stack))
      continue;
    found.push_back({saved->is_user, registers(*saved)});
  }
  return found;
}

BtExceptionRow BtBuilder::exceptions(const Object& task) {
  BtExceptionRow row{.task = task_header(kernel_, task)};
  Backtrace found = trace(task);
  for (const StackRange& stack : walker_.stacks(task)) {
    for (const Frame& frame : found.frames) {
      if (!stack.contains(frame.slot)) continue;
      auto frames = search(stack, frame.slot);
      row.found.insert(row.found.end(), frames.begin(), frames.end());
      break;
    }
  }
  return row;
}

std::vector<BtExceptionRow> BtBuilder::exceptions(unsigned cpu,
                                                  bool is_interrupt) {
  std::vector<BtExceptionRow> rows;
  for (const StackRange& stack :
       kernel_.linux_arch().cpu_stacks(kernel_, cpu)) {
    if ((stack.name == "IRQ") != is_interrupt) continue;
    BtExceptionRow row;
    row.title = fmt::format("CPU {} {} STACK:", cpu, upper_case(stack.name));
    auto readable = kernel_.memory().u64(stack.base);
    if (readable) {
      row.found = search(stack, stack.base);
    } else {
      row.broken = std::move(readable).error();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::optional<BtOverflowRow>> BtBuilder::overflow(const Object& task) {
  using Found = std::optional<BtOverflowRow>;
  Address stack = TRY(task_stack(task));
  if (stack.value == 0) return Found();
  BtOverflowRow row{.task = task_header(kernel_, task), .reason = ""};
  Address base = stack;
  // Behind thread_info where that still lies on the stack.
  if (!kernel_.has_member("task_struct", "thread_info")) {
    auto type = kernel_.structure("thread_info");
    if (type) base = base + (*type)->size();
  }
  bool is_first = task.address() == kernel_.symbol("init_task").value_or({});
  std::uint64_t word = TRY(kernel_.memory().u64(base));
  if (word != end_magic && !is_first) {
    row.reason = fmt::format("the stack's end {:x} was overwritten: {:x}",
                             base.value, word);
    return Found(std::move(row));
  }
  if (walker_.active_cpu(task)) return Found();
  Registers registers = TRY(kernel_.linux_arch().sleeping(kernel_, task));
  auto sp = registers.find(kernel_.arch().sp_register());
  if (sp &&
      !StackRange{"", stack, stack_size(kernel_)}.contains(Address{*sp})) {
    row.reason = fmt::format("the saved sp {:x} is outside of the stack", *sp);
    return Found(std::move(row));
  }
  return Found();
}

}  // namespace inquest
