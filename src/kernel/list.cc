// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/list.h"

#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::size_t deepest_tree = 256;

Error loop_error(std::string_view what, Address at) {
  return Error(ErrorKind::corrupt,
               fmt::format("{} loops at {:#x}", what, at.value), at.value);
}

// The node that |pointer|, which holds |at|, points to.
Object node_at(const Object& pointer, Address at) {
  Object node = pointer.dereference();
  if (node.fault() != nullptr) return node;
  return {pointer.space(), node.type(), at};
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

// In order, with the path from the root on a stack: the kernel's trees are at
// most twice as deep as the logarithm of their size.
Generator<Object> rbtree_nodes(Object root) {
  if (root.has_member("rb_root")) root = root["rb_root"];
  CycleCheck check;
  std::vector<Object> path;
  Object link = root["rb_node"];
  while (!interrupted()) {
    auto at = link.to_address();
    if (!at) {
      co_yield at.error();
      co_return;
    }
    if (at->value != 0) {
      if (path.size() == deepest_tree) {
        co_yield loop_error("tree", *at);
        co_return;
      }
      path.push_back(node_at(link, *at));
      link = path.back()["rb_left"];
      continue;
    }
    if (path.empty()) co_return;
    Object node = path.back();
    path.pop_back();
    if (check.is_repeated(node.address().value)) {
      co_yield loop_error("tree", node.address());
      co_return;
    }
    link = node["rb_right"];
    co_yield node;
  }
}

Generator<Object> rbtree_entries(Object root, Result<const Type*> type,
                                 std::string member) {
  return entries_of(rbtree_nodes(std::move(root)), std::move(type),
                    std::move(member));
}

}  // namespace inquest
