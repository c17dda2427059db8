// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/list.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::size_t deepest_tree = 256;

Error loop_error(std::string_view what, Address at) {
  return Error(ErrorKind::corrupt,
               fmt::format("{} loops at {:#x}", what, at.value), at.value);
}

// The node that |pointer|, which holds |at|, points to; not reading it again.
Object node_at(const Object& pointer, Address at) {
  const Type& type = pointer.type().stripped();
  bool is_one = type.kind == TypeKind::pointer && type.target() != nullptr;
  if (!is_one) return pointer.dereference();  // says why
  return {pointer.space(), *type.target(), at};
}

Generator<Object> entries_of(Generator<Object> nodes, Result<const Type*> type,
                             std::string member) {
  if (!type) {
    co_yield type.error();
    co_return;
  }
  for (const Object& node : nodes) {
    if (node.fault() != nullptr) {
      co_yield node;
    } else {
      co_yield node.container_of(**type, member);
    }
  }
}

// A chain of |first|, then each node's |next|, until a null pointer. Low bits
// are marks and no part of the address; an odd one ends the chain (nulls).
Generator<Object> chain(Object first, std::string next) {
  CycleCheck check;
  Object link = std::move(first);
  while (!interrupted()) {
    auto at = link.to_address();
    if (!at) {
      co_yield at.error();
      co_return;
    }
    if ((at->value & 1) != 0 || (at->value & ~std::uint64_t{7}) == 0) co_return;
    if (check.is_repeated(at->value)) {
      co_yield loop_error("list", *at);
      co_return;
    }
    Object node = node_at(link, *at);
    link = node[next];
    co_yield node;
    if (node.fault() != nullptr) co_return;
  }
}

}  // namespace

Generator<Object> list_nodes(Object head, Direction direction) {
  std::string_view next = direction == Direction::forwards ? "next" : "prev";
  CycleCheck check;
  Object link = head[next];
  while (!interrupted()) {
    auto at = link.to_address();
    if (!at) {
      co_yield at.error();
      co_return;
    }
    if (*at == head.address()) co_return;
    if (at->value == 0) {
      co_yield Error(ErrorKind::corrupt, "list ends in a null pointer",
                     head.address().value);
      co_return;
    }
    if (check.is_repeated(at->value)) {
      co_yield loop_error("list", *at);
      co_return;
    }
    Object node = node_at(link, *at);
    link = node[next];
    co_yield node;
    if (node.fault() != nullptr) co_return;
  }
}

Generator<Object> list_entries(Object head, Result<const Type*> type,
                               std::string member, Direction direction) {
  return entries_of(list_nodes(std::move(head), direction), std::move(type),
                    std::move(member));
}

Generator<Object> hlist_nodes(const Object& head) {
  Object first = head["first"];
  auto at = first.to_address();
  // The head of a bit-locked list has its lock in bit 0.
  bool is_locked = at && head.fault() == nullptr &&
                   head.type().stripped().name == "hlist_bl_head" &&
                   (at->value & 1) != 0;
  if (is_locked) {
    first = Object::value(head.space(), first.type(), at->value - 1);
  }
  return chain(std::move(first), "next");
}

Generator<Object> hlist_entries(const Object& head, Result<const Type*> type,
                                std::string member) {
  return entries_of(hlist_nodes(head), std::move(type), std::move(member));
}

Generator<Object> llist_entries(const Object& head, Result<const Type*> type,
                                std::string member) {
  return entries_of(chain(head["first"], "next"), std::move(type),
                    std::move(member));
}

namespace {

// A red-black tree's nodes, from links to be followed. The kernel's trees are
// at most twice as deep as the logarithm of their size.
class TreeWalk {
 public:
  TreeWalk(const Object& root, TreeOrder order) : order_(order) {
    if (root.has_member("rb_left")) {
      node_ = RbNode{root, ""};
    } else {
      Object top = root.has_member("rb_root") ? root["rb_root"] : root;
      go(top["rb_node"], "");
    }
  }

  // Nothing: the tree is done. The last item may be a fault.
  std::optional<RbNode> next() {
    while (!interrupted() && !is_over_) {
      if (fault_) return end(*fault_);
      if (node_) {
        RbNode node = *std::exchange(node_, std::nullopt);
        later_.push_back(node);
        go(node.node["rb_left"], node.path + 'l');
        if (order_ == TreeOrder::node_first) return checked(node);
        continue;
      }
      if (later_.empty()) return std::nullopt;
      RbNode node = std::move(later_.back());
      later_.pop_back();
      go(node.node["rb_right"], node.path + 'r');
      if (order_ == TreeOrder::sorted) return checked(node);
    }
    return std::nullopt;
  }

 private:
  void go(const Object& link, std::string path) {
    auto at = link.to_address();
    if (!at) {
      fault_ = at.error();
    } else if (path.size() == deepest_tree) {
      fault_ = loop_error("tree", *at);
    } else if (at->value != 0) {
      node_ = RbNode{node_at(link, *at), std::move(path)};
    }
  }

  RbNode end(const Error& error) {
    is_over_ = true;
    return {error, ""};
  }
  // |node| itself, or the end where it has been before.
  RbNode checked(const RbNode& node) {
    if (!check_.is_repeated(node.node.address().value)) return node;
    return end(loop_error("tree", node.node.address()));
  }

  TreeOrder order_;
  CycleCheck check_;
  std::optional<RbNode> node_;  // to be entered
  std::vector<RbNode> later_;   // whose right side is still to come
  std::optional<Error> fault_;
  bool is_over_ = false;
};

}  // namespace

Generator<RbNode> rbtree_nodes(Object root, TreeOrder order) {
  TreeWalk walk(root, order);
  while (auto node = walk.next())
    co_yield *node;
}

Generator<Object> rbtree_entries(Object root, Result<const Type*> type,
                                 std::string member) {
  if (!type) {
    co_yield type.error();
    co_return;
  }
  for (const RbNode& item : rbtree_nodes(std::move(root))) {
    if (item.node.fault() != nullptr) {
      co_yield item.node;
    } else {
      co_yield item.node.container_of(**type, member);
    }
  }
}

}  // namespace inquest
