// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/search_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"

namespace inquest {
namespace {

// The words of both sides as data.
report::List words(const std::vector<RdRow>& rows) {
  report::List words;
  for (const RdRow& row : rows) {
    for (std::uint64_t value : row.values)
      words.emplace_back(Address{value});
  }
  return words;
}

std::string text_of(const std::vector<RdRow>& rows) {
  std::string text;
  for (const RdRow& row : rows)
    text += to_text(row);
  return text;
}

// As rd shows them.
std::vector<RdRow> lines(Address at, Bytes bytes, unsigned width,
                         std::endian endian) {
  constexpr std::size_t line_size = 16;
  std::vector<RdRow> rows;
  for (std::size_t first = 0; first < bytes.size(); first += line_size) {
    Bytes line = bytes.subspan(first);
    line = line.first(std::min(line.size(), line_size));
    RdRow row{.address = at + first, .width = width};
    row.bytes.assign(line.begin(), line.end());
    for (std::size_t i = 0; i + width <= line.size(); i += width)
      row.values.push_back(load_unsigned(line.subspan(i, width), endian));
    row.symbols.resize(row.values.size());
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

report::Record to_record(const SearchRow& row) {
  report::Record record;
  record.add("address", row.address);
  if (row.text) {
    record.add("string", row.string);
    record.add("text", *row.text);
  } else {
    record.add("value", Address{row.value});
    if (!row.name.empty()) record.add("name", row.name);
  }
  if (row.has_context) {
    record.add("before", words(row.before));
    record.add("after", words(row.after));
  }
  if (row.task) record.add("task", to_record(*row.task));
  return record;
}

std::string to_text(const SearchRow& row) {
  if (row.text) return fmt::format("{:x}: {}\n", row.address.value, *row.text);
  std::string name = row.name;
  if (!name.empty() && !name.starts_with('(')) name = '(' + name + ')';
  if (!row.has_context) {
    return fmt::format("{:x}: {:x} {}\n", row.address.value, row.value, name);
  }
  return fmt::format("{}{:16x}:  {:x} {}\n{}\n", text_of(row.before),
                     row.address.value, row.value, name, text_of(row.after));
}

void add_context(SearchRow& row, const AddressSpace& memory,
                 std::uint64_t count) {
  row.has_context = true;
  std::vector<std::byte> before;
  std::vector<std::byte> after;
  std::vector<std::byte> word(row.width);
  std::uint64_t done = 1;
  for (; done <= count && row.address.value >= done * row.width; ++done) {
    if (!memory.read(row.address - done * row.width, word)) break;
    before.insert(before.end(), word.rbegin(), word.rend());
  }
  std::ranges::reverse(before);
  for (std::uint64_t i = 1; i <= count; ++i) {
    if (!memory.read(row.address + i * row.width, word)) break;
    after.insert(after.end(), word.begin(), word.end());
  }
  row.before =
      lines(row.address - before.size(), before, row.width, memory.endian());
  row.after = lines(row.address + row.width, after, row.width, memory.endian());
}

std::string string_text(const AddressSpace& memory, Address at,
                        std::size_t size) {
  constexpr std::size_t shown = 56;
  constexpr std::uint64_t smallest_page = 4096;
  auto bytes = memory.bytes(at, shown);
  if (!bytes) {
    std::uint64_t in_page = smallest_page - at.value % smallest_page;
    bytes = memory.bytes(
        at,
        std::min<std::size_t>(std::max<std::uint64_t>(in_page, size), shown));
  }
  std::string text;
  if (!bytes) return text;
  for (std::byte byte : *bytes) {
    char c = static_cast<char>(byte);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return text;
}

}  // namespace inquest
