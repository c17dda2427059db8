// SPDX-License-Identifier: GPL-3.0-or-later
// What vm answers with.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "command/context.h"
#include "command/memory_rows.h"
#include "kernel/process_pages.h"

namespace inquest {

// A task and its mm_struct; |mm| 0: it has none.
struct VmRow {
  TaskHeader header;
  Result<Address> mm = Address{};
  bool has_sizes = true;  // as text; data always has them
  Result<Address> pgd = Address{};
  Result<TaskMemory> memory = TaskMemory{};
};
report::Record to_record(const VmRow& row);
std::string to_text(const VmRow& row);

// A page of an area: in memory, in swap, or in its file.
struct VmPageRow {
  Address vma;
  Address at;
  std::optional<PhysAddress> physical;
  std::optional<FilePlace> swap;
  std::optional<FilePlace> file;
  std::optional<Error> fault;
};
std::string vm_page_heading();
report::Record to_record(const VmPageRow& row);
std::string to_text(const VmPageRow& row);

struct VmFlagsRow {
  std::uint64_t flags = 0;
  std::vector<std::string> names;
};
report::Record to_record(const VmFlagsRow& row);
std::string to_text(const VmFlagsRow& row);

// The names of swap areas' files, each looked up once.
class SwapNames {
 public:
  const Result<std::string>& name(const Kernel& kernel, unsigned type);

 private:
  std::map<unsigned, Result<std::string>> names_;
};

// What -R looks for: a file, or a number that addresses or flags may have.
struct VmReference {
  std::string file;
  std::optional<std::uint64_t> number;

  static VmReference of(std::string_view word);
  bool is_mm(Address mm, const Result<Address>& pgd) const;
  bool is_area(const Vma& vma) const;
  bool is_page(const ProcessPage& page, std::uint64_t page_size) const;
};

}  // namespace inquest
