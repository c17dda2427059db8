// SPDX-License-Identifier: GPL-3.0-or-later
// What bpf answers.

#pragma once

#include <string>

#include "kernel/bpf.h"
#include "report/report.h"

namespace inquest {

struct BpfProgramRow {
  BpfProgram program;
  bool has_details = false;
};
report::Record to_record(const BpfProgramRow& row);
std::string to_text(const BpfProgramRow& row);

struct BpfMapRow {
  BpfMap map;
  bool has_details = false;
};
report::Record to_record(const BpfMapRow& row);
std::string to_text(const BpfMapRow& row);

struct BpfLinkRow {
  BpfLink link;
};
report::Record to_record(const BpfLinkRow& row);
std::string to_text(const BpfLinkRow& row);

struct BpfLineRow {
  std::uint64_t program_id = 0;
  BpfLine line;
  bool has_bytes = false;
};
report::Record to_record(const BpfLineRow& row);
std::string to_text(const BpfLineRow& row);

struct BpfCodeRow {
  std::uint64_t program_id = 0;
  Address at;
  std::string text;
};
report::Record to_record(const BpfCodeRow& row);
std::string to_text(const BpfCodeRow& row);

}  // namespace inquest
