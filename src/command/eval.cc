// SPDX-License-Identifier: GPL-3.0-or-later
// eval: a number in every base.

#include <fmt/format.h>

#include "command/calculator.h"
#include "command/command.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "evaluate a number or an operation on two",
    .synopsis = "[-b][-l] (expression) | value",
    .description =
        "Shows the result in hexadecimal, decimal, octal and binary. An\n"
        "operand is a number or a symbol; k, m and g behind a number\n"
        "multiply it. The operators are + - * / % & | ^ << >>, and ~ in\n"
        "front of a number. An expression with < > or | stands in\n"
        "parentheses, so that it is not taken for a redirection.",
    .options =
        {
            {"-b", "also the positions of the bits that are set"},
            {"-l", "accepted: all values have 64 bits"},
        },
    .examples =
        {
            {"How many bytes are 128 megabytes", "eval 128m"},
            {"Which bits make up 4080", "eval -b 4080"},
            {"Shift and show", "eval (1 << 20)"},
        },
};

// ---- What we answer ----

struct Row {
  std::uint64_t value = 0;
  bool has_bits = false;
};

std::string unit_text(std::uint64_t value) {
  constexpr std::pair<unsigned, std::string_view> units[] = {
      {30, "GB"}, {20, "MB"}, {10, "KB"}};
  for (auto [shift, name] : units) {
    std::uint64_t unit = std::uint64_t{1} << shift;
    if (value >= unit && value % unit == 0) {
      return fmt::format("({}{})", value >> shift, name);
    }
  }
  return "";
}

std::string bits_text(std::uint64_t value) {
  constexpr std::size_t width = 80;
  std::string line = "   bits set: ";
  std::string text;
  for (unsigned bit = 64; bit-- > 0;) {
    if ((value >> bit & 1) == 0) continue;
    std::string word = fmt::format("{} ", bit);
    if (line.size() + word.size() > width) {
      text += line + '\n';
      line = std::string(13, ' ');
    }
    line += word;
  }
  return text + line + '\n';
}

std::string to_text(const Row& row) {
  auto number = static_cast<std::int64_t>(row.value);
  std::string negative = number < 0 ? fmt::format("({})", number) : "";
  std::string text = fmt::format(
      "hexadecimal: {:x}  {}\n"
      "    decimal: {}  {}\n"
      "      octal: {:o}\n"
      "     binary: {:064b}\n",
      row.value, unit_text(row.value), row.value, negative, row.value,
      row.value);
  return row.has_bits ? text + bits_text(row.value) : text;
}

report::Record to_record(const Row& row) {
  report::List bits;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((row.value >> bit & 1) != 0) bits.emplace_back(bit);
  }
  return report::Record()
      .with("value", row.value)
      .with("signed", static_cast<std::int64_t>(row.value))
      .with("hexadecimal", Address{row.value})
      .with("bits", std::move(bits));
}

// ---- How we find it ----

// Only what stands in front is an option: "eval 5 -2" is a subtraction.
Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Row row;
  while (!words.empty() && words[0].size() > 1 && words[0][0] == '-' &&
         words[0].find_first_not_of("bl", 1) == std::string::npos) {
    row.has_bits = row.has_bits || words[0].find('b') != std::string::npos;
    words = words.subspan(1);
  }
  if (words.empty()) return Error(ErrorKind::usage, "");
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  row.value = TRY(calculated(session.kernel, text));
  emit(out, row);
  return {};
}

}  // namespace

extern const Command eval_command;
const Command eval_command = {"eval", &help, run};

}  // namespace inquest
