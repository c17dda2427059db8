// SPDX-License-Identifier: GPL-3.0-or-later
//
// An xarray is a tree of nodes with 64 slots. A slot holds nothing, an entry,
// or a child node, whose pointer is marked in its low bits:
//   4.20 and later (xa_head): binary 10, and above 4096 (smaller ones are
//     marks for siblings, retries and zero entries);
//   radix trees before (rnode): bit 0 from 4.6 on; before that, bit 0 on the
//     root's pointer only, and the root's or node's height told nodes from
//     entries (commit 0070e28d97e7 of 4.6).
// A node says by |shift| which bits of the index its slots stand for.
// An IDR is a radix tree since 4.11 (idr_rt); before that it was a tree of
// idr_layers.

#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/list.h"

namespace inquest {
namespace {

constexpr unsigned most_levels = 16;
constexpr unsigned index_bits = 64;
constexpr std::uint64_t most_steps = std::uint64_t{1} << 28;

enum class Marks { xarray, radix, none };

// How nodes look in this kernel.
struct Layout {
  std::string node_type;
  std::string slots = "slots";
  Marks marks = Marks::xarray;
  std::uint64_t base = 0;  // of an idr's indexes
};

struct Node {
  std::uint64_t index = 0;
  unsigned shift = 0;
  std::vector<std::byte> slots;
  std::size_t next = 0;
};

class Walk {
 public:
  Walk(const Kernel& kernel, Object root) : kernel_(kernel) {
    open(std::move(root));
  }
  // The part below |node|.
  Walk(const Kernel& kernel, Address node);

  Generator<IndexedEntry> entries();
  Result<std::optional<IndexedEntry>> find(std::uint64_t index);

 private:
  using Step = std::optional<IndexedEntry>;

  void open(Object root);
  std::vector<unsigned> path() const;
  void open_old(const Object& root, std::string_view node_type,
                std::string_view head);
  Result<void> descend(Address node, std::uint64_t index,
                       std::optional<unsigned> parent_shift);
  Result<unsigned> shift_of(const Object& node,
                            std::optional<unsigned> parent_shift) const;
  std::optional<Address> child(std::uint64_t slot, unsigned shift) const;
  bool is_mark(std::uint64_t slot) const;
  Result<std::optional<std::uint64_t>> lookup(std::uint64_t index);
  Result<Step> start();
  Result<Step> step();
  Result<unsigned> chunk_bits(const Object& slots) const;

