// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel whose memory is hostile: the input is physical memory from 0 on.

#include <algorithm>

#include <fmt/format.h>

#include "fuzz/target.h"
#include "kernel/list.h"
#include "kernel/log.h"
#include "kernel/maple_tree.h"
#include "unit/kernel/log_samples.h"
#include "unit/kernel/maple_samples.h"

namespace inquest::test {
namespace {

constexpr std::uint64_t base = TestKernel::base;
constexpr unsigned most_items = 1000;

class InputMemory : public Dump {
 public:
  explicit InputMemory(Bytes input) : input_(input) {
    info_.is_live = true;  // read anew each time, which is quicker here
  }
  Result<void> read(PhysAddress from, std::span<std::byte> out) const override {
    bool is_inside =
        from.value <= input_.size() && out.size() <= input_.size() - from.value;
    if (!is_inside) return Error(ErrorKind::fault, "not in dump", from.value);
    std::ranges::copy(input_.subspan(from.value, out.size()), out.begin());
    return {};
  }
  std::vector<PhysRange> ranges() const override {
    return {{PhysAddress{0}, input_.size(), {}}};
  }
  bool has_page(PhysAddress at) const override {
    return at.value < input_.size();
  }
  Result<PhysAddress> physical_at(FileOffset offset) const override {
    return PhysAddress{offset.value};
  }

