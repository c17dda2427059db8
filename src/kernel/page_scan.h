// SPDX-License-Identifier: GPL-3.0-or-later
// All struct pages of the machine, many at a time.

#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/generator.h"
#include "kernel/page.h"
#include "kernel/page_type.h"

namespace inquest {

// Struct pages in a row, or why they cannot be read.
struct PageRun {
  std::uint64_t first_frame = 0;
  std::uint64_t count = 0;
  Address at;                    // the first
  std::uint64_t page_bytes = 0;  // of each
  std::vector<std::byte> bytes;
  std::optional<Error> fault = {};

  // That of the |index|-th.
  Bytes of(std::uint64_t index) const {
    return Bytes(bytes).subspan(index * page_bytes, page_bytes);
  }
};

// Ascending; an interrupt ends it.
Generator<PageRun> page_runs(const Kernel& kernel, PageMap pages);

// Takes struct pages apart without asking for members each time.
class PageDecoder {
 public:
  static Result<PageDecoder> open(const Kernel& kernel);

  // |bytes|: of the struct page at |at|.
  PageState state(std::uint64_t frame, Address at, Bytes bytes);
  Result<std::int64_t> count(Bytes bytes) const;
  Result<std::uint64_t> flags(Bytes bytes) const {
    return number(flags_, bytes);
  }
  // page_type; -1 where the kernel has none.
  std::uint32_t type_word(Bytes bytes) const;
  const PageTypes& types() const { return types_; }

 private:
  // A number in a struct page.
  struct Field {
    std::uint64_t offset = 0;
    unsigned size = 0;  // 0: this kernel has none
  };

  PageDecoder(const Kernel& kernel, PageTypes types)
      : kernel_(&kernel), types_(std::move(types)) {}
  Result<Field> field(const Type& page, std::string_view path) const;
  Result<std::uint64_t> number(const Field& field, Bytes bytes) const;
  const std::vector<std::string>& names(std::uint64_t flags);

  const Kernel* kernel_;
  PageTypes types_;
  Field mapping_, index_, count_, flags_, type_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> names_;
};

}  // namespace inquest
