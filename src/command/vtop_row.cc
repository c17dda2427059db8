// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/vtop_row.h"

#include <fmt/format.h>

#include "base/text.h"
#include "command/columns.h"

namespace inquest {
namespace {

using State = VtopRow::State;

std::string_view state_name(State state) {
  switch (state) {
    case State::mapped:
      return "mapped";
    case State::not_mapped:
      return "not mapped";
    case State::not_accessible:
      return "not accessible";
    case State::not_kernel:
      return "not a kernel virtual address";
    default:
      return "unreadable";
  }
}

// The address and where it leads.
std::string head_text(const VtopRow& row) {
  int width = row.is_user ? 10 : 16;
  std::string text =
      fmt::format("{:<{}}  {:<16}\n", "VIRTUAL", width, "PHYSICAL");
  if (row.state == State::not_kernel) width = 8;
  std::string place;
  if (row.state == State::mapped) {
    place = fmt::format("{:<16x}", row.physical.value);
  } else if (row.fault) {
    place = report::cell_text(*row.fault);
  } else {
    place = fmt::format("({})", state_name(row.state));
  }
  return text + fmt::format("{:<{}x}  {}\n\n", row.address.value, width, place);
}

std::string tables_text(const VtopRow& row) {
  std::string text;
  std::size_t first = 0;
  if (row.directory && row.names_directories) {
    text = fmt::format("PGD DIRECTORY: {:x}\n", row.directory->value);
    if (!row.tables.empty()) {
      text += fmt::format("PAGE DIRECTORY: {:x}\n", row.tables[0].entry);
      first = 1;
    }
  } else if (row.directory) {
    text = fmt::format("PAGE DIRECTORY: {:x}\n", row.directory->value);
  }
  for (std::size_t i = first; i < row.tables.size(); ++i) {
    const VtopRow::Table& table = row.tables[i];
    text +=
        fmt::format("   {}: {:x} => {:x}\n", table.name, table.at, table.entry);
  }
  return text;
}

std::string size_name(std::uint64_t size) {
  constexpr unsigned mega = 20, giga = 30;
  return size >> giga != 0 ? fmt::format("{}GB", size >> giga)
                           : fmt::format("{}MB", size >> mega);
}

std::string base_text(const VtopRow& row) {
  if (!row.has_page()) return row.entry ? "\n" : "";
  std::string mark = row.is_zero_page ? "(ZERO PAGE)" : "";
  if (row.is_large) {
    mark = fmt::format("({}{})", size_name(row.page_size),
                       row.is_zero_page ? ", ZERO PAGE" : "");
  }
  return fmt::format("  PAGE: {:x}  {}\n\n", row.page_base.value, mark);
}

std::string contents_text(const VtopRow& row) {
  std::string text;
  if (row.vma) text += "\n" + vma_heading() + to_text(*row.vma);
  if (row.swap && *row.swap) {
    const FilePlace& swap = **row.swap;
    text += fmt::format("\nSWAP: {}  OFFSET: {}\n",
                        printable(swap.name.value_or("?")), swap.offset);
  } else if (row.swap) {
    text += fmt::format("\nSWAP: {}\n", report::cell_text(row.swap->error()));
  } else if (row.file) {
    std::string name = cell(row.file->name);
    text += fmt::format("\nFILE: {}  OFFSET: {:x}\n", name, row.file->offset);
  }
  if (row.page) {
    text += "\n" + page_heading(row.page->physical_width) + to_text(*row.page);
  }
  return text;
}

report::Record to_record(const FilePlace& place) {
  return report::Record().with("name", place.name).with("offset", place.offset);
}

report::Value tables_value(const VtopRow& row) {
  std::vector<report::Record> tables;
  for (const VtopRow::Table& table : row.tables) {
    tables.push_back(report::Record()
                         .with("table", table.name)
                         .with("at", Address{table.at})
                         .with("entry", Address{table.entry}));
  }
  return tables;
}

}  // namespace

report::Record to_record(const VtopRow& row) {
  report::Record record;
  record.add("virtual", row.address);
  record.add("is_user", row.is_user);
  if (row.task) record.add("task", *row.task);
  record.add("state", state_name(row.state));
  if (row.has_page()) record.add("physical", row.physical);
  if (row.fault) record.add("physical", *row.fault);
  record.add("tables", tables_value(row));
  if (row.has_page()) {
    record.add("page_size", row.page_size);
    record.add("is_zero_page", row.is_zero_page);
  }
  if (row.entry) record.add("entry", to_record(*row.entry));
  if (row.vma) record.add("vma", to_record(*row.vma));
  if (row.swap) {
    record.add("swap", *row.swap ? report::Value(to_record(**row.swap))
                                 : report::Value(row.swap->error()));
  }
  if (row.file) record.add("file", to_record(*row.file));
  if (row.page) record.add("page", to_record(*row.page));
  return record;
}

std::string to_text(const VtopRow& row) {
  std::string text = head_text(row);
  bool has_walk =
      row.state != State::not_accessible && row.state != State::not_kernel;
  if (!has_walk) return text;
  text += tables_text(row) + base_text(row);
  if (row.entry) text += to_text(*row.entry);
  return text + contents_text(row);
}

}  // namespace inquest
