// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -f, -F: the lists of free memory.

#include "command/kmem_free.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "command/columns.h"
#include "command/kmem.h"
#include "kernel/nodes.h"
#include "kernel/vm_counters.h"
#include "report/paragraphs.h"

namespace inquest {
namespace {

// ---- What we answer ----

struct ZoneRow {
  Zone zone;
  Result<std::int64_t> free;  // as the kernel shows it
  Result<Address> first_page;
  std::uint64_t page_bytes = 0;
  std::uint64_t node_start = 0;  // the node's first frame
};

report::Record to_record(const ZoneRow& row) {
  return report::Record()
      .with("node", row.zone.node)
      .with("zone", row.zone.number)
      .with("name", row.zone.name)
      .with("spanned", row.zone.spanned)
      .with("free", row.free)
      .with("mem_map", row.first_page)
      .with("first_frame", row.zone.first_frame);
}

std::string to_text(const ZoneRow& row) {
  constexpr std::size_t page_width = 16, paddr_width = 11;
  std::uint64_t frame = row.zone.first_frame.value_or(0);
  bool is_empty = row.zone.spanned.value_or(0) == 0;
  std::uint64_t start = is_empty ? 0 : frame * row.page_bytes;
  std::uint64_t number = is_empty ? 0 : frame - row.node_start;
  return fmt::format(
      "ZONE  NAME        SIZE    FREE      MEM_MAP       START_PADDR  "
      "START_MAPNR\n"
      "{:>3}   {:<8} {:>7}  {:>6}  {}  {}  {}\n",
      row.zone.number, cell(row.zone.name), cell(row.zone.spanned),
      cell(row.free), centred(cell(row.first_page), page_width),
      centred_right(fmt::format("{:x}", start), paddr_width),
      centred_right(fmt::to_string(number), paddr_width));
}

struct ListRow {
  Address at;
  unsigned order = 0;
  std::string type;
  std::uint64_t page_bytes = 0;
  std::optional<std::uint64_t> blocks;  // those found, where they are counted
};

report::Record to_record(const ListRow& row) {
  report::Record record;
  record.add("order", row.order);
  record.add("migrate_type", row.type);
  record.add("list", row.at);
  if (!row.blocks) return record;
  record.add("blocks", *row.blocks);
  record.add("pages", *row.blocks << row.order);
  return record;
}

std::string_view list_heading(bool has_counts) {
  return has_counts ? "AREA    SIZE  FREE_AREA_STRUCT  BLOCKS  PAGES\n"
                    : "AREA    SIZE  FREE_AREA_STRUCT\n";
}

std::string to_text(const ListRow& row) {
  constexpr std::uint64_t kilo = 1024;
  std::string text =
      fmt::format("{:>3}  {:>6}k  {:016x}  ", row.order,
                  (row.page_bytes / kilo) << row.order, row.at.value);
  if (!row.blocks) return text + "\n";
  return text +
         fmt::format("{:>6} {:>6}\n", *row.blocks, *row.blocks << row.order);
}

struct BlockRow {
  FreeBlock block;
};

report::Record to_record(const BlockRow& row) {
  return report::Record()
      .with("page", row.block.page)
      .with("frame", row.block.frame);
}

std::string to_text(const BlockRow& row) {
  return fmt::format("{:x}\n", row.block.page.value);
}

// Where in a block something is.
struct PlaceRow {
  FreePlace place;
  Address wanted;
  std::uint64_t index = 0;  // of its page in the block
};

report::Record to_record(const PlaceRow& row) {
  report::Record record;
  record.add("wanted", row.wanted);
  record.add("page", row.place.block.page);
  record.add("index", row.index);
  record.add("pages", std::uint64_t{1} << row.place.list.order);
  if (row.place.cpu) record.add("cpu", *row.place.cpu);
  return record;
}

// "1st", "2nd", "3rd", "4th", "11th".
std::string ordinal(std::uint64_t number) {
  constexpr std::uint64_t ten = 10, hundred = 100;
  std::uint64_t tens = number % hundred / ten, ones = number % ten;
  std::string_view ending = "th";
  if (tens != 1 && ones == 1) ending = "st";
  if (tens != 1 && ones == 2) ending = "nd";
  if (tens != 1 && ones == 3) ending = "rd";
  return fmt::format("{}{}", number, ending);
}

std::string to_text(const PlaceRow& row) {
  return fmt::format("{:x}  ({:x} is {} of {} pages)\n",
                     row.place.block.page.value, row.wanted.value,
                     ordinal(row.index + 1),
                     std::uint64_t{1} << row.place.list.order);
}

// ---- How we find it ----

ZoneRow zone_row(const Kernel& kernel, const FreePages& free,
                 const Zone& zone) {
  ZoneRow row{.zone = zone,
              .free = Error(ErrorKind::not_found, "not counted"),
              .first_page = Address{},
              .page_bytes = kernel.page_size()};
  for (const VmCounter& counter : zone_counters(kernel, zone))
    if (counter.name == "NR_FREE_PAGES") row.free = counter.value;
  if (zone.spanned.value_or(0) == 0 || !zone.first_frame) return row;
  auto page = free.pages().page(*zone.first_frame);
  row.first_page = page ? Result(page->address()) : page.error();
  auto nodes = memory_nodes(kernel);
  if (!nodes) return row;
  for (const MemoryNode& node : *nodes)
    if (node.number == zone.node) row.node_start = node.first_frame;
  return row;
}

// Counts what is on the lists and holds it to what the kernel counts.
class Verifier {
 public:
  Verifier(const Kernel& kernel, const FreePages& free, bool shows_pages,
           report::Sink& out)
      : kernel_(kernel), free_(free), shows_pages_(shows_pages), out_(out) {}

