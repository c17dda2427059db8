// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <stdexcept>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/text.h"
#include "dumps/test_dump.h"

namespace inquest::test {
namespace {

[[noreturn]] void refuse(std::string_view line) {
  throw std::invalid_argument("test dump: " + std::string(line));
}

std::uint64_t number_in(std::string_view word, std::string_view line) {
  auto number = word.starts_with("0x") ? parse_hex(word) : parse_decimal(word);
  if (!number) refuse(line);
  return *number;
}

// "AA*3": the word and how often.
std::pair<std::string_view, std::uint64_t> repeated(std::string_view word,
                                                    std::string_view line) {
  std::size_t star = word.find('*');
  if (star == std::string_view::npos) return {word, 1};
  return {word.substr(0, star), number_in(word.substr(star + 1), line)};
}

Content raw_bytes(std::string_view word, std::string_view line) {
  auto [digits, count] = repeated(word, line);
  if (digits.size() % 2 != 0) refuse(line);
  Content out;
  for (std::uint64_t i = 0; i < count; ++i) {
    for (std::size_t at = 0; at < digits.size(); at += 2) {
      auto byte = parse_hex(digits.substr(at, 2));
      if (!byte) refuse(line);
      out.push_back(std::byte(*byte));
    }
  }
  return out;
}

Content text_bytes(std::string_view line) {
  std::size_t first = line.find('"');
  std::size_t last = line.rfind('"');
  if (first == last) refuse(line);
  Content out;
  for (std::size_t i = first + 1; i < last; ++i) {
    char c = line[i];
    if (c == '\\' && i + 1 < last) {
      c = line[++i];
      if (c == 'n') c = '\n';
      if (c == '0') c = '\0';
    }
    out.push_back(std::byte(c));
  }
  return out;
}

void parse_memory(Machine& machine, std::string_view line) {
  auto parts = words(line);
  if (parts.size() < 2) refuse(line);
  std::uint64_t at = number_in(parts[0].substr(1), line);
  std::string_view kind = parts[1];
  if (kind == "exclude") return machine.exclude(at);
  if (kind == "text") return machine.write(at, text_bytes(line));
  for (std::string_view word : std::span(parts).subspan(2)) {
    if (kind == "raw") {
      Content bytes = raw_bytes(word, line);
      machine.write(at, bytes);
      at += bytes.size();
      continue;
    }
    if (!kind.starts_with('u')) refuse(line);
    auto size = static_cast<unsigned>(number_in(kind.substr(1), line) / 8);
    auto [digits, count] = repeated(word, line);
    for (std::uint64_t i = 0; i < count; ++i, at += size) {
      machine.write(at, number_in(digits, line), size);
    }
  }
}

}  // namespace

void Machine::write(std::uint64_t at, const Content& bytes) {
  for (std::byte byte : bytes) {
    auto& page = pages[at / page_size];
    if (!page) page.emplace(page_size);
    (*page)[at % page_size] = byte;
    ++at;
  }
}

void Machine::write(std::uint64_t at, std::uint64_t value, unsigned size) {
  Content bytes(size);
  store_unsigned(bytes, value, std::endian::little);
  write(at, bytes);
}

void Machine::exclude(std::uint64_t at) {
  pages[at / page_size] = std::nullopt;
}

std::string Machine::value(std::string_view key, std::string_view other) const {
  auto found = values.find(key);
  return found == values.end() ? std::string(other) : found->second;
}

std::uint64_t Machine::number(std::string_view key, std::uint64_t other) const {
  auto found = values.find(key);
  return found == values.end() ? other : number_in(found->second, key);
}

Machine parse_machine(std::string_view text, std::uint64_t page_size) {
  Machine machine;
  machine.page_size = page_size;
  for (std::string_view line : lines(text)) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with('@')) {
      parse_memory(machine, line);
      continue;
    }
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) refuse(line);
    std::string key(trim(line.substr(0, equals)));
    std::string value(trim(line.substr(equals + 1)));
    if (key == "vmcoreinfo") {
      machine.vmcoreinfo += value + "\n";
    } else {
      machine.values[key] = value;
    }
  }
  return machine;
}

}  // namespace inquest::test
