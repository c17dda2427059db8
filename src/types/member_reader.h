// SPDX-License-Identifier: GPL-3.0-or-later
// Some members of a structure that is read very often: their places are found
// once, and each structure is one read.

#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "memory/address_space.h"
#include "types/type.h"

namespace inquest {

class MemberReader {
 public:
  // |paths|: members that are integers, pointers or bit-fields. Those that the
  // type lacks, or that are no such thing, read as 0: see has().
  MemberReader(const Type& type, std::initializer_list<std::string_view> paths);

  bool has(std::size_t which) const { return fields_[which].bits != 0; }
  // Where it begins, in bytes.
  std::uint64_t offset(std::size_t which) const {
    return fields_[which].bit_offset / 8;
  }
  // The members of the structure at |at|, unsigned, in the order of the paths.
  // |out| is as long as these are many.
  Result<void> read(const AddressSpace& memory, Address at,
                    std::span<std::uint64_t> out) const;

 private:
  struct Field {
    std::uint64_t bit_offset = 0;  // from the start of the structure
    unsigned bits = 0;             // 0: not there
  };

  static Field field_at(const Type& type, std::string_view path);

  std::vector<Field> fields_;
  std::uint64_t start_ = 0, size_ = 0;  // of what is read, in bytes
};

}  // namespace inquest
