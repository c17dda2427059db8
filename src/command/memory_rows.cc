// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/memory_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "command/columns.h"
#include "kernel/linux_arch.h"
#include "kernel/swap.h"

namespace inquest {
namespace {

constexpr std::size_t address_width = 16;
constexpr std::size_t user_width = 10;

std::string present_text(const PageEntryRow& row) {
  std::string value = fmt::format("{:x}", row.value);
  std::string physical = fmt::format("{:x}", row.entry.physical.value);
  std::size_t width = std::max(value.size(), std::size_t{3});
  std::size_t physical_width = std::max(physical.size(), std::size_t{8});
  std::string flags = row.entry.kind == PageEntry::Kind::empty
                          ? "no mapping"
                          : fmt::format("{}", fmt::join(row.entry.flags, "|"));
  return fmt::format("{}  {}  FLAGS\n{}  {}  ({})\n", centred("PTE", width),
                     centred("PHYSICAL", physical_width),
                     centred_right(value, width),
                     centred_right(physical, physical_width), flags);
}

std::string swapped_text(const PageEntryRow& row) {
  std::string value = fmt::format("{:x}", row.value);
  std::string file = cell(row.swap_file);
  std::string offset = fmt::to_string(row.entry.swap.offset);
  std::size_t width = std::max(value.size(), std::size_t{3});
  std::size_t file_width = std::max(file.size(), std::size_t{4});
  std::size_t offset_width = std::max(offset.size(), std::size_t{6});
  return fmt::format(
      "{}  {}  {}\n{}  {}  {}\n", centred("PTE", width),
      centred("SWAP", file_width), centred("OFFSET", offset_width),
      centred_right(value, width), centred_right(file, file_width),
      centred_right(offset, offset_width));
}

Result<std::string> swap_file(const Kernel& kernel, const PageEntry& entry) {
  if (entry.kind != PageEntry::Kind::swapped) return std::string();
  Object area = TRY(swap_area(kernel, entry.swap.type));
  return swap_file_name(kernel, area);
}

report::Value flag_list(const std::vector<std::string_view>& flags) {
  report::List list;
  for (std::string_view flag : flags)
    list.emplace_back(flag);
  return list;
}

std::string_view kind_name(PageEntry::Kind kind) {
  switch (kind) {
    case PageEntry::Kind::present:
      return "present";
    case PageEntry::Kind::hidden:
      return "hidden";
    case PageEntry::Kind::swapped:
      return "swapped";
    default:
      return "empty";
  }
}

}  // namespace

// ---- Page table entries ----

PageEntryRow page_entry_row(const Kernel& kernel, std::uint64_t value) {
  PageEntryRow row{.value = value,
                   .entry = kernel.linux_arch().page_entry(kernel, value)};
  row.swap_file = swap_file(kernel, row.entry);
  return row;
}

report::Record to_record(const PageEntryRow& row) {
  report::Record record;
  record.add("pte", Address{row.value});
  record.add("kind", kind_name(row.entry.kind));
  if (row.entry.has_page()) {
    record.add("physical", row.entry.physical);
    record.add("flags", flag_list(row.entry.flags));
  } else if (row.entry.kind == PageEntry::Kind::swapped) {
    record.add("swap_file", row.swap_file);
    record.add("swap_type", row.entry.swap.type);
    record.add("swap_offset", row.entry.swap.offset);
  }
  return record;
}

std::string to_text(const PageEntryRow& row) {
  return row.entry.kind == PageEntry::Kind::swapped ? swapped_text(row)
                                                    : present_text(row);
}

// ---- Memory areas ----

std::string vma_heading() {
  return fmt::format("{} {} {}  FLAGS FILE\n", centred("VMA", address_width),
                     centred_right("START", user_width),
                     centred_right("END", user_width));
}

report::Record to_record(const Vma& row) {
  return report::Record()
      .with("vma", row.at)
      .with("start", row.start)
      .with("end", row.end)
      .with("flags", row.flags)
      .with("page_offset", row.page_offset)
      .with("file", row.file);
}

std::string to_text(const Vma& row) {
  std::string file = cell(row.file);
  return fmt::format("{:016x} {:>10} {:>10} {:>6} {}\n", row.at.value,
                     cell(row.start), cell(row.end), hex_cell(row.flags), file);
}

std::optional<FilePlace> place_in_file(const Vma& vma, Address at,
                                       std::uint64_t page_size) {
  if (!vma.start || !vma.page_offset) return std::nullopt;
  if (vma.file && vma.file->empty()) return std::nullopt;
  std::uint64_t in_vma = at - *vma.start;
  return FilePlace{vma.file,
                   *vma.page_offset * page_size + (in_vma & ~(page_size - 1))};
}

// ---- Pages ----

PageRow page_row(const Kernel& kernel, PageState page) {
  PageRow row{.page = std::move(page)};
  auto frames = kernel.variable("max_pfn", "unsigned long").to_unsigned();
  std::string highest =
      fmt::format("{:x}", frames.value_or(0) * kernel.page_size());
  row.physical_width = std::max(row.physical_width, highest.size());
  return row;
}

std::string page_heading(std::size_t physical_width) {
  return fmt::format("{} {:>{}} {} {}CNT FLAGS\n",
                     centred("PAGE", address_width), "PHYSICAL", physical_width,
                     centred_right("MAPPING", address_width),
                     centred_right("INDEX", 8));
}

report::Record to_record(const PageRow& row) {
  const PageState& page = row.page;
  report::List names;
  for (const std::string& name : page.flag_names)
    names.emplace_back(name);
  return report::Record()
      .with("page", page.at)
      .with("physical", page.physical)
      .with("mapping", page.mapping)
      .with("index", page.index)
      .with("count", page.count)
      .with("flags", page.flags)
      .with("flag_names", std::move(names))
      .with("type", page.type);
}

std::string to_text(const PageRow& row) {
  const PageState& page = row.page;
  std::string count = cell(page.count);
  std::string names = fmt::format("{}", fmt::join(page.flag_names, ","));
  if (!page.type.empty()) names += (names.empty() ? "" : ",") + page.type;
  return fmt::format("{:016x} {:>{}x} {:>16} {:>8} {:>2} {} {}\n",
                     page.at.value, page.physical.value, row.physical_width,
                     cell(page.mapping), hex_cell(page.index), count,
                     hex_cell(page.flags), printable(names));
}

}  // namespace inquest
