// SPDX-License-Identifier: GPL-3.0-or-later
// What kind of use a page is in, where struct page says so beside its flags.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// The types that this kernel's page_type tells apart: "buddy", "table",
// "slab", ...
class PageTypes {
 public:
  static PageTypes of(const Kernel& kernel);

  // What a page_type says; "" for none: the word counts mappings, or the page
  // is of no type.
  const std::string& name(std::uint32_t word) const;
  // Whether there is a word to look at (4.18 on).
  bool is_known() const { return !types_.empty(); }

 private:
  struct Named {
    std::string name;
    std::uint32_t mask = 0, value = 0;  // of the word
  };
  std::vector<Named> types_;
  std::string none_;
};

}  // namespace inquest
