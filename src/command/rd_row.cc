// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/rd_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"

namespace inquest {
namespace {

// The columns that decimal numbers of a width take.
unsigned decimal_columns(unsigned width, bool is_signed) {
  switch (width) {
    case 8:
      return is_signed ? 15 : 20;
    case 4:
      return 12;
    case 2:
      return is_signed ? 6 : 5;
    default:
      return is_signed ? 4 : 3;
  }
}

std::string number_text(const RdRow& row, std::uint64_t value) {
  unsigned bits = row.width * 8;
  switch (row.style.number) {
    case RdNumber::signed_decimal:
      return fmt::format("{:>{}}", sign_extend(value, bits),
                         decimal_columns(row.width, true));
    case RdNumber::unsigned_decimal:
      return fmt::format("{:>{}}", value, decimal_columns(row.width, false));
    default:
      return fmt::format("{:0{}x}", value, row.width * 2);
  }
}

std::string characters(const std::vector<std::byte>& bytes) {
  std::string text;
  for (std::byte byte : bytes) {
    char c = static_cast<char>(byte);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return text;
}

}  // namespace

report::Record to_record(const RdRow& row) {
  report::List values;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (row.style.number == RdNumber::signed_decimal) {
      values.emplace_back(sign_extend(row.values[i], row.width * 8));
    } else {
      values.emplace_back(row.values[i]);
    }
  }
  report::Record record;
  record.add("address", row.address);
  record.add("width", row.width);
  record.add("values", std::move(values));
  if (row.style.is_symbolic) {
    record.add("symbols", report::List(row.symbols.begin(), row.symbols.end()));
  }
  if (row.style.has_characters) record.add("text", characters(row.bytes));
  return record;
}

std::string to_text(const RdRow& row) {
  constexpr std::size_t line_size = 16;
  std::string text = fmt::format("{:16x}:  ", row.address.value);
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const std::string& symbol = row.symbols[i];
    text += symbol.empty() ? number_text(row, row.values[i])
                           : fmt::format("{:<16}", symbol);
    text += ' ';
  }
  if (row.style.has_characters) {
    std::size_t missing = line_size / row.width - row.values.size();
    text.append(missing * (row.width * 2 + 1) + 2, ' ');
    text += characters(row.bytes);
  }
  return text + '\n';
}

report::Record to_record(const StringRow& row) {
  return report::Record().with("address", row.address).with("text", row.text);
}

std::string to_text(const StringRow& row) {
  constexpr std::size_t line_size = 60;
  std::string text;
  std::size_t at = 0;
  if (row.text.empty()) return text;
  do {
    text += fmt::format("{:16x}:  {}\n", row.address.value + at,
                        row.text.substr(at, line_size));
    at += line_size;
  } while (at < row.text.size());
  return text;
}

report::Record to_record(const CopiedRow& row) {
  return report::Record()
      .with("address", row.from)
      .with("bytes", row.size)
      .with("file", row.file);
}

std::string to_text(const CopiedRow& row) {
  return fmt::format("{} bytes copied from 0x{:x} to {}\n", row.size,
                     row.from.value, row.file);
}

}  // namespace inquest
