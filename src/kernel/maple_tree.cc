// SPDX-License-Identifier: GPL-3.0-or-later
//
// A maple tree is a B-tree of nodes of 256 bytes (on 64 bits), aligned to
// their size, so that a pointer to one has room for more: bits 3 to 6 are its
// kind, and in the root pointer bit 1 marks what is a node at all, as in
// xarrays. Nodes that are no leaves hold nothing but nodes.
//
// Slot i of a node stands for the indexes from one above pivot i - 1 (or the
// node's first) to pivot i (or the node's last). There is one pivot less than
// there are slots. The last slot in use is that whose pivot is the node's last
// index, or is 0 (no slot but the first may end at 0), or is missing. Where the
// last slot of all is not in use it may hold metadata, which a walk that stops
// there never comes to.
//
//   dense      entries for one index each, no pivots
//   leaf_64    entries
//   range_64   nodes
//   arange_64  nodes, and the largest gap below each
//
// A tree of one entry for index 0 has no node.

#include "kernel/maple_tree.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/interrupt.h"

namespace inquest {
namespace {

constexpr std::uint64_t whole_space = ~std::uint64_t{0};
constexpr std::size_t deepest = 32;  // the height has five bits
constexpr std::uint64_t most_steps = std::uint64_t{1} << 26;
constexpr std::size_t most_slots = 256;
constexpr unsigned kind_shift = 3;
constexpr unsigned kind_mask = 0xf;
// Smaller numbers with a node's mark are marks themselves.
constexpr std::uint64_t largest_mark = 4096;

bool is_root_node(std::uint64_t root) {
  return (root & 3) == 2 && root > largest_mark;
}

// An array of words in a node.
struct Words {
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

Result<Words> words_of(const Type& node, std::string_view member,
                       unsigned word) {
  MemberPlace place = TRY(find_member(node, member));
  const Type& type = place.type->stripped();
  std::uint64_t size = type.size();
  if (!place.type->is_array() || size % word != 0 || size / word > most_slots ||
      place.offset() + size > node.size()) {
    return Error(ErrorKind::unsupported,
                 fmt::format("maple_node.{} is no array of words", member));
  }
  return Words{place.offset(), size / word};
}

}  // namespace

// How nodes look in this kernel.
class MapleTree::Shape {
 public:
  static Result<std::shared_ptr<const Shape>> of(const Kernel& kernel);

  Result<MapleNode> node(std::uint64_t encoded) const;

 private:
  struct Layout {
    int number = 0;  // in the kernel's enum maple_type
    Words pivots, slots, gaps;
    std::optional<std::uint64_t> metadata;  // end and gap, a byte each
  };

  explicit Shape(const Kernel& kernel) : kernel_(kernel) {}
  Result<void> probe(const Type& node);
  std::vector<std::uint64_t> load(const std::vector<std::byte>& bytes,
                                  const Words& words) const;

