// SPDX-License-Identifier: GPL-3.0-or-later
// sbitmapq: a struct sbitmap_queue, and the elements of an array that its bits
// stand for.

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "command/columns.h"
#include "command/options.h"
#include "command/structure_row.h"
#include "command/values.h"
#include "kernel/sbitmap.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "scalable bitmaps",
    .synopsis =
        "[-s struct[.member[,member]] -a address [-p] [-v]] [-x | -d] address",
    .description =
        "Shows the sbitmap_queue at an address and its bits, or those "
        "elements\n"
        "of an array whose bits are set: the tags in use of a block device,\n"
        "say, are the bits of blk_mq_tags.bitmap_tags, and the requests its\n"
        "elements.",
    .options =
        {
            {"-s", "the structure of the array's elements, or members of it"},
            {"-a", "where the array begins"},
            {"-p", "the array has pointers to structures"},
            {"-v", "the structures themselves, not only where they are"},
            {"-x", "numbers of structures in hexadecimal"},
            {"-d", "numbers of structures in decimal"},
        },
    .examples =
        {
            {"Which tags of a device are taken?", "sbitmapq sample_tags"},
            {"The requests behind them",
             "sbitmapq -s demo_request -a sample_requests -v sample_tags"},
        },
};

// ---- What we answer ----

struct QueueRow {
  Address at;
  SbitmapQueue queue;
};

report::List set_bits(const Sbitmap& bitmap) {
  report::List bits;
  for (std::size_t i = 0; i < bitmap.set.size(); ++i) {
    if (bitmap.set[i]) bits.emplace_back(static_cast<std::uint64_t>(i));
  }
  return bits;
}

report::Record to_record(const SbitmapWaiter& waiter) {
  report::Record record;
  if (waiter.wait_count) record.add("wait_count", *waiter.wait_count);
  record.add("active", waiter.is_active);
  return record;
}

report::Record to_record(const QueueRow& row) {
  const SbitmapQueue& queue = row.queue;
  report::Record record;
  record.add("address", row.at);
  record.add("depth", queue.bitmap.depth);
  record.add("busy", queue.bitmap.busy());
  record.add("cleared", queue.bitmap.cleared);
  record.add("bits_per_word", queue.bitmap.bits_per_word);
  record.add("words", queue.bitmap.words);
  record.add("hints", report::List(queue.hints.begin(), queue.hints.end()));
  record.add("wake_batch", queue.wake_batch);
  record.add("wake_index", queue.wake_index);
  if (queue.active_waits) record.add("active_waits", *queue.active_waits);
  report::List waiters;
  for (const SbitmapWaiter& waiter : queue.waiters)
    waiters.emplace_back(to_record(waiter));
  record.add("waiters", std::move(waiters));
  record.add("round_robin", queue.round_robin);
  if (queue.min_shallow_depth) {
    record.add("min_shallow_depth", *queue.min_shallow_depth);
  }
  record.add("set", set_bits(queue.bitmap));
  return record;
}

std::string waiters_text(const std::vector<SbitmapWaiter>& waiters) {
  std::string text = "ws = {\n";
  for (const SbitmapWaiter& waiter : waiters) {
    text += "\t{ ";
    if (waiter.wait_count) {
      text += fmt::format(".wait_cnt = {}, ", *waiter.wait_count);
    }
    text += fmt::format(".wait = {} }},\n",
                        report::cell_text(waiter.is_active, [](bool is_active) {
                          return is_active ? "active" : "inactive";
                        }));
  }
  return text + "}\n";
}

// 16 bytes a line, two and two.
std::string bytes_text(const std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t per_line = 16;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % per_line == 0) {
      text += fmt::format("{}{:08x}:", i == 0 ? "" : "\n", i);
    }
    text += fmt::format("{}{:02x}", i % 2 == 0 ? " " : "", bytes[i]);
  }
  return text + '\n';
}

std::string to_text(const QueueRow& row) {
  const SbitmapQueue& queue = row.queue;
  std::string hints;
  for (const auto& hint : queue.hints)
    hints += (hints.empty() ? "" : ", ") + cell(hint);
  std::string text;
  auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("{} = {}\n", name, value);
  };
  line("depth", fmt::to_string(queue.bitmap.depth));
  line("busy", fmt::to_string(queue.bitmap.busy()));
  line("cleared", fmt::to_string(queue.bitmap.cleared));
  line("bits_per_word", fmt::to_string(queue.bitmap.bits_per_word));
  line("map_nr", fmt::to_string(queue.bitmap.words));
  line("alloc_hint", "{" + hints + "}");
  line("wake_batch", cell(queue.wake_batch));
  line("wake_index", cell(queue.wake_index));
  if (queue.active_waits) {
    line("ws_active", fmt::to_string(*queue.active_waits));
  }
  text += waiters_text(queue.waiters);
  line("round_robin", report::cell_text(queue.round_robin, [](bool is) {
         return is ? "1" : "0";
       }));
  if (queue.min_shallow_depth) {
    line("min_shallow_depth", fmt::to_string(*queue.min_shallow_depth));
  }
  return text + '\n' + bytes_text(queue.bitmap.bytes());
}

