// SPDX-License-Identifier: GPL-3.0-or-later
// Page frames and struct page.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// Where struct page of each frame lies.
class PageMap {
 public:
  // |not_found| names the symbol or type this kernel lacks.
  static Result<PageMap> open(const Kernel& kernel);

  // The struct page of a frame; |not_found| where there is no such memory.
  Result<Object> page(std::uint64_t frame) const;
  // The frame of a struct page; |not_found| when it is none.
  Result<std::uint64_t> frame(Address page) const;

  // An address inside of a struct page.
  struct Containing {
    Address page;
    std::uint64_t offset = 0;  // in it
    std::uint64_t frame = 0;
  };
  std::optional<Containing> containing(Address at) const;

  // A struct mem_section that is in use.
  struct Section {
    std::uint64_t number = 0;
    Address at;
    std::uint64_t word = 0;  // section_mem_map
    Address coded;  // where frame 0's struct page would be; 0: has none
    std::uint64_t first_frame = 0;
  };
  // Ascending, as far as there is memory; none where it does not come in
  // sections. An error where a part of their table cannot be read.
  Result<std::vector<Section>> sections() const;
  // The frames of a section.
  std::uint64_t section_frames() const {
    return std::uint64_t{1} << frames_shift_;
  }
  const Type& page_type() const { return *page_; }

 private:
  enum class Model { flat, sparse, sparse_static };

  // What walking the whole table finds, once, for all copies.
  struct Table;

  explicit PageMap(const Kernel& kernel);
  Result<void> find_sections();
  Result<std::optional<Address>> section(std::uint64_t number) const;
  Result<std::optional<Address>> map_of(std::uint64_t number) const;
  std::uint64_t section_count() const;
  const Table& table() const;
  void read_table(Table& table) const;
  Result<bool> read_section(std::uint64_t number, Table& table) const;
  std::optional<std::uint64_t> frame_in(Address map, Address at) const;

  const Kernel& kernel_;
  const Type* page_ = nullptr;
  Model model_ = Model::flat;
  Address base_;  // flat: struct page of frame 0; else the array of roots
  std::uint64_t section_size_ = 0;  // of struct mem_section
  std::uint64_t per_root_ = 1;      // sections in one page
  unsigned frames_shift_ = 0;       // log2 of the frames of a section
  std::shared_ptr<Table> table_;
};

// How many page frames there are, of which some may be no memory: max_pfn, or
// where that is lost or far beyond what the dump describes, a loss that is
// noted, the end of that.
std::uint64_t frame_count(const Kernel& kernel);

// The page, or the first page of the compound page that it belongs to.
Result<Object> head_page(const Kernel& kernel, const Object& page);

// Where the direct map has physical memory, whether there is any or not.
Result<Address> direct_address(const Kernel& kernel, PhysAddress at);

// The flags set in page.flags by name: "lru", "dirty". Without the fields that
// share the word (node, zone, section).
std::vector<std::string> page_flag_names(const Kernel& kernel,
                                         std::uint64_t flags);

// The flags of page.flags by the kernel's enumeration, in its order: several
// may be names of one bit.
struct PageFlagBit {
  std::string name;  // "PG_locked"
  unsigned bit = 0;
};
std::vector<PageFlagBit> page_flag_bits(const Kernel& kernel);

// What a struct page says; each field stands or falls by itself.
struct PageState {
  Address at;
  PhysAddress physical;
  Result<Address> mapping;  // low bits mark anonymous and movable pages
  Result<std::uint64_t> index;
  Result<std::int64_t> count;  // of references
  Result<std::uint64_t> flags;
  std::vector<std::string> flag_names;
  std::string type = {};  // see page_type.h; "" where it has none
};
// Of the page at |at|: page_scan.cc. |not_found| where there is none.
Result<PageState> page_state(const Kernel& kernel, PhysAddress at);

// Whether the page at |at| is one of those that stand for all memory never
// written to: of a small page, or of a large one.
bool is_zero_page(const Kernel& kernel, PhysAddress at);

}  // namespace inquest