  void show_zone(const Zone& zone) {
    emit(out_, zone_row(kernel_, free_, zone));
    if (zone.spanned.value_or(0) == 0) return;
    if (!shows_pages_) out_.layout(list_heading(true));
    for (const FreeArea& area : free_areas(zone)) {
      if (interrupted()) return;
      show_area(zone, area);
    }
  }

  void show_sum() {
    auto shown = vm_counter(kernel_, "NR_FREE_PAGES");
    if (!shown || interrupted()) return;
    std::int64_t pending = 0;
    for (const Zone& zone : free_.zones())
      if (auto counts = pending_counts(kernel_, zone); !counts.empty())
        pending += counts.front();
    auto known = static_cast<std::int64_t>(*shown);
    auto found = static_cast<std::int64_t>(pages_);
    std::string verdict = "verified";
    if (found != known) verdict = fmt::format("found {}", found);
    if (found != known && found == known + pending) {
      verdict =
          fmt::format("verified, {} with what CPUs have not handed in", found);
    } else if (found != known) {
      out_.problem(Error(ErrorKind::corrupt,
                         fmt::format("{} free pages are on lists, {} counted",
                                     found, known + pending)));
    }
    out_.layout(fmt::format("nr_free_pages: {}  ({})\n", known, verdict));
  }

 private:
  // What a list, or all of an area, holds.
  struct Blocks {
    std::uint64_t count = 0;
    bool is_whole = true;
  };

  void show_area(const Zone& zone, const FreeArea& area) {
    Blocks all;
    for (const FreeList& list : area.lists) {
      ListRow row{list.head.address(), area.order,
                  migrate_type_name(kernel_, list.type), kernel_.page_size(),
                  std::nullopt};
      if (shows_pages_) {
        out_.layout(list_heading(false));
        emit(out_, row);
      }
      Blocks blocks = show_blocks(zone, list, row);
      if (!is_isolated_type(kernel_, list.type)) {
        pages_ += blocks.count << area.order;
      }
      all.count += blocks.count;
      all.is_whole = all.is_whole && blocks.is_whole;
      row.blocks = blocks.count;
      if (!shows_pages_) emit(out_, row);
    }
    check_sum(zone, area, all);
  }

  Blocks show_blocks(const Zone& zone, const FreeList& list,
                     const ListRow& row) {
    Blocks blocks;
    for (const FreeBlock& block : free_.blocks(zone, list)) {
      if (block.fault) complain(zone, row, *block.fault);
      if (block.page.value == 0) {
        blocks.is_whole = false;
        continue;
      }
      ++blocks.count;
      if (shows_pages_) emit(out_, BlockRow{block});
    }
    return blocks;
  }

  void complain(const Zone& zone, const ListRow& row, const Error& fault) {
    out_.problem(Error(fault).while_doing(fmt::format(
        "zone {}, order {}, {}", cell(zone.name), row.order, row.type)));
  }

  void check_sum(const Zone& zone, const FreeArea& area, const Blocks& found) {
    if (!area.blocks) {
      out_.problem(area.blocks.error());
    } else if (found.is_whole && !interrupted() &&
               *area.blocks != found.count) {
      out_.problem(Error(
          ErrorKind::corrupt,
          fmt::format("zone {}, order {}: {} free blocks are on the lists, {} "
                      "counted",
                      cell(zone.name), area.order, found.count, *area.blocks)));
    }
  }

  const Kernel& kernel_;
  const FreePages& free_;
  bool shows_pages_;
  report::Sink& out_;
  std::uint64_t pages_ = 0;
};

void show_all(const Kernel& kernel, const FreePages& free, bool shows_pages,
              report::Sink& sink) {
  report::Paragraphs out(sink);
  Verifier verifier(kernel, free, shows_pages, out);
  bool has_nodes = std::ranges::any_of(
      free.zones(), [](const Zone& zone) { return zone.node != 0; });
  std::optional<unsigned> node;
  for (const Zone& zone : free.zones()) {
    out.next();
    if (has_nodes && node != zone.node) {
      out.layout(fmt::format("NODE\n{:>3}\n", zone.node));
    }
    node = zone.node;
    verifier.show_zone(zone);
  }
  out.next();
  verifier.show_sum();
}

}  // namespace

void show_free_place(const FreePages& free, const FreePlace& place,
                     Address wanted, std::uint64_t frame, report::Sink& out) {
  const Kernel& kernel = free.kernel();
  emit(out, zone_row(kernel, free, free.zones()[place.zone]));
  if (place.cpu) {
    out.layout(fmt::format("PER-CPU PAGE LIST OF CPU {}\n", *place.cpu));
  } else {
    out.layout(list_heading(false));
    emit(out, ListRow{place.list.head.address(), place.list.order,
                      migrate_type_name(kernel, place.list.type),
                      kernel.page_size(), std::nullopt});
  }
  emit(out, PlaceRow{place, wanted, frame - place.block.frame});
  if (place.block.fault) out.problem(*place.block.fault);
}

Result<void> show_free_pages(Session& session, const Options& options,
                             report::Sink& out) {
  const Kernel& kernel = session.kernel;
  auto wanted = TRY(kmem_addresses(session, options));
  FreePages free = TRY(FreePages::open(kernel));
  if (wanted.empty()) {
    show_all(kernel, free, options.has('F'), out);
    return {};
  }
  report::Paragraphs paragraphs(out);
  for (Address at : wanted) {
    auto frame = kmem_frame(kernel, free.pages(), at);
    if (!frame) {
      out.problem(frame.error());
      continue;
    }
    paragraphs.next();
    auto place = free.buddy_place(*frame);
    if (!place) place = free.cpu_place(*frame);
    if (place) show_free_place(free, *place, at, *frame, paragraphs);
  }
  return {};
}

}  // namespace inquest
