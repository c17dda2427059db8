// SPDX-License-Identifier: GPL-3.0-or-later
// BTF as bytes: its header, where each type's record lies, and its strings.
//
// A .BTF section is a header, a run of type records of varying length that
// are numbered in order (number 0 is void), and a string table. The BTF of a
// module goes on where vmlinux's ends: both with its numbers and with the
// offsets of its strings.
// Format: Documentation/bpf/btf.rst; enum64 6089fb325cf7 (v6.0), decl_tag
// b5ea834dde6b (v5.16), type_tag 8c42d2fa4eea (v5.17).

#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace inquest {

enum class BtfKind : unsigned char {
  unknown,
  integer,
  pointer,
  array,
  structure,
  union_type,
  enumeration,
  forward,
  typedef_type,
  volatile_type,
  const_type,
  restrict_type,
  function,
  function_type,
  variable,
  section,
  floating,
  declaration_tag,
  type_tag,
  enumeration64,
};

// The fixed part of a record.
struct BtfRecord {
  BtfKind kind = BtfKind::unknown;
  bool flag = false;  // the meaning depends on the kind
  std::uint32_t name = 0;
  std::uint32_t count = 0;  // of the entries that follow
  std::uint32_t size_or_type = 0;
  std::uint32_t entries_at = 0;  // offset of what follows
};

class BtfData {
 public:
  // Checks the header and that every record lies within the type part.
  static Result<BtfData> parse(Bytes bytes, std::endian endian,
                               const BtfData* base);

  std::uint32_t first() const { return first_; }  // own types: [first, end)
  std::uint32_t end() const {
    return first_ + static_cast<std::uint32_t>(offsets_.size());
  }
  // An own type. Number 0 and those out of range are |unknown|.
  BtfRecord record(std::uint32_t id) const;
  // A word of what follows a record.
  std::uint32_t word(const BtfRecord& record, std::uint32_t index) const {
    return load(record.entries_at + std::uint64_t{index} * 4);
  }
  // In the own or the base's strings; "" for offsets out of range.
  std::string_view name(std::uint32_t offset) const;
  // Whether an enumeration's flag says that it is signed (since v6.0); in
  // older BTF all are.
  bool has_signed_enums() const { return has_signed_enums_; }

 private:
  Result<void> read_header(Bytes bytes);
  Result<void> find_records();
  std::uint32_t load(std::uint64_t offset) const;
  BtfRecord record_at(std::uint32_t offset) const;

  std::endian endian_ = std::endian::little;
  const BtfData* base_ = nullptr;
  std::uint32_t first_ = 0;
  std::uint32_t first_string_ = 0;
  Bytes types_, strings_;
  std::vector<std::uint32_t> offsets_;  // of records, in types_
  bool has_signed_enums_ = false;
};

}  // namespace inquest
