// SPDX-License-Identifier: GPL-3.0-or-later
// ORC: the x86_64 kernel's own unwind tables.
//
// Two parallel arrays. .orc_unwind_ip holds, sorted, one 32-bit distance per
// code range: from the array element itself to the first instruction of the
// range. .orc_unwind holds for each range a six-byte entry: how to find the
// caller's stack pointer (a base register and an offset), where the caller's
// frame pointer was saved, and what lies at the place so found: a return
// address, a pt_regs, or only the hardware's part of one. The meaning of the
// entry's bits has changed several times; OrcFormat says which one applies.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

namespace inquest {

enum class OrcRegister : std::uint8_t {
  undefined,  // the register did not change
  previous_sp,
  ax,
  dx,
  di,
  bp,
  sp,
  r10,
  r13,
  bp_indirect,  // the value in memory at bp + offset
  sp_indirect,  // the value in memory at sp, plus offset
  unknown,
};

enum class OrcType : std::uint8_t {
  undefined,     // no code that can be unwound
  end_of_stack,  // the outermost frame
  call,
  registers,          // a whole pt_regs
  partial_registers,  // what the hardware pushes
  unknown,
};

// Where the fields of struct orc_entry lie and how they are numbered.
struct OrcFormat {
  unsigned type_bit = 40;  // from the start of the entry
  unsigned type_bits = 3;
  std::optional<unsigned> signal_bit = 43;  // since 6.3 (ffb1b4a41016)
  std::optional<unsigned> end_bit;          // until 6.3 (fb799447ae29)
  // Since 7.1 PREV_SP is 8 and AX exists.
  bool has_ax = false;

  // The types were renumbered when |end| became a type of its own.
  bool has_end() const { return end_bit.has_value(); }

  static OrcFormat v4_14() { return {40, 2, std::nullopt, 42, false}; }
  static OrcFormat v6_3() { return {40, 2, 42, 43, false}; }
  static OrcFormat v6_4() { return {}; }
  static OrcFormat v7_1() { return {40, 3, 43, std::nullopt, true}; }
};

struct OrcEntry {
  std::int16_t sp_offset = 0;
  std::int16_t bp_offset = 0;
  OrcRegister sp_base = OrcRegister::undefined;
  OrcRegister bp_base = OrcRegister::undefined;
  OrcType type = OrcType::undefined;
  bool is_signal = false;  // the frame was interrupted, it did not call
};

// What the kernel assumes of code it has no entry for: a frame pointer.
OrcEntry orc_frame_pointer_entry();

constexpr std::size_t orc_entry_size = 6;

// Decodes the first orc_entry_size bytes of |bytes|.
OrcEntry orc_entry(Bytes bytes, const OrcFormat& format);

// The tables of vmlinux or of one module.
class OrcTable {
 public:
  // |ips| lies at |ips_at|, an address of the dump: code addresses result. An
  // unsorted table (a vmlinux of before 5.6, whose kernel sorts at boot) costs
  // an index; a sorted one is searched in place. |corrupt| when the arrays'
  // sizes do not agree.
  static Result<OrcTable> open(Bytes ips, Address ips_at, Bytes entries,
                               const OrcFormat& format,
                               std::shared_ptr<const void> keeps);

  // The entry for the instruction at |pc|, or nothing when |pc| lies before
  // the first range. Costs a binary search.
  std::optional<OrcEntry> find(Address pc) const;
  std::size_t size() const { return count_; }

 private:
  OrcTable() = default;
  Address code_at(std::size_t index) const;
  bool looks_sorted() const;
  void make_order();

  Bytes ips_;
  Address ips_at_;
  Bytes entries_;
  OrcFormat format_;
  std::size_t count_ = 0;
  std::vector<std::uint32_t> order_;  // empty: sorted already
  std::shared_ptr<const void> keeps_;
};

}  // namespace inquest
