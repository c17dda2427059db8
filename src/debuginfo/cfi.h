// SPDX-License-Identifier: GPL-3.0-or-later
// Call frame information (.debug_frame, .eh_frame): for an address, where the
// caller's registers are.
//
// A frame's canonical frame address (CFA) is the stack pointer's value before
// the call; the other rules build upon it. Rules come as a program per
// function (FDE) after a common start (CIE); a row is what holds once the
// program has run up to the address.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "debuginfo/cfi_entries.h"
#include "debuginfo/elf_file.h"

namespace inquest {

enum class CfiRuleKind {
  unspecified,       // not mentioned: the ABI decides; mostly unchanged
  undefined,         // not recoverable; of the return column: outermost frame
  same,              // unchanged
  offset,            // saved at CFA + offset
  value_offset,      // is CFA + offset
  in_register,       // is register |from| + offset
  expression,        // saved at what the expression yields
  value_expression,  // is what the expression yields
};

struct CfiRule {
  CfiRuleKind kind = CfiRuleKind::unspecified;
  unsigned from = 0;  // a DWARF register
  std::int64_t offset = 0;
  Bytes expression = {};  // lives as long as the Cfi
};

struct CfiRow {
  CfiRule cfa;                                       // in_register, or
                                                     // value_expression
  std::vector<std::pair<unsigned, CfiRule>> others;  // by DWARF register
  unsigned return_column = 0;  // the DWARF register that the return address is
  bool is_signal = false;      // pc is no return address (augmentation "S")

  CfiRule rule(unsigned dwarf) const;
};

// What rules are applied to: one frame's registers, and its memory.
struct CfiFrame {
  std::function<std::optional<std::uint64_t>(unsigned dwarf)> reg;
  // |size| bytes at an address as an integer in the target's byte order.
  std::function<Result<std::uint64_t>(Address at, unsigned size)> memory;
};

struct CfiValue {
  std::optional<std::uint64_t> value;  // nothing: undefined
  std::optional<Address> saved_at;     // read from there
};

class Cfi {
 public:
  // The .debug_frame and .eh_frame of |file|, in which addresses are as
  // linked or as relocated. |not_found| when it has neither. The functions are
  // listed when the first row is asked for (a pass over the sections' heads of
  // entries: a millisecond for a kernel).
  static Result<std::shared_ptr<const Cfi>> open(
      std::shared_ptr<const ElfFile> file);
  // The same over the bytes of one section, which must outlive it.
  static std::shared_ptr<const Cfi> from_section(const CfiSection& section);

  // |not_found| when no function there has call frame information.
  Result<CfiRow> row_at(Address pc) const;
  // |fault| when a register or memory it needs is not known.
  Result<Address> cfa(const CfiRow& row, const CfiFrame& frame) const;
  // The caller's register; unspecified ones are taken as unchanged.
  Result<CfiValue> caller_register(const CfiRow& row, unsigned dwarf,
                                   Address cfa, const CfiFrame& frame) const;

 private:
  struct Function {
    Address first, end;
    std::uint32_t section = 0;
    std::uint64_t entry = 0;  // of the FDE in its section
  };

  Cfi() = default;
  const std::vector<Function>& functions() const;
  void list(std::uint32_t section) const;

  std::shared_ptr<const ElfFile> file_;
  std::vector<CfiSection> sections_;
  mutable std::once_flag listed_;
  mutable std::vector<Function> functions_;  // by address
};

// Runs a DWARF expression with |start| on its stack (nothing: empty).
// |unsupported| names an operation that has no place in unwinding.
Result<std::uint64_t> evaluate_dwarf(Bytes expression,
                                     std::optional<std::uint64_t> start,
                                     const CfiFrame& frame, std::endian endian,
                                     unsigned pointer_size);

}  // namespace inquest
