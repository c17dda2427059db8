// SPDX-License-Identifier: GPL-3.0-or-later
// kmem -n: memory nodes, their zones, memory sections and memory blocks.

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"
#include "command/kmem.h"
#include "kernel/memory_blocks.h"
#include "kernel/nodes.h"
#include "kernel/page.h"
#include "kernel/zones.h"

namespace inquest {
namespace {

// ---- What we answer ----

// The struct page of a first frame, and where that lies.
struct FirstPage {
  Result<Address> page;
  PhysAddress physical;
  std::uint64_t frame = 0;
};

struct NodeRow {
  MemoryNode node;
  FirstPage first;
  std::vector<Address> zones;
};

report::Record to_record(const NodeRow& row) {
  report::List zones;
  for (Address at : row.zones)
    zones.emplace_back(at);
  return report::Record()
      .with("node", row.node.number)
      .with("pglist_data", row.node.at)
      .with("spanned", row.node.spanned)
      .with("present", row.node.present)
      .with("zones", std::move(zones))
      .with("mem_map", row.first.page)
      .with("start", row.first.physical)
      .with("first_frame", row.first.frame);
}

std::string to_text(const NodeRow& row) {
  constexpr std::size_t zone_column = 52, paddr_width = 11;
  std::string text =
      "NODE    SIZE      PGLIST_DATA       BOOTMEM_DATA       NODE_ZONES   \n";
  text += fmt::format("{:>3}  {:>8}   {:016x}        ----        ",
                      row.node.number, row.node.spanned, row.node.at.value);
  for (std::size_t i = 0; i < row.zones.size(); ++i) {
    if (i != 0) text += std::string(zone_column, ' ');
    text += fmt::format("{:x}\n", row.zones[i].value);
  }
  text += "    MEM_MAP          START_PADDR    START_MAPNR\n";
  text += fmt::format(
      "{:>16}     {}    {}\n", cell(row.first.page),
      centred(fmt::format("{:x}", row.first.physical.value), paddr_width),
      centred_right(fmt::to_string(row.first.frame), paddr_width));
  return text;
}

struct ZoneRow {
  Zone zone;
  FirstPage first;
};

report::Record to_record(const ZoneRow& row) {
  return report::Record()
      .with("node", row.zone.node)
      .with("zone", row.zone.number)
      .with("name", row.zone.name)
      .with("spanned", row.zone.spanned)
      .with("mem_map", row.first.page)
      .with("start", row.first.physical)
      .with("first_frame", row.first.frame);
}

std::string to_text(const ZoneRow& row) {
  return fmt::format("{:>3}   {:<9}{:>8}  {:>16}  {:>11x}  {:>11}\n",
                     row.zone.number, cell(row.zone.name),
                     cell(row.zone.spanned), cell(row.first.page),
                     row.first.physical.value, row.first.frame);
}

struct SectionRow {
  PageMap::Section section;
  Result<Address> map;  // the first struct page
};

// Bits of section_mem_map since 5.12.
std::string state_letters(const PageMap::Section& section) {
  constexpr std::string_view letters = "PMOED";
  std::string text;
  for (std::size_t i = 0; i < letters.size(); ++i)
    if ((section.word >> i & 1) != 0) text += letters[i];
  return text;
}

report::Record to_record(const SectionRow& row) {
  return report::Record()
      .with("section", row.section.number)
      .with("address", row.section.at)
      .with("coded_mem_map", row.section.coded)
      .with("mem_map", row.map)
      .with("state", state_letters(row.section))
      .with("first_frame", row.section.first_frame);
}

std::string to_text(const SectionRow& row) {
  return fmt::format("{:>2}  {:016x}  {:016x}  {:>16}  {:<5} {:<16}\n",
                     row.section.number, row.section.at.value,
                     row.section.coded.value, cell(row.map),
                     state_letters(row.section), row.section.first_frame);
}

struct BlockRow {
  MemoryBlock block;
  Result<std::uint64_t> start, size;  // in bytes
  bool shows_end = false;
};

report::Record to_record(const BlockRow& row) {
  report::Record record;
  record.add("address", row.block.at);
  record.add("name", row.block.name);
  record.add("start", row.start ? report::Value(Address{*row.start})
                                : report::Value(row.start.error()));
  record.add("size", row.size);
  record.add("node", row.block.node);
  record.add("state", row.block.state);
  record.add("first_section", row.block.first_section);
  return record;
}

std::string place_text(const BlockRow& row) {
  constexpr std::size_t width = 19;
  if (!row.start || !row.size || !row.shows_end) {
    return centred(hex_cell(row.start), width);
  }
  return fmt::format("{:>8x} - {:>8x}", *row.start, *row.start + *row.size - 1);
}

std::string to_text(const BlockRow& row) {
  return fmt::format(" {:016x}   {:<10} {}  {:<4} {:<7} {:<12}\n",
                     row.block.at.value, cell(row.block.name), place_text(row),
                     cell(row.block.node), cell(row.block.state),
                     cell(row.block.first_section));
}

// ---- How we find it ----

FirstPage first_page(const Kernel& kernel, const Result<PageMap>& pages,
                     std::uint64_t frame) {
  auto page = pages ? pages->page(frame) : Result<Object>(pages.error());
  return {.page = page ? Result(page->address()) : page.error(),
          .physical = {frame * kernel.page_size()},
          .frame = frame};
}

void show_node(const Kernel& kernel, const Result<PageMap>& pages,
               const MemoryNode& node, const std::vector<Zone>& zones,
               report::Sink& out) {
  NodeRow row{node, first_page(kernel, pages, node.first_frame), {}};
  for (const Zone& zone : zones)
    if (zone.node == node.number) row.zones.push_back(zone.at);
  emit(out, row);
  out.layout(
      "\nZONE  NAME         SIZE       MEM_MAP      START_PADDR  "
      "START_MAPNR\n");
  for (const Zone& zone : zones) {
    if (zone.node != node.number) continue;
    bool is_empty = zone.spanned.value_or(0) == 0;
    emit(out,
         ZoneRow{zone, is_empty ? FirstPage{Address{}, {}, 0}
                                : first_page(kernel, pages,
                                             zone.first_frame.value_or(0))});
  }
  out.layout("\n");
}

Result<void> show_sections(const PageMap& pages, report::Sink& out) {
  auto sections = TRY(pages.sections());
  if (sections.empty()) return {};
  out.layout(std::string(67, '-') + "\n\n");
  out.layout(
      "NR      SECTION        CODED_MEM_MAP        MEM_MAP       STATE PFN\n");
  for (const PageMap::Section& section : sections) {
    Result<Address> map = Address{};
    if (section.coded.value != 0) {
      map = section.coded + section.first_frame * pages.page_type().size();
    }
    emit(out, SectionRow{section, map});
  }
  return {};
}

// Kernels that say how large blocks are have a range for each.
Result<void> show_blocks(const Kernel& kernel, const PageMap& pages,
                         report::Sink& out) {
  auto blocks = memory_blocks(kernel);
  if (!blocks && blocks.error().kind() == ErrorKind::not_found) return {};
  if (!blocks) return blocks.error();
  bool shows_end = kernel.has_symbol("memory_block_size_probed");
  out.layout(fmt::format(
      "\n   MEM_BLOCK        NAME        PHYSICAL {}     NODE  STATE   "
      "START_SECTION_NO\n",
      shows_end ? "RANGE" : "START"));
  std::uint64_t unit = pages.section_frames() * kernel.page_size();
  for (const MemoryBlock& block : blocks->found) {
    auto start = block.first_section;
    if (start) start = *start * unit;
    auto size = blocks->sections;
    if (size) size = *size * unit;
    emit(out, BlockRow{block, start, size, shows_end});
  }
  if (blocks->incomplete) {
    out.problem(Error(*blocks->incomplete).while_doing("memory blocks"));
  }
  return {};
}

}  // namespace

Result<void> show_nodes(Session& session, const Options& options,
                        report::Sink& out) {
  TRY(options.no_words());
  const Kernel& kernel = session.kernel;
  auto nodes = TRY(memory_nodes(kernel));
  auto zones = TRY(memory_zones(kernel));
  auto pages = PageMap::open(kernel);
  for (const MemoryNode& node : nodes)
    show_node(kernel, pages, node, zones, out);
  if (!pages) return pages.error();
  TRY(show_sections(*pages, out));
  return show_blocks(kernel, *pages, out);
}

}  // namespace inquest
