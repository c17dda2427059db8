// SPDX-License-Identifier: GPL-3.0-or-later
// What bt has to say of a task, and how it looks.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command/context.h"
#include "kernel/backtrace.h"
#include "report/report.h"

namespace inquest {

// Code as bt names it.
struct BtCode {
  Address address;
  std::string symbol = {};  // "" : none
  std::uint64_t offset = 0;
  std::string module = {};  // "" : vmlinux
  std::optional<SourceLine> line = {};
};

// Saved registers, and what was interrupted (kernel code only).
struct BtRegisters {
  SavedRegisters saved;
  BtCode code = {};
  std::optional<BtCode> link = {};  // what the link register points to
};

// A word of the stack.
struct BtWord {
  Address at;
  std::uint64_t value = 0;
  std::string meaning = {};  // "schedule+90", "[kmalloc-64]"; "" : none
};

struct BtFrame {
  Address slot;
  BtCode code = {};
  std::string stack = {};
  // Above this frame the CPU ran on that other stack; "" : no switch.
  std::string left_stack = {};
  std::string_view method = {};
  std::optional<BtRegisters> registers = {};
  std::vector<BtWord> words = {};  // from behind the slot to the next frame's
};

struct BtStyle {
  bool has_offsets = false;  // -s
  bool is_hex = false;       // -x
  bool is_scan = false;      // -t, -T: every text address, no frames
  bool has_start = false;    // -t
};

struct BtRow {
  TaskHeader task;
  BtStyle style;
  std::vector<BtFrame> frames = {};
  std::optional<BtRegisters> user = {};  // registers without a frame
  std::optional<Error> broken = {};      // why frames are missing
  bool has_stack = true;
  bool is_active = false;  // on a running system: its stack changes
};
report::Record to_record(const BtRow& row);
std::string to_text(const BtRow& row);

// -e, -E: register blocks found on stacks.
struct BtExceptionFrame {
  bool is_user = false;
  BtRegisters registers;
};
struct BtExceptionRow {
  std::optional<TaskHeader> task = {};  // -e
  std::string title = {};               // -E: "CPU 0 IRQ STACK:"
  std::vector<BtExceptionFrame> found = {};
  std::optional<Error> broken = {};
};
report::Record to_record(const BtExceptionRow& row);
std::string to_text(const BtExceptionRow& row);

// -r: a whole stack.
struct BtRawRow {
  TaskHeader task;
  std::vector<BtWord> words = {};
  std::optional<Error> broken = {};
};
report::Record to_record(const BtRawRow& row);
std::string to_text(const BtRawRow& row);

// -v: a stack that has overflowed, or whose end was overwritten.
struct BtOverflowRow {
  TaskHeader task;
  std::string reason = {};
};
report::Record to_record(const BtOverflowRow& row);
std::string to_text(const BtOverflowRow& row);

}  // namespace inquest
