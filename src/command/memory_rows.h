// SPDX-License-Identifier: GPL-3.0-or-later
// Lines that several commands on memory show: of a page table entry, a memory
// area, a page.

#pragma once

#include <optional>
#include <string>

#include "kernel/page.h"
#include "kernel/page_entry.h"
#include "kernel/vma.h"
#include "report/report.h"

namespace inquest {

struct PageEntryRow {
  std::uint64_t value = 0;
  PageEntry entry;
  Result<std::string> swap_file = std::string();  // of entry.swap
};
PageEntryRow page_entry_row(const Kernel& kernel, std::uint64_t value);
report::Record to_record(const PageEntryRow& row);
std::string to_text(const PageEntryRow& row);  // with its heading

// The heading of lines of memory areas, and such a line.
std::string vma_heading();
report::Record to_record(const Vma& row);
std::string to_text(const Vma& row);

// A place in a file, as a swapped or not yet loaded page has it.
struct FilePlace {
  Result<std::string> name = std::string();
  std::uint64_t offset = 0;
};
// Where the page at |at| of an area is in the area's file; nothing where the
// area is of none.
std::optional<FilePlace> place_in_file(const Vma& vma, Address at,
                                       std::uint64_t page_size);

// The heading of lines of pages, and such a line.
struct PageRow {
  PageState page;
  std::size_t physical_width = 8;  // digits of the highest address
};
PageRow page_row(const Kernel& kernel, PageState page);
std::string page_heading(std::size_t physical_width);
report::Record to_record(const PageRow& row);
std::string to_text(const PageRow& row);

}  // namespace inquest