  const Kernel& kernel_;
  Layout layout_;
  Result<std::uint64_t> head_ = std::uint64_t{0};
  std::optional<unsigned> top_shift_;  // where nodes do not say theirs
  std::vector<Node> path_;
};

Walk::Walk(const Kernel& kernel, Address node) : kernel_(kernel) {
  std::uint64_t at = node.value & ~std::uint64_t{3};
  if (kernel.structure("xa_node")) {
    layout_.node_type = "xa_node";
    head_ = at + 2;
  } else if (kernel.has_member("radix_tree_node", "shift")) {
    layout_.node_type = "radix_tree_node";
    layout_.marks = Marks::radix;
    head_ = at + 1;
  } else {
    head_ = Error(ErrorKind::unsupported, "nodes do not say what they hold");
  }
}

// Finds the head pointer, whatever the kernel's age.
void Walk::open(Object root) {
  if (root.fault() != nullptr) {
    head_ = *root.fault();
    return;
  }
  if (root.has_member("idr_base")) {
    layout_.base = root["idr_base"].to_unsigned().value_or(0);
  }
  if (root.has_member("idr_rt")) root = root["idr_rt"];
  if (root.has_member("xa_head")) {
    layout_.node_type = "xa_node";
    head_ = root["xa_head"].to_unsigned();
    return;
  }
  if (root.has_member("rnode")) {
    layout_.node_type = "radix_tree_node";
    layout_.marks = kernel_.has_member("radix_tree_node", "shift")
                        ? Marks::radix
                        : Marks::none;
    head_ = root["rnode"].to_unsigned();
    if (layout_.marks == Marks::none) {
      open_old(root, "radix_tree_node", "height");
    }
    return;
  }
  layout_ = {"idr_layer", "ary", Marks::none, 0};
  head_ = root["top"].to_unsigned();
  if (!head_ || *head_ == 0) return;
  open_old(kernel_.object("idr_layer", Address{*head_}), "idr_layer", "layer");
}

// The shift of the topmost node, from its height.
void Walk::open_old(const Object& root, std::string_view node_type,
                    std::string_view member) {
  auto height = root[member].to_unsigned();
  if (!height) {
    head_ = height.error();
    return;
  }
  bool is_idr = node_type == "idr_layer";
  std::uint64_t levels = is_idr ? *height + 1 : *height;
  if (head_ && !is_idr) head_ = *head_ & ~std::uint64_t{1};
  if (levels == 0 || levels > most_levels) return;
  auto bits = chunk_bits(kernel_.object(node_type, Address{})[layout_.slots]);
  if (!bits) {
    head_ = bits.error();
    return;
  }
  auto shift = static_cast<unsigned>(levels - 1) * *bits;
  if (shift < index_bits) {
    top_shift_ = shift;
  } else {
    head_ =
        Error(ErrorKind::corrupt, fmt::format("a tree of {} levels", levels));
  }
}

Result<unsigned> Walk::chunk_bits(const Object& slots) const {
  if (slots.fault() != nullptr) return *slots.fault();
  std::uint64_t count = slots.type().stripped().count;
  if (!std::has_single_bit(count) || count < 2 || count > 4096) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{} with {} slots", layout_.node_type, count));
  }
  return static_cast<unsigned>(std::countr_zero(count));
}

std::optional<Address> Walk::child(std::uint64_t slot, unsigned shift) const {
  constexpr std::uint64_t largest_mark = 4096;
  switch (layout_.marks) {
    case Marks::xarray:
      if ((slot & 3) == 2 && slot > largest_mark) return Address{slot - 2};
      return std::nullopt;
    case Marks::radix:
      if ((slot & 3) == 1) return Address{slot - 1};
      return std::nullopt;
    case Marks::none:
      if (shift != 0) return Address{slot & ~std::uint64_t{1}};
      return std::nullopt;
  }
  return std::nullopt;
}

bool Walk::is_mark(std::uint64_t slot) const {
  return layout_.marks == Marks::xarray && (slot & 3) == 2;
}

Result<unsigned> Walk::shift_of(const Object& node,
                                std::optional<unsigned> parent_shift) const {
  Object slots = node[layout_.slots];
  unsigned bits = TRY(chunk_bits(slots));
  if (layout_.marks == Marks::none) {
    return parent_shift ? *parent_shift - bits : top_shift_.value_or(0);
  }
  auto shift = TRY(node["shift"].to_unsigned());
  if (shift >= index_bits || (parent_shift && shift >= *parent_shift)) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} at {:#x} has an impossible shift {}",
                             layout_.node_type, node.address().value, shift),
                 node.address().value);
  }
  return static_cast<unsigned>(shift);
}

Result<void> Walk::descend(Address at, std::uint64_t index,
                           std::optional<unsigned> parent_shift) {
  Object node = kernel_.object(layout_.node_type, at);
  unsigned shift = TRY(shift_of(node, parent_shift));
  Object slots = node[layout_.slots];
  path_.push_back({index, shift, TRY(slots.to_bytes()), 0});
  return {};
}

// Goes to the topmost node. Without nodes the head is the only entry.
Result<Walk::Step> Walk::start() {
  std::uint64_t head = TRY(head_);
  if (head == 0) return Step{};
  if (auto top = child(head, top_shift_ ? 1 : 0)) {
    TRY(descend(*top, 0, std::nullopt));
  } else if (!is_mark(head)) {
    return Step({.index = layout_.base, .entry = Address{head}});
  }
  return Step{};
}

