// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/code.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"
#include "kernel/module.h"

namespace inquest {
namespace {

// The longest instruction of any architecture (x86: 15 bytes).
constexpr std::size_t longest_instruction = 16;

Error no_symbol(std::string_view name) {
  return {ErrorKind::not_found, fmt::format("symbol not found: {}", name)};
}

// An operand of a sum: a number as in expressions, or a symbol.
Result<std::uint64_t> operand(const Kernel& kernel, std::string_view word) {
  word = trim(word);
  auto symbol = kernel.symbol(word);
  if (symbol) return symbol->value;
  if (auto number = parse_number(word)) return *number;
  return no_symbol(word);
}

// |text| without parentheses: operands added and subtracted from the left.
Result<Address> sum(const Kernel& kernel, std::string_view text) {
  std::uint64_t total = 0;
  bool is_minus = false;
  for (;;) {
    std::size_t end = std::min(text.find_first_of("+-", 1), text.size());
    std::uint64_t value = TRY(operand(kernel, text.substr(0, end)));
    total += is_minus ? -value : value;
    if (end == text.size()) return Address{total};
    is_minus = text[end] == '-';
    text.remove_prefix(end + 1);
    if (text.empty()) {
      return Error(ErrorKind::usage, "an operand is missing at the end");
    }
  }
}

// The first symbol behind |at| in the table that |place| is of.
std::optional<Address> next_symbol(const Kernel& kernel, Address at,
                                   const std::string& module) {
  const SymbolTable* table = &kernel.symbols();
  if (!module.empty()) {
    const Module* found = kernel.modules().find(module);
    if (found == nullptr) return std::nullopt;
    table = &kernel.modules().symbols(*found);
  }
  auto sorted = table->sorted();
  auto next = std::upper_bound(sorted.begin(), sorted.end(), at,
                               [](Address value, const Symbol& symbol) {
                                 return value < symbol.address;
                               });
  if (next == sorted.end()) return std::nullopt;
  return next->address;
}

}  // namespace

Result<CodePlace> code_place(const Kernel& kernel, std::string_view word) {
  if (word.starts_with('(') && word.ends_with(')')) {
    word = trim(word.substr(1, word.size() - 2));
    return CodePlace{TRY(sum(kernel, word)), false};
  }
  if (auto number = parse_hex(word)) return CodePlace{{*number}, false};
  auto symbol = kernel.symbol(word);
  if (symbol) return CodePlace{*symbol, true};
  if (word.find_first_of("+-") == std::string_view::npos) {
    return no_symbol(word);
  }
  return CodePlace{TRY(sum(kernel, word)), false};
}

Result<Function> function_at(const Kernel& kernel, Address at) {
  auto place = kernel.place(at);
  if (!place) {
    return Error(ErrorKind::not_found,
                 fmt::format("no symbol for {:x}", at.value), at.value);
  }
  Function function;
  function.start = at - place->offset;
  function.name = place->symbol;
  function.module = place->module;
  auto next = next_symbol(kernel, at, place->module);
  if (place->size > place->offset) {
    function.end = function.start + place->size;
  } else if (next) {
    function.end = *next;
  } else {
    return Error(ErrorKind::not_found,
                 fmt::format("{}: where it ends is not known", place->symbol));
  }
  return function;
}

std::string symbol_text(std::string_view symbol, std::uint64_t offset,
                        bool is_hex) {
  if (offset == 0) return std::string(symbol);
  return is_hex ? fmt::format("{}+{:#x}", symbol, offset)
                : fmt::format("{}+{}", symbol, offset);
}

Result<std::unique_ptr<CodeReader>> CodeReader::open(const Kernel& kernel,
                                                     const AddressSpace& space,
                                                     bool is_hex,
                                                     bool is_user) {
  std::unique_ptr<CodeReader> reader(
      new CodeReader(kernel, space, is_hex, is_user));
  CodeReader* self = reader.get();
  reader->disassembler_ = TRY(Disassembler::open(
      kernel.arch(), [self](Address at) { return self->address_text(at); }));
  return reader;
}

std::optional<Kernel::Place> CodeReader::place(Address at) const {
  if (is_user_) return std::nullopt;
  return kernel_.place(at);
}

std::string CodeReader::address_text(Address at) const {
  auto found = place(at);
  if (!found) return fmt::format("{:#x}", at.value);
  return fmt::format("{:#x} <{}>", at.value,
                     symbol_text(found->symbol, found->offset, is_hex_));
}

// As much of an instruction as there is.
Result<std::vector<std::byte>> CodeReader::code_at(Address at) const {
  auto whole = space_.bytes(at, longest_instruction);
  if (whole) return whole;
  std::uint64_t readable = whole.error().address() - at.value;
  if (readable == 0 || readable >= longest_instruction) return whole;
  return space_.bytes(at, readable);
}

Result<CodeLine> CodeReader::line_at(Address at) {
  std::vector<std::byte> code = TRY(code_at(at));
  CodeLine line;
  line.address = at;
  line.instruction = TRY(disassembler_->decode(code, at));
  if (auto found = place(at)) {
    line.symbol = found->symbol;
    line.offset = found->offset;
    line.module = found->module;
  }
  return line;
}

std::string place_text(const Kernel& kernel, Address at) {
  auto place = kernel.place(at);
  return place ? symbol_text(place->symbol, place->offset, false) : "";
}

}  // namespace inquest
