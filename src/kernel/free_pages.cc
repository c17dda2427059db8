// SPDX-License-Identifier: GPL-3.0-or-later
//
// The buddy allocator keeps free memory in blocks of 2^order pages, aligned to
// their size, in lists by order and kind of use (migrate type). The first
// struct page of a block is linked through lru (buddy_list since 5.19,
// bf75f200569d), has the order in private and since 4.18 the type "buddy".
//
// Each CPU keeps some free pages of each zone for itself: in pageset.pcp.lists
// until 5.13, one list for each migrate type; then in per_cpu_pageset.lists
// (28f836b6777b), where they are also of small orders and the size of a huge
// page (44042b449872).

#include "kernel/free_pages.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "kernel/list.h"

namespace inquest {
namespace {

constexpr std::uint64_t most_orders = 32, most_types = 32, most_lists = 256;

Error damage(std::string what, Address at) {
  return {ErrorKind::corrupt, std::move(what), at.value};
}

bool holds(const Zone& zone, std::uint64_t frame) {
  if (!zone.first_frame || !zone.spanned) return false;
  return frame - *zone.first_frame < *zone.spanned;
}

std::uint64_t elements(const Object& array, std::uint64_t most) {
  if (array.fault() != nullptr) return 0;
  return std::min(array.type().stripped().count, most);
}

// A CPU's own pages of a zone: struct per_cpu_pages.
Object cpu_pages(const Kernel& kernel, const Object& zone, unsigned cpu) {
  bool is_new = zone.has_member("per_cpu_pageset");
  Object pointer = zone[is_new ? "per_cpu_pageset" : "pageset"];
  auto at = pointer.to_address();
  if (at) at = kernel.per_cpu_address(*at, cpu);
  if (!at) return at.error();
  const Type* type = pointer.type().stripped().target();
  if (type == nullptr) return Error(ErrorKind::unsupported, "pages of no type");
  Object found(kernel.memory(), *type, *at);
  return is_new ? found : found["pcp"];
}

// The order of the pages on a CPU's |index|-th list of |count|.
unsigned list_order(const Kernel& kernel, std::uint64_t index,
                    std::uint64_t count) {
  auto types = kernel.enumerator("MIGRATE_PCPTYPES");
  constexpr unsigned small_orders = 4;  // up to PAGE_ALLOC_COSTLY_ORDER
  if (!types || *types <= 0 || *types > 8) return 0;
  auto kinds = static_cast<std::uint64_t>(*types);
  if (count <= kinds) return 0;
  if (index < kinds * small_orders) return static_cast<unsigned>(index / kinds);
  // A page table full of pages.
  constexpr unsigned entry_shift = 3;
  auto shift = static_cast<unsigned>(std::countr_zero(kernel.page_size()));
  return shift - entry_shift;
}

}  // namespace

std::vector<FreeArea> free_areas(const Zone& zone) {
  std::vector<FreeArea> found;
  Object areas = zone.object["free_area"];
  std::uint64_t orders = elements(areas, most_orders);
  for (unsigned order = 0; order < orders; ++order) {
    Object area = areas.at(order);
    FreeArea one{order, area["nr_free"].to_unsigned(), {}};
    Object lists = area["free_list"];
    std::uint64_t types = elements(lists, most_types);
    for (unsigned type = 0; type < types; ++type)
      one.lists.push_back({lists.at(type), order, type});
    found.push_back(std::move(one));
  }
  return found;
}

std::string migrate_type_name(const Kernel& kernel, unsigned type) {
  Object names = kernel.variable("migratetype_names", "char *[32]");
  auto most = kernel.enumerator("MIGRATE_TYPES");
  if (most && type < *most) {
    auto name = names.at(type).to_string();
    if (name && !name->empty()) return *name;
  }
  return fmt::to_string(type);
}

bool is_isolated_type(const Kernel& kernel, unsigned type) {
  auto isolated = kernel.enumerator("MIGRATE_ISOLATE");
  return isolated && *isolated == type;
}

Result<FreePages> FreePages::open(const Kernel& kernel) {
  const Type& page = *TRY(kernel.structure("page"));
  FreePages found(kernel, TRY(PageMap::open(kernel)), TRY(memory_zones(kernel)),
                  PageTypes::of(kernel));
  bool is_named = has_member(page, "buddy_list");
  found.link_offset_ =
      TRY(find_member(page, is_named ? "buddy_list" : "lru")).offset();
  return found;
}

// The order of the free block that starts at |page|.
std::optional<unsigned> FreePages::buddy_order(const Object& page) const {
  if (types_.is_known()) {
    auto word = page["page_type"].to_unsigned();
    if (!word || types_.name(static_cast<std::uint32_t>(*word)) != "buddy") {
      return std::nullopt;
    }
  }
  auto order = page["private"].to_unsigned();
  if (!order || *order >= most_orders) return std::nullopt;
  return static_cast<unsigned>(*order);
}

FreeBlock FreePages::block_of(const Zone& zone, const FreeList& list,
                              const Object& node) const {
  Address at{node.address().value - link_offset_};
  auto frame = pages_.frame(at);
  if (!frame) {
    return {Address{}, 0,
            damage(fmt::format("{:#x} is linked, which is no "
                               "struct page",
                               at.value),
                   at)};
  }
  FreeBlock block{at, *frame};
  auto order = buddy_order(kernel_.object("page", at));
  auto wrong = [&](std::string_view what) {
    block.fault = damage(fmt::format("page {:x} {}", at.value, what), at);
    return block;
  };
  if (!holds(zone, *frame)) return wrong("is not of this zone");
  if (!order) return wrong("is linked and not free");
  if (*order != list.order) {
    return wrong(fmt::format("is a block of order {}", *order));
  }
  if ((*frame & ((std::uint64_t{1} << list.order) - 1)) != 0) {
    return wrong("is not aligned to the block's size");
  }
  return block;
}

Generator<FreeBlock> FreePages::blocks(const Zone& zone, FreeList list) const {
  for (const Object& node : list_nodes(list.head)) {
    FreeBlock block;
    if (node.fault() != nullptr) {
      block.fault = *node.fault();
    } else {
      block = block_of(zone, list, node);
    }
    co_yield block;
    if (block.page.value == 0) co_return;
  }
}

std::optional<FreePlace> FreePages::listed(std::size_t zone,
                                           std::uint64_t frame,
                                           unsigned order) const {
  auto areas = free_areas(zones_[zone]);
  if (order >= areas.size()) return std::nullopt;
  for (const FreeList& list : areas[order].lists) {
    for (const FreeBlock& block : blocks(zones_[zone], list)) {
      if (block.page.value == 0 || block.frame != frame) continue;
      return FreePlace{zone, list, block};
    }
  }
  return std::nullopt;
}

std::optional<FreePlace> FreePages::buddy_place(std::uint64_t frame) const {
  for (unsigned order = 0; order < most_orders; ++order) {
    std::uint64_t first = frame >> order << order;
    auto page = pages_.page(first);
    auto found = page ? buddy_order(*page) : std::nullopt;
    if (!found || *found < order) continue;
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      if (!holds(zones_[i], first)) continue;
      if (auto place = listed(i, first, *found)) return place;
    }
  }
  return std::nullopt;
}

std::optional<FreePlace> FreePages::kept(std::size_t zone, unsigned cpu,
                                         std::uint64_t frame) const {
  Object lists = cpu_pages(kernel_, zones_[zone].object, cpu)["lists"];
  std::uint64_t count = elements(lists, most_lists);
  for (std::uint64_t i = 0; i < count; ++i) {
    FreeList list{lists.at(i), list_order(kernel_, i, count), 0};
    for (const Object& node : list_nodes(list.head)) {
      if (node.fault() != nullptr) break;
      Address at{node.address().value - link_offset_};
      auto first = pages_.frame(at);
      if (!first) break;
      if (((frame - *first) >> list.order) != 0) continue;
      return FreePlace{zone, list, {at, *first}, cpu};
    }
  }
  return std::nullopt;
}

std::optional<FreePlace> FreePages::cpu_place(std::uint64_t frame) const {
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    if (!zones_[i].is_populated() || !holds(zones_[i], frame)) continue;
    for (unsigned cpu : kernel_.possible_cpus())
      if (auto place = kept(i, cpu, frame)) return place;
  }
  return std::nullopt;
}

}  // namespace inquest
