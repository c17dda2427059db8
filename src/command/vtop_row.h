// SPDX-License-Identifier: GPL-3.0-or-later
// What vtop answers for one address.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command/memory_rows.h"

namespace inquest {

struct VtopRow {
  enum class State {
    mapped,
    not_mapped,
    not_accessible,  // a user address that is in no memory area
    not_kernel,      // -k for what is no kernel address
    unreadable,      // the page tables are not in the dump
  };

  // A step down the page tables; |at|: where the entry lies, physically on
  // x86_64 and in the direct map on arm64, as crash has it.
  struct Table {
    std::string_view name;
    std::uint64_t at = 0;
    std::uint64_t entry = 0;
  };

  Address address;
  bool is_user = false;
  std::optional<Address> task;  // whose address it is
  State state = State::not_mapped;
  std::optional<Error> fault;  // why it is unreadable
  PhysAddress physical;

  // ---- The way there ----
  bool names_directories = false;  // x86_64's layout of kernel addresses
  std::optional<Address> directory;
  std::vector<Table> tables;
  std::uint64_t page_size = 0;
  PhysAddress page_base;
  bool is_large = false;
  bool is_zero_page = false;
  std::optional<PageEntryRow> entry;

  // ---- What is there ----
  std::optional<Vma> vma;
  std::optional<Result<FilePlace>> swap;
  std::optional<FilePlace> file;
  std::optional<PageRow> page;

  bool has_page() const { return state == State::mapped; }
};
report::Record to_record(const VtopRow& row);
std::string to_text(const VtopRow& row);

}  // namespace inquest
