// SPDX-License-Identifier: GPL-3.0-or-later
// A maple tree with all that its nodes hold (tree -v), laid out as the kernel
// itself does when it dumps one.

#pragma once

#include "kernel/maple_tree.h"
#include "report/report.h"

namespace inquest {

struct MapleTreeRow {
  Address at;  // 0: a part of a tree
  std::uint64_t flags = 0;
  unsigned height = 0;
  std::uint64_t root = 0;
};
report::Record to_record(const MapleTreeRow& row);
std::string to_text(const MapleTreeRow& row);

struct MapleNodeRow {
  std::shared_ptr<const MapleNode> node;
};
report::Record to_record(const MapleNodeRow& row);
std::string to_text(const MapleNodeRow& row);

struct MapleSlotRow {
  unsigned depth = 0;  // of the entry
  MapleEntry entry;
};
report::Record to_record(const MapleSlotRow& row);
std::string to_text(const MapleSlotRow& row);

// A node that cannot be followed is a problem; what is behind it follows.
void show_maple_tree(const MapleTree& tree, report::Sink& out);

}  // namespace inquest
