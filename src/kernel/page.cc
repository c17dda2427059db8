// SPDX-License-Identifier: GPL-3.0-or-later
//
// Physical memory comes in sections of 128 MiB and the like (sparse memory).
// struct mem_section holds where the section's pages are described, less what
// lies before it, so that any frame's number is an index; the low bits, which
// an aligned array has to spare, are flags. With a virtual memory map
// (SPARSEMEM_VMEMMAP) all sections give the same place.
//
// The sections lie in an array of arrays of one page each: a static array
// (SPARSEMEM_STATIC), a static array of pointers (SPARSEMEM_EXTREME), or since
// 4.15 (83e3c48729d9) a pointer to an array of pointers. Kernels without
// sparse memory have one array, mem_map.

#include "kernel/page.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "kernel/linux_arch.h"
#include "kernel/printed_flags.h"

namespace inquest {
namespace {

constexpr std::uint64_t has_map = 2;  // SECTION_HAS_MEM_MAP
// Section maps start at a page; more bits than there are flags yet.
constexpr std::uint64_t section_flags = 0xfff;
constexpr std::uint64_t most_sections = std::uint64_t{1} << 26;

unsigned page_shift(const Kernel& kernel) {
  return static_cast<unsigned>(std::countr_zero(kernel.page_size()));
}

// SECTION_SIZE_BITS. Kernels that do not note it are older than 5.12, when
// arm64 went down from 30 (f0b13ee23241).
unsigned section_shift(const Kernel& kernel) {
  constexpr unsigned of_x86_64 = 27, of_arm64 = 30;
  auto noted = kernel.vmcoreinfo().number("SECTION_SIZE_BITS");
  if (noted && *noted >= 20 && *noted < 48) {
    return static_cast<unsigned>(*noted);
  }
  return kernel.arch().name() == "aarch64" ? of_arm64 : of_x86_64;
}

}  // namespace

struct PageMap::Table {
  std::once_flag once;
  std::vector<Section> sections;
  std::vector<Address> maps;   // of these, each once
  std::optional<Error> fault;  // the first that hides some
};

PageMap::PageMap(const Kernel& kernel)
    : kernel_(kernel), table_(std::make_shared<Table>()) {}

Result<PageMap> PageMap::open(const Kernel& kernel) {
  PageMap map(kernel);
  map.page_ = TRY(kernel.structure("page"));
  if (map.page_->size() == 0) {
    return Error(ErrorKind::unsupported, "struct page of no size");
  }
  if (kernel.has_symbol("mem_section")) {
    TRY(map.find_sections());
    return map;
  }
  if (!kernel.has_symbol("mem_map")) {
    return Error(ErrorKind::unsupported,
                 "vmlinux has neither mem_section nor mem_map");
  }
  Address variable = TRY(kernel.symbol("mem_map"));
  map.base_ = {TRY(kernel.memory().u64(variable))};
  return map;
}

Result<void> PageMap::find_sections() {
  const Type* type = TRY(kernel_.structure("mem_section"));
  section_size_ = type->size();
  unsigned shift = section_shift(kernel_);
  unsigned word = kernel_.arch().pointer_size();
  if (section_size_ == 0 || section_size_ > kernel_.page_size() ||
      shift <= page_shift(kernel_)) {
    return Error(ErrorKind::unsupported,
                 fmt::format("mem_section of {} bytes", section_size_));
  }
  frames_shift_ = shift - page_shift(kernel_);
  per_root_ = kernel_.page_size() / section_size_;
  model_ = Model::sparse;
  base_ = TRY(kernel_.symbol("mem_section"));
  const Symbol* symbol = kernel_.symbols().find("mem_section");
  if (symbol == nullptr || symbol->size == word) {
    base_ = {TRY(kernel_.memory().u64(base_))};
    return {};
  }
  Object variable = kernel_.variable("mem_section");
  if (variable.fault() != nullptr) return *variable.fault();
  const Type* element = variable.type().stripped().target();
  if (element != nullptr && element->is_pointer()) return {};
  model_ = Model::sparse_static;
  return {};
}

// Where struct mem_section of a section lies.
Result<std::optional<Address>> PageMap::section(std::uint64_t number) const {
  using Found = std::optional<Address>;
  if (number >= section_count()) return Found();
  if (model_ == Model::sparse_static) {
    return Found(base_ + number * section_size_);
  }
  unsigned word = kernel_.arch().pointer_size();
  Address slot = base_ + number / per_root_ * word;
  std::uint64_t root = TRY(kernel_.memory().load(slot, word));
  if (root == 0) return Found();
  return Found(Address{root} + number % per_root_ * section_size_);
}

// struct page of frame 0 as the section sees it.
Result<std::optional<Address>> PageMap::map_of(std::uint64_t number) const {
  using Found = std::optional<Address>;
  Found at = TRY(section(number));
  if (!at) return Found();
  Object entry = kernel_.object("mem_section", *at);
  std::uint64_t word = TRY(entry["section_mem_map"].to_unsigned());
  if ((word & has_map) == 0) return Found();
  return Found(Address{word & ~section_flags});
}

std::uint64_t PageMap::section_count() const {
  if (auto noted = kernel_.vmcoreinfo().length("mem_section");
      noted && model_ == Model::sparse) {
    return std::min(*noted * per_root_, most_sections);
  }
  Object last = kernel_.variable("max_pfn", "unsigned long");
  auto frames = last.to_unsigned();
  if (!frames) return most_sections;
  return std::min((*frames >> frames_shift_) + 1, most_sections);
}

// What is read of a section: false where there is none in the whole root.
Result<bool> PageMap::read_section(std::uint64_t number, Table& table) const {
  auto at = TRY(section(number));
  if (!at) return false;
  Object entry = kernel_.object("mem_section", *at);
  std::uint64_t word = TRY(entry["section_mem_map"].to_unsigned());
  if (word == 0) return true;
  bool is_mapped = (word & has_map) != 0;
  Address map{is_mapped ? word & ~section_flags : 0};
  table.sections.push_back({.number = number,
                            .at = *at,
                            .word = word,
                            .coded = map,
                            .first_frame = number << frames_shift_});
  bool is_new = table.maps.empty() || table.maps.back() != map;
  if (is_mapped && is_new) table.maps.push_back(map);
  return true;
}

// The table has room for more memory than there is: damaged roots would lead
// to millions of sections. What is lost takes the rest of its root with it.
void PageMap::read_table(Table& table) const {
  std::uint64_t end = frame_count(kernel_) >> frames_shift_;
  std::uint64_t count = std::min(section_count(), end + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto is_there = interrupted() ? Error(ErrorKind::io, "interrupted")
                                  : read_section(i, table);
    if (!is_there && !table.fault) table.fault = is_there.error();
    if (!is_there.value_or(false)) i += per_root_ - 1 - i % per_root_;
  }
}

const PageMap::Table& PageMap::table() const {
  std::call_once(table_->once, [this] {
    if (model_ != Model::flat) read_table(*table_);
  });
  return *table_;
}

std::optional<PageMap::Containing> PageMap::containing(Address at) const {
  auto within = [&](Address map, std::uint64_t first, std::uint64_t count) {
    std::uint64_t index = (at - map) / page_->size();
    std::optional<Containing> found;
    if (at < map || index < first || index - first >= count) return found;
    found = {map + index * page_->size(), (at - map) % page_->size(), index};
    return found;
  };
  if (model_ == Model::flat) {
    auto last = kernel_.variable("max_pfn", "unsigned long").to_unsigned();
    return last ? within(base_, 0, *last) : std::nullopt;
  }
  for (const Section& section : table().sections) {
    if (section.coded.value == 0) continue;
    auto found = within(section.coded, section.first_frame, section_frames());
    if (found) return found;
  }
  return std::nullopt;
}

Result<std::vector<PageMap::Section>> PageMap::sections() const {
  if (table().fault) return *table().fault;
  return table().sections;
}

Result<Object> PageMap::page(std::uint64_t frame) const {
  Address base = base_;
  if (model_ != Model::flat) {
    auto map = TRY(map_of(frame >> frames_shift_));
    if (!map) {
      return Error(ErrorKind::not_found,
                   fmt::format("no memory at physical address {:#x}",
                               frame * kernel_.page_size()));
    }
    base = *map;
  }
  return Object(kernel_.memory(), *page_, base + frame * page_->size());
}

// The frame whose struct page is at |at|, if the section's view |map| of them
// leads there and back.
std::optional<std::uint64_t> PageMap::frame_in(Address map, Address at) const {
  std::uint64_t distance = at - map;
  if (distance % page_->size() != 0) return std::nullopt;
  std::uint64_t number = distance / page_->size();
  auto found = page(number);
  bool is_found = found && found->address() == at;
  return is_found ? std::optional(number) : std::nullopt;
}

Result<std::uint64_t> PageMap::frame(Address page_at) const {
  std::optional<std::uint64_t> found;
  if (model_ == Model::flat) found = frame_in(base_, page_at);
  for (Address map : table().maps) {
    if (!found) found = frame_in(map, page_at);
  }
  if (found) return *found;
  return Error(ErrorKind::not_found,
               fmt::format("{:#x} is no struct page", page_at.value));
}

std::uint64_t frame_count(const Kernel& kernel) {
  constexpr std::uint64_t few_frames = std::uint64_t{1} << 24;
  std::uint64_t held = kernel.memory().physical().dump().memory_end().value;
  held >>= page_shift(kernel);
  auto said = kernel.variable("max_pfn", "unsigned long").to_unsigned();
  if (said && *said / 4 <= held + few_frames) return std::max(held, *said);
  kernel.note_loss(
      said ? Error(ErrorKind::corrupt,
                   fmt::format("max_pfn is {:#x}, the dump's memory ends at "
                               "page {:#x}",
                               *said, held))
           : Error(said.error()).while_doing("how many pages there are"));
  return held;
}

// compound_info since 7.1 (fc3f334ce2b9), where it may be a mask: what of the
// page's own address the first page's has. A mask is ones, then zeroes: no
// address of a page, which lies far from the end of memory.
Result<Object> head_page(const Kernel& kernel, const Object& page) {
  constexpr std::uint64_t largest = std::uint64_t{1} << 36;
  bool is_info = page.has_member("compound_info");
  Object word = page[is_info ? "compound_info" : "compound_head"];
  std::uint64_t head = TRY(word.to_unsigned());
  if ((head & 1) == 0) return page;
  --head;
  std::uint64_t covered = ~head + 1;
  bool is_mask = is_info && std::has_single_bit(covered) && covered <= largest;
  if (is_mask) head &= page.address().value;
  return kernel.object("page", Address{head});
}

Result<Address> direct_address(const Kernel& kernel, PhysAddress at) {
  const auto& windows = kernel.layout().windows;
  if (windows.empty()) {
    return Error(ErrorKind::not_found, "the direct map is not known");
  }
  // Below the start of memory arm64's kernel computes the same.
  const LinearWindow& direct = windows.front();
  std::uint64_t distance = at - direct.physical;
  if (at < direct.physical) return Address{distance};
  return direct.start + distance;
}

namespace {

// From the numbers of the bits; the first name of each counts.
std::vector<std::string> enumerated_names(const Kernel& kernel,
                                          std::uint64_t flags) {
  std::vector<std::string> names;
  std::uint64_t seen = 0;
  for (const PageFlagBit& one : page_flag_bits(kernel)) {
    std::uint64_t mask = std::uint64_t{1} << one.bit;
    if ((flags & mask) != 0 && (seen & mask) == 0) {
      names.push_back(one.name.substr(3));
    }
    seen |= mask;
  }
  return names;
}

}  // namespace

std::vector<PageFlagBit> page_flag_bits(const Kernel& kernel) {
  std::vector<PageFlagBit> bits;
  auto type = kernel.types().type("pageflags", TypeTag::enumeration);
  if (!type) return bits;
  for (const Enumerator& one : (*type)->enumerators()) {
    bool is_bit = one.name.starts_with("PG_") && one.value >= 0;
    if (!is_bit || one.value > 63) continue;
    bits.push_back({one.name, static_cast<unsigned>(one.value)});
  }
  return bits;
}

std::vector<std::string> page_flag_names(const Kernel& kernel,
                                         std::uint64_t flags) {
  auto printed = printed_flags(kernel, "pageflag_names", flags);
  if (printed) return printed->names;
  return enumerated_names(kernel, flags);
}

bool is_zero_page(const Kernel& kernel, PhysAddress at) {
  auto small = kernel.symbol("empty_zero_page");
  auto small_at = small ? kernel.memory().to_physical(*small) : small.error();
  if (small_at && *small_at == at) return true;
  // 5.13 on; ~0 until the page is needed.
  Object large = kernel.variable("huge_zero_pfn", "unsigned long");
  auto frame = large.to_unsigned();
  if (frame) return at.value == *frame * kernel.page_size();
  Object page = kernel.variable("huge_zero_page", "struct page *");
  auto page_at = page.to_address();
  if (!page_at || page_at->value == 0) return false;
  auto map = PageMap::open(kernel);
  auto number = map ? map->frame(*page_at) : map.error();
  return number && at.value == *number * kernel.page_size();
}

}  // namespace inquest