// The slots last taken.
std::vector<unsigned> Walk::path() const {
  std::vector<unsigned> slots;
  slots.reserve(path_.size());
  for (const Node& node : path_)
    slots.push_back(static_cast<unsigned>(node.next - 1));
  return slots;
}

// Takes the next slot of the lowest node, or leaves that when it is done.
Result<Walk::Step> Walk::step() {
  unsigned word = kernel_.arch().pointer_size();
  Node& node = path_.back();
  std::size_t at = node.next * word;
  if (at + word > node.slots.size()) {
    path_.pop_back();
    return Step{};
  }
  std::uint64_t slot = load_unsigned(Bytes(node.slots).subspan(at, word),
                                     kernel_.memory().endian());
  std::uint64_t index = node.index + (node.next << node.shift);
  ++node.next;
  if (slot == 0) return Step{};
  if (auto below = child(slot, node.shift)) {
    TRY(descend(*below, index, node.shift));
  } else if (!is_mark(slot)) {
    return Step({.index = layout_.base + index,
                 .entry = Address{slot},
                 .path = path()});
  }
  return Step{};
}

Generator<IndexedEntry> Walk::entries() {
  auto found = start();
  for (std::uint64_t steps = 0;; ++steps) {
    if (!found) {
      IndexedEntry last{.fault = found.error()};
      co_yield last;
    } else if (*found) {
      co_yield **found;
    }
    if (path_.empty() || interrupted()) co_return;
    if (steps == most_steps) break;
    found = step();
  }
  IndexedEntry last{.fault = Error(ErrorKind::corrupt, "xarray does not end")};
  co_yield last;
}

// Goes from the lowest node of the path, which is for |index|, to the slot that
// counts for it; nothing where there is none.
Result<std::optional<std::uint64_t>> Walk::lookup(std::uint64_t index) {
  using Found = std::optional<std::uint64_t>;
  unsigned word = kernel_.arch().pointer_size();
  Node& node = path_.back();
  // A mark for a sibling holds the number of the slot that counts.
  for (std::uint64_t number = (index - node.index) >> node.shift;;) {
    if (number >= node.slots.size() / word) return Found();
    std::uint64_t slot =
        load_unsigned(Bytes(node.slots).subspan(number * word, word),
                      kernel_.memory().endian());
    bool is_plain = !is_mark(slot) || child(slot, node.shift);
    if (is_plain) {
      node.next = number + 1;
      return Found(slot);
    }
    if (slot >> 2 >= number) return Found();
    number = slot >> 2;
  }
}

Result<std::optional<IndexedEntry>> Walk::find(std::uint64_t index) {
  using Found = std::optional<IndexedEntry>;
  auto alone = TRY(start());
  if (alone) return alone->index == index ? Found(*alone) : Found();
  index -= layout_.base;
  while (!path_.empty() && path_.size() <= most_levels) {
    auto slot = TRY(lookup(index));
    if (!slot || *slot == 0) return Found();
    const Node& node = path_.back();
    std::uint64_t first = node.index + ((node.next - 1) << node.shift);
    auto below = child(*slot, node.shift);
    if (!below) {
      return Found({.index = layout_.base + first,
                    .entry = Address{*slot},
                    .path = path()});
    }
    TRY(descend(*below, first, node.shift));
  }
  return Found();
}

}  // namespace

Result<std::optional<IndexedEntry>> xarray_entry(const Kernel& kernel,
                                                 Object root,
                                                 std::uint64_t index) {
  return Walk(kernel, std::move(root)).find(index);
}

Generator<IndexedEntry> xarray_entries(const Kernel& kernel, Object root) {
  Walk walk(kernel, std::move(root));
  for (const IndexedEntry& entry : walk.entries())
    co_yield entry;
}

Generator<IndexedEntry> xarray_node_entries(const Kernel& kernel,
                                            Address node) {
  Walk walk(kernel, node);
  for (const IndexedEntry& entry : walk.entries())
    co_yield entry;
}

}  // namespace inquest
