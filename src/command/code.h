// SPDX-License-Identifier: GPL-3.0-or-later
// Machine code as commands speak of it: naming a place in it, and the
// instructions from there on.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/disassembler.h"
#include "base/generator.h"
#include "kernel/kernel.h"

namespace inquest {

// What "dis sock_ioctl" or "dis sock_ioctl+4" names.
struct CodePlace {
  Address at;
  bool is_symbol = false;  // a symbol alone: its whole function is meant
};

// |word| is an address (hexadecimal), a symbol, "symbol+offset", or a sum or
// difference of these in parentheses. |not_found| names the symbol.
Result<CodePlace> code_place(const Kernel& kernel, std::string_view word);

// The function around an address: from its symbol to where the symbol's size
// or, when that is not known, the next symbol ends it.
struct Function {
  std::string name;
  std::string module;
  Address start, end;
};
Result<Function> function_at(const Kernel& kernel, Address at);

struct CodeLine {
  Address address;
  std::string symbol;  // "" when there is none
  std::uint64_t offset = 0;
  std::string module;
  Instruction instruction;
};

// Decodes instructions of a kernel, or of user code in |space|.
class CodeReader {
 public:
  // |is_hex|: how offsets into symbols are written. User addresses have no
  // symbols.
  static Result<std::unique_ptr<CodeReader>> open(const Kernel& kernel,
                                                  const AddressSpace& space,
                                                  bool is_hex, bool is_user);

  Result<CodeLine> line_at(Address at);

 private:
  CodeReader(const Kernel& kernel, const AddressSpace& space, bool is_hex,
             bool is_user)
      : kernel_(kernel), space_(space), is_hex_(is_hex), is_user_(is_user) {}
  std::optional<Kernel::Place> place(Address at) const;
  std::string address_text(Address at) const;
  Result<std::vector<std::byte>> code_at(Address at) const;

  const Kernel& kernel_;
  const AddressSpace& space_;
  bool is_hex_, is_user_;
  std::unique_ptr<Disassembler> disassembler_;
};

// "symbol", "symbol+12", "symbol+0xc".
std::string symbol_text(std::string_view symbol, std::uint64_t offset,
                        bool is_hex);

// The symbol of a kernel address, with the distance (decimal) if there is one;
// "" where there is no symbol.
std::string place_text(const Kernel& kernel, Address at);

}  // namespace inquest
