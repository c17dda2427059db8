// SPDX-License-Identifier: GPL-3.0-or-later
//
// zswap_trees has one pointer for each swap area: to a struct zswap_tree with a
// red-black tree by offset; since 6.8 (44c7c734a513) to an array of trees, each
// for 64 MiB; since 6.9 (796c2c23e14e) these are xarrays.
//
// Compressed pages lie in a zpool, whose driver (zsmalloc, zbud, z3fold) has
// the handles; a zswap_pool had several of them from 6.5 to 6.11
// (b8cf32dc6e8c), chosen by the entry's address, and is zsmalloc's only
// since 6.18. A page of one word repeated has the length 0 and the word, up
// to 6.11.

#include "kernel/zswap.h"

#include <bit>

#include <fmt/format.h>

#include "kernel/list.h"
#include "kernel/packed_page.h"
#include "kernel/swap.h"
#include "kernel/zsmalloc.h"

namespace inquest {
namespace {

constexpr unsigned tree_shift = 14;  // of offsets; SWAP_ADDRESS_SPACE_SHIFT
constexpr std::uint64_t offset_mask = (std::uint64_t{1} << 58) - 1;
constexpr unsigned most_steps = 128;

// An entry's place in its tree: swpentry since 6.5 (0bb488498c98), before that
// the offset.
Result<std::uint64_t> offset_of(const Object& entry) {
  if (entry.has_member("swpentry.val")) {
    return TRY(entry["swpentry.val"].to_unsigned()) & offset_mask;
  }
  return entry["offset"].to_unsigned();
}

Result<std::optional<Object>> entry_in_tree(const Kernel& kernel,
                                            const Object& tree,
                                            std::uint64_t offset) {
  using Found = std::optional<Object>;
  const Type* type = TRY(kernel.structure("zswap_entry"));
  Object node = tree["rbroot"]["rb_node"];
  for (unsigned step = 0; step < most_steps; ++step) {
    if (TRY(node.to_address()).value == 0) return Found();
    Object entry = node.container_of(*type, "rbnode");
    std::uint64_t here = TRY(offset_of(entry));
    if (here == offset) return Found(entry);
    node = node[offset < here ? "rb_left" : "rb_right"];
  }
  return Error(ErrorKind::corrupt, "zswap's tree does not end");
}

Result<std::optional<Object>> entry_in_xarray(const Kernel& kernel,
                                              const Object& tree,
                                              std::uint64_t offset) {
  using Found = std::optional<Object>;
  auto found = TRY(xarray_entry(kernel, tree, offset));
  if (!found || found->is_value()) return Found();
  return Found(kernel.object("zswap_entry", found->entry));
}

Result<std::optional<Object>> entry_of(const Kernel& kernel, SwapEntry entry) {
  using Found = std::optional<Object>;
  if (!kernel.has_symbol("zswap_trees")) return Found();
  if (entry.type >= TRY(most_swap_areas(kernel))) return Found();
  Object trees = kernel.variable("zswap_trees", "void *[32]").at(entry.type);
  Address at = TRY(trees.to_address());
  if (at.value == 0) return Found();
  bool is_split = kernel.has_symbol("nr_zswap_trees");
  std::uint64_t number = is_split ? entry.offset >> tree_shift : 0;
  if (is_split) {
    Object counts = kernel.variable("nr_zswap_trees", "unsigned int [32]");
    if (number >= TRY(counts.at(entry.type).to_unsigned())) return Found();
  }
  auto tree_type = kernel.structure("zswap_tree");
  const Type* type = tree_type ? *tree_type : TRY(kernel.structure("xarray"));
  Object tree(kernel.memory(), *type, at + number * type->size());
  return tree_type ? entry_in_tree(kernel, tree, entry.offset)
                   : entry_in_xarray(kernel, tree, entry.offset);
}

// hash_ptr() of an entry to one of |count| (a power of two) pools.
std::uint64_t pool_number(Address entry, std::uint64_t count) {
  constexpr std::uint64_t golden_ratio = 0x61c8864680b583eb;
  auto bits = static_cast<unsigned>(std::countr_zero(count));
  return bits == 0 ? 0 : (entry.value * golden_ratio) >> (64 - bits);
}

Result<std::vector<std::byte>> packed_in(const Kernel& kernel,
                                         const Object& zpool,
                                         std::uint64_t handle,
                                         std::uint64_t length) {
  std::string driver = TRY(zpool["driver"]["type"].to_string());
  if (driver == "zsmalloc") {
    Address at = TRY(zpool["pool"].to_address());
    return TRY(ZsPool::open(kernel, at)).object(handle, length);
  }
  // zbud's handles are where the bytes are.
  if (driver == "zbud") return kernel.memory().bytes(Address{handle}, length);
  return Error(ErrorKind::unsupported,
               fmt::format("kept by {}, which is not supported", driver));
}

Result<std::vector<std::byte>> packed_page(const Kernel& kernel,
                                           const Object& entry,
                                           std::uint64_t length) {
  std::uint64_t handle = TRY(entry["handle"].to_unsigned());
  Object pool = entry["pool"];
  if (pool.fault() != nullptr) return *pool.fault();
  if (pool.has_member("zs_pool")) {
    Address at = TRY(pool["zs_pool"].to_address());
    return TRY(ZsPool::open(kernel, at)).object(handle, length);
  }
  if (!pool.has_member("zpools")) {
    return packed_in(kernel, pool["zpool"], handle, length);
  }
  Object pools = pool["zpools"];
  if (pools.fault() != nullptr) return *pools.fault();
  std::uint64_t count = pools.type().stripped().count;
  return packed_in(kernel, pools.at(pool_number(entry.address(), count)),
                   handle, length);
}

}  // namespace

Result<std::optional<std::vector<std::byte>>> zswap_page(const Kernel& kernel,
                                                         SwapEntry entry) {
  using Page = std::optional<std::vector<std::byte>>;
  auto found = TRY(entry_of(kernel, entry));
  if (!found) return Page();
  std::uint64_t length = TRY((*found)["length"].to_unsigned());
  if (length == 0 && found->has_member("value")) {
    return Page(repeated_word(kernel, TRY((*found)["value"].to_unsigned())));
  }
  if (length > kernel.page_size()) {
    return Error(ErrorKind::corrupt,
                 fmt::format("zswap says a page has {} bytes", length));
  }
  auto packed = TRY(packed_page(kernel, *found, length));
  if (length == kernel.page_size()) return Page(std::move(packed));
  std::string compression = TRY((*found)["pool"]["tfm_name"].to_string());
  return Page(TRY(unpacked_page(kernel, compression, packed)));
}

}  // namespace inquest
