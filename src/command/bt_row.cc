// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/bt_row.h"

#include <fmt/format.h>

#include "base/text.h"
#include "command/bt_registers.h"

namespace inquest {
namespace {

using report::Record;

// ---- Text ----

std::string code_text(const BtCode& code, const BtStyle& style) {
  std::string name = code.symbol.empty() ? "(unknown)" : code.symbol;
  if (style.has_offsets && !code.symbol.empty() && code.offset != 0) {
    name += style.is_hex ? fmt::format("+{:#x}", code.offset)
                         : fmt::format("+{}", code.offset);
  }
  std::string text = fmt::format("{} at {:x}", name, code.address.value);
  if (!code.module.empty()) text += fmt::format(" [{}]", code.module);
  return printable(text) + '\n';
}

std::string words_text(const std::vector<BtWord>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i % 2 == 0) text += fmt::format("    {:x}: ", words[i].at.value);
    text += words[i].meaning.empty()
                ? fmt::format("{:016x} ", words[i].value)
                : fmt::format("{:<16} ", printable(words[i].meaning));
    if (i % 2 == 1 || i + 1 == words.size()) text += '\n';
  }
  return text;
}

std::string frame_text(const BtFrame& frame, std::size_t number,
                       const BtStyle& style) {
  std::string text;
  if (!frame.left_stack.empty()) {
    text += fmt::format("--- <{} stack> ---\n", frame.left_stack);
  }
  text += style.is_scan
              ? fmt::format("  [{:x}] ", frame.slot.value)
              : fmt::format("{:>3} [{:x}] ", fmt::format("#{}", number),
                            frame.slot.value);
  text += code_text(frame.code, style);
  text += line_text(frame.code.line);
  if (frame.registers) text += registers_text(*frame.registers);
  return text + words_text(frame.words);
}

// ---- Records ----

void add_code(Record& record, const BtCode& code) {
  record.add("address", code.address);
  if (!code.symbol.empty()) {
    record.add("symbol", code.symbol);
    record.add("offset", code.offset);
  }
  if (!code.module.empty()) record.add("module", code.module);
  if (code.line) {
    record.add("file", code.line->file);
    record.add("line", code.line->line);
  }
}

Record registers_record(const BtRegisters& registers) {
  Record record;
  record.add("saved_at", registers.saved.at);
  record.add("mode", registers.saved.is_user ? "user" : "kernel");
  Record interrupted;
  add_code(interrupted, registers.code);
  record.add("interrupted", std::move(interrupted));
  Record values;
  for (const auto& [name, value] : registers.saved.named) {
    values.add(name, Address{value});
  }
  record.add("registers", std::move(values));
  return record;
}

report::Value words_value(const std::vector<BtWord>& words) {
  std::vector<Record> list;
  for (const BtWord& word : words) {
    Record record;
    record.add("at", word.at);
    record.add("value", Address{word.value});
    if (!word.meaning.empty()) record.add("meaning", word.meaning);
    list.push_back(std::move(record));
  }
  return list;
}

Record frame_record(const BtFrame& frame) {
  Record record;
  record.add("slot", frame.slot);
  add_code(record, frame.code);
  record.add("stack", frame.stack);
  if (!frame.method.empty()) record.add("method", frame.method);
  if (frame.registers) {
    record.add("exception", registers_record(*frame.registers));
  }
  if (!frame.words.empty()) record.add("words", words_value(frame.words));
  return record;
}

}  // namespace

Record to_record(const BtRow& row) {
  Record record = to_record(row.task);
  std::vector<Record> frames;
  for (const BtFrame& frame : row.frames)
    frames.push_back(frame_record(frame));
  record.add("frames", std::move(frames));
  if (row.user) record.add("registers", registers_record(*row.user));
  if (row.broken) record.add("incomplete", row.broken->message());
  if (row.is_active) record.add("active", true);
  return record;
}

std::string to_text(const BtRow& row) {
  std::string text = to_text(row.task);
  if (!row.has_stack) return text + "(no stack)\n";
  if (row.is_active) return text + "(active)\n";
  if (row.style.has_start && !row.frames.empty()) {
    text += "              START: " +
            code_text(row.frames.front().code,
                      {.has_offsets = false, .is_hex = false});
  }
  for (std::size_t i = 0; i < row.frames.size(); ++i) {
    text += frame_text(row.frames[i], i, row.style);
  }
  if (row.user) text += registers_text(*row.user);
  if (row.broken) {
    text +=
        fmt::format("    (incomplete: {})\n", printable(row.broken->message()));
  }
  return text;
}

Record to_record(const BtExceptionRow& row) {
  Record record;
  if (row.task) record = to_record(*row.task);
  if (!row.title.empty()) record.add("stack", row.title);
  std::vector<Record> found;
  for (const BtExceptionFrame& frame : row.found) {
    found.push_back(registers_record(frame.registers));
  }
  record.add("exception_frames", std::move(found));
  if (row.broken) record.add("incomplete", row.broken->message());
  return record;
}

std::string to_text(const BtExceptionRow& row) {
  std::string text = row.task ? to_text(*row.task) : row.title + '\n';
  for (const BtExceptionFrame& frame : row.found) {
    text += fmt::format("\n  {}-MODE EXCEPTION FRAME AT: {:x}\n",
                        frame.is_user ? "USER" : "KERNEL",
                        frame.registers.saved.at.value);
    text += registers_text(frame.registers);
  }
  if (!row.task && row.found.empty() && !row.broken) text += "(none found)\n";
  if (row.broken) text += fmt::format("({})\n", row.broken->message());
  return row.task ? text : text + '\n';
}

Record to_record(const BtRawRow& row) {
  Record record = to_record(row.task);
  record.add("words", words_value(row.words));
  if (row.broken) record.add("incomplete", row.broken->message());
  return record;
}

std::string to_text(const BtRawRow& row) {
  std::string text = to_text(row.task);
  for (std::size_t i = 0; i < row.words.size(); ++i) {
    const BtWord& word = row.words[i];
    if (i % 2 == 0) text += fmt::format("{:x}:  ", word.at.value);
    text += word.meaning.empty()
                ? fmt::format("{:016x} ", word.value)
                : fmt::format("{:<16} ", printable(word.meaning));
    if (i % 2 == 1 || i + 1 == row.words.size()) text += '\n';
  }
  if (row.broken) {
    text += fmt::format("(incomplete: {})\n", row.broken->message());
  }
  return text;
}

Record to_record(const BtOverflowRow& row) {
  Record record = to_record(row.task);
  record.add("overflow", row.reason);
  return record;
}

std::string to_text(const BtOverflowRow& row) {
  return to_text(row.task) +
         fmt::format("  possible stack overflow: {}\n", row.reason);
}

}  // namespace inquest