 private:
  Bytes input_;
};

std::shared_ptr<const PhysicalMemory> memory_of(Bytes input) {
  return std::make_shared<PhysicalMemory>(std::make_shared<InputMemory>(input));
}

// The memory that a machine's text describes, as one piece.
Input image(std::string_view text) {
  Input bytes;
  for (const auto& [number, page] : parse_machine(text).pages) {
    if (!page) continue;
    bytes.resize(number * 4096);
    bytes.insert(bytes.end(), page->begin(), page->end());
  }
  while (!bytes.empty() && bytes.back() == std::byte{0})
    bytes.pop_back();
  return bytes;
}

// At most so many items of a walk, each looked at by |each|.
template <typename Item, typename Each>
void walk(Generator<Item> items, const Each& each) {
  unsigned count = 0;
  for (const Item& item : items) {
    each(item);
    if (++count == most_items) break;
  }
}

// ---- Logs ----

void read_log(const TestKernel& kernel) {
  walk(log_records(kernel), [](const auto&) {});
}

void run_log_ring(Bytes input) {
  TestKernel kernel(memory_of(input), {{"prb", 0x1000}});
  add_ring_types(kernel);
  read_log(kernel);
}

std::vector<Input> ring_seeds() {
  return {image(Ring{.more = ""}.machine()),
          image(Ring{.more = "@0x2050 u64 1 3\n"}.machine())};
}

void run_log_buffer(Bytes input) {
  TestKernel kernel(memory_of(input), buffer_symbols);
  add_record_type(kernel);
  read_log(kernel);
}

std::vector<Input> buffer_seeds() {
  return {image(buffer())};
}

void run_log_text(Bytes input) {
  TestKernel kernel(memory_of(input), {{"log_buf", 0},
                                       {"log_buf_len", 8},
                                       {"log_end", 12},
                                       {"logged_chars", 16}});
  read_log(kernel);
}

std::vector<Input> log_text_seeds() {
  return {
      image(fmt::format("@0 u64 {:#x}\n@8 u32 16 20 16\n"
                        "@32 text \"two\\n<3>one\\n<6>\"\n",
                        base + 32))};
}

// ---- Trees and lists ----

void run_maple_tree(Bytes input) {
  TestKernel kernel(memory_of(input), {});
  add_maple_types(kernel);
  auto tree =
      MapleTree::open(kernel, kernel.object("maple_tree", Address{base}));
  if (!tree) return;
  (void)tree->height();
  walk(tree->entries(), [](const MapleEntry&) {});
  walk(tree->steps(), [](const MapleStep&) {});
  for (std::uint64_t index : {0ULL, 0x80ULL, 0x10fULL, ~0ULL})
    (void)tree->find(index);
}

std::vector<Input> maple_seeds() {
  constexpr std::uint64_t leaf = 0x0c, range = 0x14, arange = 0x1c;
  constexpr std::uint64_t top = base + 0x100, left = base + 0x200,
                          right = base + 0x300, all = ~std::uint64_t{0};
  std::string leaves =
      node_text(left, range_node({0x7f, 0xff}, {0x5000, 0x5100})) +
      node_text(right, range_node({0x100, 0x10f}, {0x6000, 0x406, 0x6100}));
  auto tree = [&](std::uint64_t kind, const std::vector<std::uint64_t>& node) {
    return image(words(8, {0x309, top | kind | 2}) + node_text(top, node) +
                 leaves);
  };
  return {tree(arange,
               arange_node({0xff, all}, {left | leaf, right | leaf}, {3, 4})),
          tree(range, range_node({0xff, all}, {left | leaf, right | leaf})),
          tree(leaf, range_node({0xff, 0x1ff}, {0x5000, 0, 0x6000})),
          image(words(8, {0x309, 0x5000}))};
}

void run_xarray(Bytes input) {
  TestKernel kernel(memory_of(input), {});
  Types& types = kernel.types();
  const Type& pointer = types.pointer_to(types.void_type());
  const Type& byte = types.c_type("unsigned char");
  kernel.source->structure("xa_node", 520,
                           {member("shift", byte, 0),
                            member("slots", types.array_of(pointer, 64), 8)});
  kernel.source->structure("xarray", 8, {member("xa_head", pointer, 0)});
  Object root = kernel.object("xarray", Address{base});
  walk(xarray_entries(kernel, root), [](const IndexedEntry&) {});
  walk(xarray_node_entries(kernel, Address{base + 0x102}),
       [](const IndexedEntry&) {});
  for (std::uint64_t index : {0ULL, 66ULL, 4096ULL, ~0ULL})
    (void)xarray_entry(kernel, root, index);
}

std::vector<Input> xarray_seeds() {
  return {image(words(0, {base + 0x102}) + "@0x100 u8 6\n@0x400 u8 0\n" +
                words(0x110, {base + 0x402, 0x8000}) +
                words(0x418, {0x9000, 0x12, 0x12, 0x15})),
          image(words(0, {0x7000}))};
}

// The types of lists and trees, which point to themselves.
struct LinkTypes {
  explicit LinkTypes(TestKernel& test) : kernel(test) {
    list_head.kind = node.kind = rb_node.kind = TypeKind::structure;
    list_head.byte_size = 16;
    node.byte_size = 8;
    rb_node.byte_size = 24;
  }
  Object at(std::string_view name, std::string_view link, const Type& type) {
    const Type& head =
        kernel.source->structure(name, 8, {pointer(link, type, 0)});
    return {kernel.memory(), head, Address{base}};
  }
  Member pointer(std::string_view name, const Type& type,
                 std::uint64_t offset) {
    return member(name, kernel.types().pointer_to(type), offset);
  }