struct ElementRow {
  std::uint64_t index = 0;
  Address at;
  std::optional<InstanceRow> value;
};

report::Record to_record(const ElementRow& row) {
  report::Record record;
  record.add("index", row.index);
  record.add("address", row.at);
  if (row.value) record.add("value", to_record(*row.value));
  return record;
}

std::string to_text(const ElementRow& row) {
  if (!row.value) {
    return fmt::format("{}: {:#018x}\n", row.index, row.at.value);
  }
  return fmt::format("{} ({:#018x}):\n", row.index, row.at.value) +
         to_text(*row.value);
}

// ---- How we find it ----

struct Elements {
  const Type* type = nullptr;
  std::vector<std::string> members;
  Address base;
  bool has_pointers = false;
  bool is_verbose = false;
  MemberStyle style;
};

Result<Address> kernel_address(const Kernel& kernel, std::string_view word) {
  auto at = address_of(kernel, word);
  if (at) return at;
  return Error(ErrorKind::usage,
               fmt::format("invalid command argument: {}", word));
}

Result<Elements> elements(const Session& session, const Options& options) {
  Elements wanted;
  StructureName name = structure_name(*options.argument('s'));
  auto type = session.kernel.types().type(name.name, TypeTag::any);
  if (!type || (*type)->size() == 0) return no_structure(name.name);
  for (const std::string& member : name.members) {
    if (!has_member((*type)->stripped(), member)) {
      return no_structure(name.name + "." + member);
    }
  }
  wanted.type = *type;
  wanted.members = name.members;
  wanted.base = TRY(kernel_address(session.kernel, *options.argument('a')));
  wanted.has_pointers = options.has('p');
  wanted.is_verbose = options.has('v');
  wanted.style.value = value_style(session, options.radix());
  return wanted;
}

Result<Address> place_of(const Kernel& kernel, const Elements& wanted,
                         std::uint64_t index) {
  if (!wanted.has_pointers) {
    return wanted.base + index * wanted.type->size();
  }
  unsigned word = kernel.arch().pointer_size();
  return Address{TRY(kernel.memory().load(wanted.base + index * word, word))};
}

Result<ElementRow> element(const Kernel& kernel, const Elements& wanted,
                           std::uint64_t index, report::Sink& out) {
  ElementRow row{.index = index,
                 .at = TRY(place_of(kernel, wanted, index)),
                 .value = std::nullopt};
  if (!wanted.is_verbose) return row;
  Object object(kernel.memory(), *wanted.type, row.at);
  if (wanted.members.empty()) {
    row.value = TRY(whole_instance(object, wanted.style.value));
    return row;
  }
  InstanceParts parts = instance_members(object, wanted.members, wanted.style);
  for (const Error& error : parts.missing)
    out.problem(Error(error).while_doing("sbitmapq"));
  row.value = parts.row;
  return row;
}

void show_elements(const Kernel& kernel, const Elements& wanted,
                   const Sbitmap& bitmap, report::Sink& out) {
  for (std::size_t i = 0; i < bitmap.set.size() && !interrupted(); ++i) {
    if (!bitmap.set[i]) continue;
    auto row = element(kernel, wanted, i, out);
    if (row) {
      emit(out, *row);
    } else {
      out.problem(Error(row.error()).while_doing("sbitmapq"));
    }
  }
}

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Options options = TRY(Options::parse(words, "s:a:pvxd"));
  if (options.words().size() != 1) {
    return Error(ErrorKind::usage, "command argument is required");
  }
  if (options.has('s') != options.has('a')) {
    return Error(ErrorKind::usage, options.has('s')
                                       ? "-s option requires -a option"
                                       : "-a option is used with -s option "
                                         "only");
  }
  const Kernel& kernel = session.kernel;
  Address at = TRY(kernel_address(kernel, options.words().front()));
  if (!kernel.memory().load(at, 4)) {
    return Error(ErrorKind::fault,
                 fmt::format("invalid kernel virtual address: {:x}", at.value));
  }
  Object queue = kernel.object("sbitmap_queue", at);
  if (options.has('s')) {
    Elements wanted = TRY(elements(session, options));
    show_elements(kernel, wanted, TRY(read_sbitmap(queue["sb"])), out);
    return {};
  }
  emit(out, QueueRow{at, TRY(read_sbitmap_queue(kernel, queue))});
  return {};
}

}  // namespace

extern const Command sbitmapq_command;
const Command sbitmapq_command = {"sbitmapq", &help, run};

}  // namespace inquest
