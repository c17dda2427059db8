// SPDX-License-Identifier: GPL-3.0-or-later
// Building files out of integers.

#pragma once

#include "base/bytes.h"
#include "dumps/test_dump.h"

namespace inquest::test {

class DumpWriter {
 public:
  explicit DumpWriter(std::endian endian) : endian_(endian) {}

  void integer(std::uint64_t value, std::size_t size) {
    content_.resize(content_.size() + size);
    store_unsigned(std::span(content_).last(size), value, endian_);
  }
  void u16(std::uint64_t value) { integer(value, 2); }
  void u32(std::uint64_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  void bytes(Bytes bytes) {
    content_.insert(content_.end(), bytes.begin(), bytes.end());
  }
  void text(std::string_view text, std::size_t size) {
    std::size_t end = content_.size() + size;
    bytes(as_bytes(text.substr(0, size)));
    content_.resize(end);
  }
  void pad_to(std::size_t size) {
    if (content_.size() < size) content_.resize(size);
  }
  void align(std::size_t unit) {
    content_.resize((content_.size() + unit - 1) / unit * unit);
  }
  std::size_t size() const { return content_.size(); }
  const Content& content() const { return content_; }
  Content& content() { return content_; }

 private:
  Content content_;
  std::endian endian_;
};

// The notes of |machine|: NT_PRSTATUS per CPU, VMCOREINFO.
Content dump_notes(const Machine& machine, std::endian endian);

Content elf_file(const Machine& machine, const DumpShape& shape);
// Part |part| of shape.parts.
Content kdump_file(const Machine& machine, const DumpShape& shape,
                   unsigned part);

}  // namespace inquest::test