  TestKernel& kernel;
  Type list_head{[this](const Type&, TypeBody& body) {
    body.members = {pointer("next", list_head, 0),
                    pointer("prev", list_head, 8)};
  }};
  Type node{[this](const Type&, TypeBody& body) {
    body.members = {pointer("next", node, 0)};
  }};
  Type rb_node{[this](const Type&, TypeBody& body) {
    body.members = {pointer("rb_right", rb_node, 8),
                    pointer("rb_left", rb_node, 16)};
  }};
};

// Lists, chains and trees, all from the same head.
void run_lists(Bytes input) {
  TestKernel kernel(memory_of(input), {});
  LinkTypes types(kernel);
  const Type& item = kernel.source->structure(
      "item", 24, {member("link", types.list_head, 8)});
  auto look = [](const Object& one) { (void)one.fault(); };
  Object head(kernel.memory(), types.list_head, Address{base});
  walk(list_nodes(head), look);
  walk(list_nodes(head, Direction::backwards), look);
  walk(list_entries(head, &item, "link"), look);
  walk(hlist_nodes(types.at("hlist_head", "first", types.node)), look);
  walk(llist_entries(types.at("llist_head", "first", types.node), &types.node,
                     "next"),
       look);
  Object root = types.at("rb_root", "rb_node", types.rb_node);
  walk(rbtree_nodes(root), [](const RbNode&) {});
  walk(rbtree_nodes(root, TreeOrder::node_first), [](const RbNode&) {});
}

std::vector<Input> list_seeds() {
  return {image(words(0, {base + 0x20, base + 0x40}) +
                words(0x20, {base + 0x40, base}) +
                words(0x40, {base, base + 0x20})),
          image(words(0, {base + 0x20}) +
                words(0x20, {0, base + 0x40, base + 0x60}) +
                words(0x40, {base + 0x20, 0, 0}) +
                words(0x60, {base + 0x20, 0, 0}))};
}

// ---- Page tables ----

void translate(const std::shared_ptr<const PhysicalMemory>& memory,
               std::string_view arch, const Paging& paging) {
  MappedSpace space(memory, *find_arch(arch), {}, paging);
  std::vector<WalkStep> steps;
  std::vector<std::byte> out(0x3000);
  for (std::uint64_t at :
       {0x0ULL, 0x1000ULL, 0x401000ULL, 0x7fffffffe000ULL,
        0xffff800000000ffcULL, 0xffffffff81000ff8ULL, 0xfffffffffffff000ULL}) {
    (void)space.walk(Address{at}, &steps);
    (void)space.read(Address{at}, std::span(out).first(8));
    (void)space.read(Address{at}, out);
    (void)space.to_physical(Address{at});
  }
}

void run_page_tables(Bytes input) {
  auto memory = memory_of(input);
  translate(memory, "x86_64", {.root = PhysAddress{0}});
  translate(memory, "x86_64",
            {.root = PhysAddress{0}, .levels = 5, .va_bits = 57});
  translate(memory, "aarch64", {.root = PhysAddress{0}});
  translate(memory, "aarch64", {.root = PhysAddress{0}, .is_lower_half = true});
  translate(memory, "aarch64",
            {.root = PhysAddress{0},
             .levels = 3,
             .page_shift = 14,
             .va_bits = 47,
             .has_wide_entries = true,
             .has_tags = true});
  translate(
      memory, "aarch64",
      {.root = PhysAddress{0}, .levels = 2, .page_shift = 16, .va_bits = 42});
}

std::vector<Input> page_table_seeds() {
  std::vector<Input> seeds;
  for (std::uint64_t flags : {0x63ULL, 0xe3ULL, 0x703ULL}) {
    std::string text;
    // A table that is its own at every level, and one with others below.
    for (std::uint64_t i : {0, 2, 8, 256, 510, 511})
      text += words(i * 8, {flags});
    seeds.push_back(image(text + "@0xff8 u64 0x1063\n@0x1000 u64 0x63\n"));
  }
  return seeds;
}

constexpr FuzzTarget targets[] = {
    {"log_ring", run_log_ring, ring_seeds},
    {"log_buffer", run_log_buffer, buffer_seeds},
    {"log_text", run_log_text, log_text_seeds},
    {"maple_tree", run_maple_tree, maple_seeds},
    {"xarray", run_xarray, xarray_seeds},
    {"lists", run_lists, list_seeds},
    {"page_tables", run_page_tables, page_table_seeds},
};

}  // namespace

std::span<const FuzzTarget> kernel_targets() {
  return targets;
}

}  // namespace inquest::test
