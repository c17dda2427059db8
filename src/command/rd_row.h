// SPDX-License-Identifier: GPL-3.0-or-later
// What rd answers: lines of words, a string, a copy made.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/address.h"
#include "report/report.h"

namespace inquest {

enum class RdNumber { hexadecimal, signed_decimal, unsigned_decimal };

struct RdStyle {
  RdNumber number = RdNumber::hexadecimal;
  bool is_symbolic = false;
  unsigned slab_names = 0;
  bool has_characters = true;
  bool network_order = false;
};

// At most 16 bytes.
struct RdRow {
  Address address;
  unsigned width = 8;
  std::vector<std::byte> bytes = {};
  std::vector<std::uint64_t> values = {};
  std::vector<std::string> symbols = {};  // "" where a value has none
  RdStyle style = {};
};
report::Record to_record(const RdRow& row);
std::string to_text(const RdRow& row);

struct StringRow {
  Address address;
  std::string text;
};
report::Record to_record(const StringRow& row);
std::string to_text(const StringRow& row);

struct CopiedRow {
  Address from;
  std::uint64_t size = 0;
  std::string file;
};
report::Record to_record(const CopiedRow& row);
std::string to_text(const CopiedRow& row);

}  // namespace inquest
