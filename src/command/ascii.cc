// SPDX-License-Identifier: GPL-3.0-or-later
// ascii: the bytes of a number as characters, and the chart of all.

#include <array>

#include <fmt/format.h>

#include "base/numbers.h"
#include "command/command.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "translate a number into characters",
    .synopsis = "[value ...]",
    .description =
        "Shows the bytes of each hexadecimal number as characters, lowest\n"
        "byte first as they lie in memory. Without a number shows the chart\n"
        "of the characters: the column is the high digit, the row the low.",
    .options = {},
    .examples =
        {
            {"Which text is that", "ascii 62696c2f7273752f"},
            {"The chart", "ascii"},
        },
};

// ---- What we answer ----

struct Row {
  std::uint64_t value = 0;
  std::string text;
};

std::string to_text(const Row& row) {
  return fmt::format("{:016x}: {}\n", row.value, row.text);
}

report::Record to_record(const Row& row) {
  return report::Record()
      .with("value", Address{row.value})
      .with("text", row.text);
}

constexpr std::array<std::string_view, 33> names = {
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS",  "HT",  "LF",
    "VT",  "FF",  "CR",  "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
    "SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US",  "SP"};

std::string name_of(unsigned code) {
  if (code < names.size()) return std::string(names[code]);
  return code == 127 ? "DEL" : std::string(1, static_cast<char>(code));
}

struct ChartRow {
  unsigned low = 0;
};

std::string to_text(const ChartRow& row) {
  std::string text = fmt::format("  {:X} |", row.low);
  for (unsigned high = 0; high < 8; ++high) {
    std::string name = name_of(high * 16 + row.low);
    bool is_short = name.size() < 2;
    text += is_short ? fmt::format("  {} ", name) : fmt::format("{:>4}", name);
  }
  return text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
}

report::Record to_record(const ChartRow& row) {
  report::Record record;
  for (unsigned high = 0; high < 8; ++high) {
    unsigned code = high * 16 + row.low;
    record.add(fmt::format("{:02x}", code), name_of(code));
  }
  return record;
}

// ---- How we find it ----

// Bytes that are no visible characters are dots; the zeroes above the highest
// byte are left out.
std::string characters(std::uint64_t value) {
  std::string text;
  for (; value != 0; value >>= 8) {
    auto c = static_cast<unsigned char>(value & 0xff);
    text += c >= 32 && c < 127 ? static_cast<char>(c) : '.';
  }
  return text;
}

Result<void> run(Session& /*session*/, Command::Words words,
                 report::Sink& out) {
  if (words.empty()) {
    out.layout(
        "\n      0   1   2   3   4   5   6   7\n"
        "    +-------------------------------\n");
    for (unsigned low = 0; low < 16; ++low)
      emit(out, ChartRow{low});
    out.layout("\n");
    return {};
  }
  for (const std::string& word : words) {
    auto value = parse_hex(word);
    if (!value) {
      return Error(ErrorKind::usage,
                   fmt::format("invalid hexadecimal number: {}", word));
    }
    emit(out, Row{*value, characters(*value)});
  }
  return {};
}

}  // namespace

extern const Command ascii_command;
const Command ascii_command = {"ascii", &help, run};

}  // namespace inquest
