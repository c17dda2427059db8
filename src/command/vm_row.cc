// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/vm_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/numbers.h"
#include "base/text.h"
#include "command/columns.h"
#include "kernel/swap.h"

namespace inquest {
namespace {

constexpr std::size_t address_width = 16;
constexpr std::size_t resident_width = 6;
constexpr std::size_t total_width = 8;
constexpr std::size_t page_width = 10;

std::string size_cell(const Result<TaskMemory>& memory,
                      std::uint64_t TaskMemory::*part) {
  return report::cell_text(memory, [part](const TaskMemory& all) {
    return fmt::format("{}k", all.*part / 1024);
  });
}

Result<std::uint64_t> size_of(const Result<TaskMemory>& memory,
                              std::uint64_t TaskMemory::*part) {
  if (!memory) return memory.error();
  return (*memory).*part;
}

std::string name_text(const FilePlace& place) {
  return cell(place.name);
}

bool is_number(const Result<std::uint64_t>& value, std::uint64_t wanted) {
  return value && *value == wanted;
}

bool is_address(const Result<Address>& value, std::uint64_t wanted) {
  return value && value->value == wanted;
}

}  // namespace

// ---- Tasks ----

report::Record to_record(const VmRow& row) {
  report::Record record = to_record(row.header);
  record.add("mm", row.mm);
  record.add("pgd", row.pgd);
  record.add("resident_bytes",
             size_of(row.memory, &TaskMemory::resident_bytes));
  record.add("virtual_bytes", size_of(row.memory, &TaskMemory::virtual_bytes));
  return record;
}

std::string to_text(const VmRow& row) {
  std::string header = to_text(row.header);
  if (!row.has_sizes) return header;
  auto line = [](std::string_view mm, std::string_view pgd,
                 std::string_view resident, std::string_view total) {
    return fmt::format("{}  {}  {}  {}\n", centred(mm, address_width),
                       centred(pgd, address_width),
                       centred(resident, resident_width),
                       centred(total, total_width));
  };
  return header + line("MM", "PGD", "RSS", "TOTAL_VM") +
         line(cell(row.mm), cell(row.pgd),
              size_cell(row.memory, &TaskMemory::resident_bytes),
              size_cell(row.memory, &TaskMemory::virtual_bytes));
}

// ---- Pages ----

std::string vm_page_heading() {
  return fmt::format("{:<{}}  PHYSICAL\n", "VIRTUAL", page_width);
}

report::Record to_record(const VmPageRow& row) {
  report::Record record;
  record.add("vma", row.vma);
  record.add("virtual", row.at);
  if (row.physical) record.add("physical", *row.physical);
  if (row.swap) {
    record.add("swap_file", row.swap->name);
    record.add("swap_offset", row.swap->offset);
  }
  if (row.file) {
    record.add("file", row.file->name);
    record.add("file_offset", row.file->offset);
  }
  if (row.fault) record.add("physical", *row.fault);
  return record;
}

std::string to_text(const VmPageRow& row) {
  std::string where = "(not mapped)";
  if (row.physical) {
    where = fmt::format("{:>8x}", row.physical->value);
  } else if (row.swap) {
    where = fmt::format("SWAP: {}  OFFSET: {}", name_text(*row.swap),
                        row.swap->offset);
  } else if (row.file) {
    where = fmt::format("FILE: {}  OFFSET: {:x}", name_text(*row.file),
                        row.file->offset);
  } else if (row.fault) {
    where = fmt::format("({})", row.fault->message());
  }
  return fmt::format("{:<{}x}  {}\n", row.at.value, page_width, where);
}

// ---- Flags ----

report::Record to_record(const VmFlagsRow& row) {
  report::List names;
  for (const std::string& name : row.names)
    names.emplace_back(name);
  return report::Record()
      .with("flags", Address{row.flags})
      .with("names", std::move(names));
}

std::string to_text(const VmFlagsRow& row) {
  return fmt::format("{:x}: ({})\n", row.flags, fmt::join(row.names, "|"));
}

// ---- What pages and areas are told by ----

const Result<std::string>& SwapNames::name(const Kernel& kernel,
                                           unsigned type) {
  auto known = names_.find(type);
  if (known != names_.end()) return known->second;
  auto area = swap_area(kernel, type);
  return names_
      .emplace(type, area ? swap_file_name(kernel, *area) : area.error())
      .first->second;
}

VmReference VmReference::of(std::string_view word) {
  return {.file = std::string(word), .number = parse_hex(word)};
}

bool VmReference::is_mm(Address mm, const Result<Address>& pgd) const {
  return number && (mm.value == *number || is_address(pgd, *number));
}

bool VmReference::is_area(const Vma& vma) const {
  if (vma.file && !vma.file->empty() && vma.file->ends_with(file)) return true;
  return number &&
         (vma.at.value == *number || is_address(vma.start, *number) ||
          is_address(vma.end, *number) || is_number(vma.flags, *number));
}

bool VmReference::is_page(const ProcessPage& page,
                          std::uint64_t page_size) const {
  if (!number) return false;
  return page.at.value == (*number & ~(page_size - 1)) ||
         (page.physical && page.physical->value == *number);
}

}  // namespace inquest