  const Kernel& kernel_;
  std::uint64_t size_ = 0;
  std::array<Layout, 4> layouts_;  // by MapleKind
};

Result<std::shared_ptr<const MapleTree::Shape>> MapleTree::Shape::of(
    const Kernel& kernel) {
  const Type* node = TRY(kernel.structure("maple_node"));
  std::shared_ptr<Shape> shape(new Shape(kernel));
  TRY(shape->probe(*node));
  return std::shared_ptr<const Shape>(std::move(shape));
}

Result<void> MapleTree::Shape::probe(const Type& node) {
  size_ = node.size();
  if (!std::has_single_bit(size_) || size_ < 128 || size_ > 4096) {
    return Error(ErrorKind::unsupported,
                 fmt::format("maple_node of {} bytes", size_));
  }
  static constexpr std::array<std::string_view, 4> names = {
      "maple_dense", "maple_leaf_64", "maple_range_64", "maple_arange_64"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto number = kernel_.enumerator(names.at(i));
    layouts_.at(i).number =
        number ? static_cast<int>(*number) : static_cast<int>(i);
  }
  unsigned word = kernel_.arch().pointer_size();
  auto& [dense, leaf, range, arange] = layouts_;
  dense.slots = TRY(words_of(node, "slot", word));
  range.pivots = TRY(words_of(node, "mr64.pivot", word));
  range.slots = TRY(words_of(node, "mr64.slot", word));
  if (auto place = find_member(node, "mr64.meta")) {
    range.metadata = place->offset();
  }
  int leaf_number = leaf.number;
  leaf = range;
  leaf.number = leaf_number;
  arange.pivots = TRY(words_of(node, "ma64.pivot", word));
  arange.slots = TRY(words_of(node, "ma64.slot", word));
  arange.gaps = TRY(words_of(node, "ma64.gap", word));
  if (auto place = find_member(node, "ma64.meta")) {
    arange.metadata = place->offset();
  }
  return {};
}

std::vector<std::uint64_t> MapleTree::Shape::load(
    const std::vector<std::byte>& bytes, const Words& words) const {
  unsigned word = kernel_.arch().pointer_size();
  std::vector<std::uint64_t> values;
  values.reserve(words.count);
  for (std::uint64_t i = 0; i < words.count; ++i) {
    values.push_back(
        load_unsigned(Bytes(bytes).subspan(words.offset + i * word, word),
                      kernel_.memory().endian()));
  }
  return values;
}

Result<MapleNode> MapleTree::Shape::node(std::uint64_t encoded) const {
  MapleNode node;
  node.encoded = encoded;
  node.at = Address{encoded & ~(size_ - 1)};
  auto number = static_cast<int>(encoded >> kind_shift & kind_mask);
  const auto* layout = std::ranges::find(layouts_, number, &Layout::number);
  if (layout == layouts_.end()) {
    return Error(
        ErrorKind::corrupt,
        fmt::format("maple node {:#x} of unknown type {}", encoded, number),
        node.at.value);
  }
  node.kind = static_cast<MapleKind>(layout - layouts_.begin());
  auto bytes = TRY(kernel_.memory().bytes(node.at, size_));
  node.parent = load(bytes, {0, 1}).front();
  node.pivots = load(bytes, layout->pivots);
  node.slots = load(bytes, layout->slots);
  node.gaps = load(bytes, layout->gaps);
  if (layout->metadata && *layout->metadata + 2 <= size_) {
    node.end = static_cast<unsigned>(bytes[*layout->metadata]);
    node.gap = static_cast<unsigned>(bytes[*layout->metadata + 1]);
  }
  return node;
}

namespace {

// What slot |i| of |node| stands for, which begins at |first|.
Result<MapleEntry> slot_range(const MapleNode& node, std::size_t i,
                              std::uint64_t first) {
  MapleEntry entry{.first = first, .last = node.last};
  entry.entry = Address{node.slots[i]};
  if (node.kind == MapleKind::dense) {
    entry.last = first;
    return entry;
  }
  if (i < node.pivots.size()) {
    entry.last = node.pivots[i];
    if (entry.last == 0 && i > 0) entry.last = node.last;
  }
  if (entry.last < first || entry.last > node.last) {
    return Error(
        ErrorKind::corrupt,
        fmt::format("maple node at {:#x}: pivot {} is {:#x}, of {:#x} to {:#x}",
                    node.at.value, i, entry.last, first, node.last),
        node.at.value);
  }
  return entry;
}

// The slot that stands for |index|; dense nodes may have none.
Result<std::optional<MapleEntry>> slot_of(const MapleNode& node,
                                          std::uint64_t index) {
  using Found = std::optional<MapleEntry>;
  std::uint64_t first = node.first;
  for (std::size_t i = 0; i < node.slots.size() && first <= index; ++i) {
    MapleEntry slot = TRY(slot_range(node, i, first));
    if (slot.last >= index) return Found(slot);
    first = slot.last + 1;
  }
  return Found();
}

MapleEntry fault_entry(std::uint64_t first, std::uint64_t last, Error error) {
  return {.first = first, .last = last, .fault = std::move(error)};
}

}  // namespace

// Goes through a tree with the path from the root on a stack.
class MapleTree::Walk {
 public:
  explicit Walk(const MapleTree& tree) : tree_(tree) {}

  // Nothing: the step held nothing worth telling.
  std::optional<MapleStep> start();
  std::optional<MapleStep> step();
  bool is_over() const { return path_.empty(); }

 private:
  struct Level {
    std::shared_ptr<const MapleNode> node;
    std::uint64_t first = 0;  // of the next slot
    std::size_t next = 0;
    bool is_done = false;
  };

  Result<std::shared_ptr<const MapleNode>> enter(const MapleEntry& slot);

