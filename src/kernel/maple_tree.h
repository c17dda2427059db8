// SPDX-License-Identifier: GPL-3.0-or-later
// Maple trees (6.1 on): entries by ranges of indexes.
//
// Walks deliver what they can reach: a node that cannot be read, or makes no
// sense, costs one item that says so and covers its range; what lies behind it
// follows. Every walk ends, also in a damaged tree, and at an interrupt.

#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// What is stored for the indexes |first| to |last|, both included.
struct MapleEntry {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  Address entry = {};               // as stored: a pointer, or marked bits
  std::optional<Error> fault = {};  // why this range cannot be told
  bool is_value() const { return (entry.value & 1) != 0; }
  // The kernel's own marks, such as for what is reserved: no pointer.
  bool is_mark() const { return (entry.value & 3) == 2; }
};

// The kinds have the kernel's numbers.
enum class MapleKind { dense = 0, leaf_64 = 1, range_64 = 2, arange_64 = 3 };

struct MapleNode {
  std::uint64_t encoded = 0;  // the pointer to it, kind included
  Address at;
  MapleKind kind = MapleKind::leaf_64;
  unsigned depth = 0;  // the root's is 0
  std::uint64_t first = 0, last = 0;
  std::uint64_t parent = 0;           // as stored
  std::vector<std::uint64_t> pivots;  // of all slots but the last; dense: none
  std::vector<std::uint64_t> slots;   // all there is room for
  std::vector<std::uint64_t> gaps;    // of arange_64 only
  std::optional<unsigned> end, gap;   // the metadata, where the kind has any
  std::vector<unsigned> path;         // slot numbers from the root to here
  bool is_leaf() const { return kind < MapleKind::range_64; }
};

// One step of a whole walk, each node before what is below it.
struct MapleStep {
  std::shared_ptr<const MapleNode> node = {};  // null: the tree is one entry
  // Absent: |node| is entered. Else a slot of it that holds no node: an entry,
  // nothing (entry 0), or a node that cannot be followed (a fault).
  std::optional<unsigned> slot = {};
  MapleEntry entry = {};
};

class MapleTree {
 public:
  // |root|: a struct maple_tree. |unsupported| names what this kernel lacks.
  static Result<MapleTree> open(const Kernel& kernel, const Object& root);
  // The part below a node: |encoded| is a pointer as a slot holds it.
  static Result<MapleTree> below(const Kernel& kernel, std::uint64_t encoded);

  Address at() const { return at_; }  // of the struct; 0 of a part
  std::uint64_t flags() const { return flags_; }
  unsigned height() const;
  std::uint64_t root() const { return root_; }

  // What is stored, in order; empty ranges and the kernel's marks are left out.
  Generator<MapleEntry> entries() const { return entries_of(*this); }
  // All nodes and slots in use.
  Generator<MapleStep> steps() const { return steps_of(*this); }
  // The entry of |index|, nothing where none is. One path from the root.
  Result<std::optional<MapleEntry>> find(std::uint64_t index) const;

 private:
  class Shape;
  class Walk;

  MapleTree() = default;
  // By value: a walk may outlive the object that it was asked of.
  static Generator<MapleEntry> entries_of(MapleTree tree);
  static Generator<MapleStep> steps_of(MapleTree tree);

  const Kernel* kernel_ = nullptr;
  std::shared_ptr<const Shape> shape_;
  Address at_;
  std::uint64_t flags_ = 0;
  std::uint64_t root_ = 0;
};

}  // namespace inquest
