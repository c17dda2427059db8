// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's containers: lists, red-black trees, xarrays.
//
// Every walker delivers what it can reach. A broken link, a loop that does not
// come back to the head, or a read error ends the walk with one last item that
// holds the reason (Object::fault()); an interrupt ends it too. Loops are
// found in constant memory.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

enum class Direction { forwards, backwards };

// Finds out, in constant memory, that a walk has come to where it has been
// before: Brent's algorithm.
class CycleCheck {
 public:
  // Whether |at| is the remembered place. Each place of a loop is remembered
  // sooner or later, so a loop is found within some three rounds.
  bool is_repeated(std::uint64_t at) {
    if (has_mark_ && at == mark_) return true;
    if (++steps_ >= limit_) {
      mark_ = at;
      has_mark_ = true;
      steps_ = 0;
      limit_ *= 2;
    }
    return false;
  }

 private:
  std::uint64_t mark_ = 0;
  bool has_mark_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t limit_ = 1;
};

// include/linux/list.h. |head|: a struct list_head that is no entry itself.
Generator<Object> list_nodes(Object head,
                             Direction direction = Direction::forwards);
// The structures |type| that are linked through |member|.
Generator<Object> list_entries(Object head, Result<const Type*> type,
                               std::string member,
                               Direction direction = Direction::forwards);

// |head|: a struct hlist_head, hlist_nulls_head or hlist_bl_head (whose low
// bits are no address).
Generator<Object> hlist_nodes(const Object& head);
Generator<Object> hlist_entries(const Object& head, Result<const Type*> type,
                                std::string member);

// include/linux/llist.h. |head|: a struct llist_head.
Generator<Object> llist_entries(const Object& head, Result<const Type*> type,
                                std::string member);

// include/linux/rbtree.h. |root|: a struct rb_root or rb_root_cached, or an
// rb_node whose part of a tree is meant.
enum class TreeOrder {
  sorted,
  node_first,  // before what is left, then right of it
};
struct RbNode {
  Object node;       // struct rb_node, or why the walk ended early
  std::string path;  // from the root, "lr": left, then right
};
Generator<RbNode> rbtree_nodes(Object root,
                               TreeOrder order = TreeOrder::sorted);
Generator<Object> rbtree_entries(Object root, Result<const Type*> type,
                                 std::string member);

// A pointer stored in an xarray, with its index; |fault| in the last item.
struct IndexedEntry {
  std::uint64_t index = 0;
  Address entry = {};  // the pointer, or an odd number: a value entry
  std::optional<Error> fault = {};  // why the walk ended early
  std::vector<unsigned> path = {};  // slot numbers, from the root on
  bool is_value() const { return (entry.value & 1) != 0; }
};

// |root|: a struct xarray, radix_tree_root (of any age), or idr.
Generator<IndexedEntry> xarray_entries(const Kernel& kernel, Object root);
// The entry that |index| is of, which may stand for several: then its own index
// is the first of them. O(depth).
Result<std::optional<IndexedEntry>> xarray_entry(const Kernel& kernel,
                                                 Object root,
                                                 std::uint64_t index);
// What is below a node: |node| is its address, or a pointer as a slot has it.
// Indexes count from the first that the node stands for.
Generator<IndexedEntry> xarray_node_entries(const Kernel& kernel, Address node);

}  // namespace inquest
