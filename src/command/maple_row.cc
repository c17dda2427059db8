// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/maple_row.h"

#include <fmt/format.h>

namespace inquest {
namespace {

std::string range_text(std::uint64_t first, std::uint64_t last,
                       unsigned depth) {
  std::string margin(std::size_t{depth} * 2, ' ');
  if (first == last) return fmt::format("{}{}: ", margin, first);
  return fmt::format("{}{}-{}: ", margin, first, last);
}

std::string pointer_text(std::uint64_t pointer) {
  return pointer == 0 ? "(nil)" : fmt::format("{:#x}", pointer);
}

// The gaps, the metadata, then slots and pivots by turns.
std::string contents_text(const MapleNode& node) {
  if (node.kind == MapleKind::dense) return "";
  std::string text = " contents: ";
  if (node.kind == MapleKind::arange_64) {
    for (std::uint64_t gap : node.gaps)
      text += fmt::format("{} ", gap);
    text += fmt::format("| {:02X} {:02X}| ", node.end.value_or(0),
                        node.gap.value_or(0));
  }
  for (std::size_t i = 0; i < node.slots.size(); ++i) {
    if (i != 0) text += ' ';
    text += pointer_text(node.slots[i]);
    if (i < node.pivots.size()) text += fmt::format(" {}", node.pivots[i]);
  }
  return text;
}

report::List numbers(const std::vector<std::uint64_t>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

report::Record to_record(const MapleTreeRow& row) {
  return report::Record()
      .with("tree", row.at)
      .with("flags", row.flags)
      .with("height", row.height)
      .with("root", Address{row.root});
}

std::string to_text(const MapleTreeRow& row) {
  return fmt::format("maple_tree({:x}) flags {:X}, height {} root {:#x}\n\n",
                     row.at.value, row.flags, row.height, row.root);
}

report::Record to_record(const MapleNodeRow& row) {
  const MapleNode& node = *row.node;
  report::Record record;
  record.add("node", node.at);
  record.add("depth", node.depth);
  record.add("type", static_cast<unsigned>(node.kind));
  record.add("first", node.first);
  record.add("last", node.last);
  record.add("parent", Address{node.parent});
  record.add("pivots", numbers(node.pivots));
  report::List slots;
  for (std::uint64_t slot : node.slots)
    slots.emplace_back(Address{slot});
  record.add("slots", std::move(slots));
  if (node.kind == MapleKind::arange_64) record.add("gaps", numbers(node.gaps));
  if (node.end) record.add("end", *node.end);
  if (node.gap) record.add("gap", *node.gap);
  return record;
}

std::string to_text(const MapleNodeRow& row) {
  const MapleNode& node = *row.node;
  return fmt::format(
      "{}node {:#x} depth {} type {} parent {:#x}{}\n",
      range_text(node.first, node.last, node.depth), node.at.value, node.depth,
      static_cast<unsigned>(node.kind), node.parent, contents_text(node));
}

report::Record to_record(const MapleSlotRow& row) {
  return report::Record()
      .with("first", row.entry.first)
      .with("last", row.entry.last)
      .with("entry", row.entry.entry);
}

std::string to_text(const MapleSlotRow& row) {
  std::string text = range_text(row.entry.first, row.entry.last, row.depth);
  std::uint64_t entry = row.entry.entry.value;
  if (row.entry.is_value()) {
    return text + fmt::format("value {} ({:#x}) [{:#x}]\n", entry >> 1,
                              entry >> 1, entry);
  }
  return text + pointer_text(entry) + '\n';
}

void show_maple_tree(const MapleTree& tree, report::Sink& out) {
  emit(out, MapleTreeRow{.at = tree.at(),
                         .flags = tree.flags(),
                         .height = tree.height(),
                         .root = tree.root()});
  for (const MapleStep& step : tree.steps()) {
    if (!step.slot) {
      emit(out, MapleNodeRow{step.node});
    } else if (step.entry.fault) {
      out.problem(Error(*step.entry.fault).while_doing("tree"));
    } else {
      unsigned depth = step.node ? step.node->depth + 1 : 0;
      emit(out, MapleSlotRow{.depth = depth, .entry = step.entry});
    }
  }
}

}  // namespace inquest