  const MapleTree& tree_;
  std::vector<Level> path_;
};

Result<std::shared_ptr<const MapleNode>> MapleTree::Walk::enter(
    const MapleEntry& slot) {
  auto node = TRY(tree_.shape_->node(slot.entry.value));
  bool is_loop = std::ranges::any_of(
      path_, [&](const Level& level) { return level.node->at == node.at; });
  if (is_loop || path_.size() == deepest) {
    return Error(ErrorKind::corrupt,
                 fmt::format("maple tree loops at {:#x}", node.at.value),
                 node.at.value);
  }
  node.first = slot.first;
  node.last = slot.last;
  node.depth = static_cast<unsigned>(path_.size());
  for (const Level& level : path_)
    node.path.push_back(static_cast<unsigned>(level.next - 1));
  auto entered = std::make_shared<const MapleNode>(std::move(node));
  path_.push_back({.node = entered, .first = slot.first});
  return entered;
}

std::optional<MapleStep> MapleTree::Walk::start() {
  if (tree_.root_ == 0) return std::nullopt;
  MapleEntry all{.last = whole_space, .entry = Address{tree_.root_}};
  if (!is_root_node(tree_.root_)) {
    all.last = 0;
    return MapleStep{.slot = 0, .entry = all};
  }
  auto node = enter(all);
  if (node) return MapleStep{.node = *node};
  return MapleStep{.slot = 0,
                   .entry = fault_entry(0, whole_space, node.error())};
}

std::optional<MapleStep> MapleTree::Walk::step() {
  Level& level = path_.back();
  std::shared_ptr<const MapleNode> node = level.node;
  if (level.is_done || level.next == node->slots.size()) {
    path_.pop_back();
    return std::nullopt;
  }
  auto number = static_cast<unsigned>(level.next);
  auto slot = slot_range(*node, level.next, level.first);
  if (!slot) {
    level.is_done = true;
    return MapleStep{
        .node = node,
        .slot = number,
        .entry = fault_entry(level.first, node->last, slot.error())};
  }
  MapleEntry entry = *slot;
  level.is_done = entry.last == node->last;
  level.first = entry.last + 1;
  ++level.next;
  bool is_inner = !node->is_leaf() && entry.entry.value != 0;
  if (!is_inner) {
    return MapleStep{.node = node, .slot = number, .entry = entry};
  }
  auto below = enter(entry);
  if (below) return MapleStep{.node = *below};
  entry.fault = below.error();
  return MapleStep{.node = node, .slot = number, .entry = entry};
}

Result<MapleTree> MapleTree::open(const Kernel& kernel, const Object& root) {
  MapleTree tree;
  tree.kernel_ = &kernel;
  tree.root_ = TRY(root["ma_root"].to_unsigned());
  tree.flags_ = TRY(root["ma_flags"].to_unsigned());
  tree.at_ = root.address();
  tree.shape_ = TRY(Shape::of(kernel));
  return tree;
}

Result<MapleTree> MapleTree::below(const Kernel& kernel,
                                   std::uint64_t encoded) {
  MapleTree tree;
  tree.kernel_ = &kernel;
  constexpr std::uint64_t root_mark = 2;
  tree.root_ = encoded | root_mark;
  tree.shape_ = TRY(Shape::of(kernel));
  return tree;
}

// MT_FLAGS_HEIGHT_OFFSET and MT_FLAGS_HEIGHT_MASK.
unsigned MapleTree::height() const {
  return static_cast<unsigned>(flags_ >> 2 & 0x1f);
}

Generator<MapleStep> MapleTree::steps_of(MapleTree tree) {
  Walk walk(tree);
  std::optional<MapleStep> step = walk.start();
  for (std::uint64_t count = 0;; ++count) {
    if (step) co_yield *step;
    if (walk.is_over() || interrupted()) co_return;
    if (count == most_steps) break;
    step = walk.step();
  }
  Error endless(ErrorKind::corrupt, "maple tree does not end", tree.at_.value);
  MapleStep last{.slot = 0, .entry = {.fault = endless}};
  co_yield last;
}

Generator<MapleEntry> MapleTree::entries_of(MapleTree tree) {
  for (const MapleStep& step : steps_of(std::move(tree))) {
    if (!step.slot) continue;
    const MapleEntry& entry = step.entry;
    bool is_stored = entry.entry.value != 0 && !entry.is_mark();
    if (entry.fault || is_stored) co_yield entry;
  }
}

Result<std::optional<MapleEntry>> MapleTree::find(std::uint64_t index) const {
  using Found = std::optional<MapleEntry>;
  if (root_ == 0) return Found();
  MapleEntry at{.last = whole_space, .entry = Address{root_}};
  bool is_inner = is_root_node(root_);
  if (!is_inner) at.last = 0;
  for (std::size_t depth = 0; is_inner; ++depth) {
    if (depth == deepest) {
      return Error(ErrorKind::corrupt, "maple tree is too deep", at_.value);
    }
    MapleNode node = TRY(shape_->node(at.entry.value));
    node.first = at.first;
    node.last = at.last;
    Found slot = TRY(slot_of(node, index));
    if (!slot) return Found();
    at = *slot;
    is_inner = !node.is_leaf() && at.entry.value != 0;
  }
  bool is_stored = at.entry.value != 0 && !at.is_mark() && index <= at.last;
  return is_stored ? Found(at) : Found();
}

}  // namespace inquest
