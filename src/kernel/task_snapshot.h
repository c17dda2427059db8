// SPDX-License-Identifier: GPL-3.0-or-later
// The members of all task_structs that commands look at most.
//
// A task_struct is some 9 KB, and a machine may have 100,000 of them: reading
// each task's members when they are asked for unpacks every page of the dump
// many times. This is read once, by all processors.

#pragma once

#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// The kernel's memory, of which a part of each task is at hand. For dumps only:
// what is at hand does not change.
class TaskSnapshot : public AddressSpace {
 public:
  TaskSnapshot(const Kernel& kernel, const Type& task_struct,
               std::vector<Address> tasks);

  std::endian endian() const override { return memory_.endian(); }
  Result<void> read(Address from, std::span<std::byte> out) const override;
  Result<PhysAddress> to_physical(Address at) const override {
    return memory_.to_physical(at);
  }

 private:
  void choose_members(const Kernel& kernel, const Type& task_struct);
  void load(std::size_t first, std::size_t last);
  std::span<std::byte> bytes_of(std::size_t task) {
    return std::span(bytes_).subspan(task * kept_, kept_);
  }

  // [start, start + size) of a task_struct, at |at| in what is kept of it.
  struct Part {
    std::uint64_t start = 0, size = 0, at = 0;
  };

  const AddressSpace& memory_;
  std::uint64_t task_size_ = 0;
  std::vector<Part> parts_;     // sorted
  std::uint64_t kept_ = 0;      // bytes of each task
  std::vector<Address> tasks_;  // sorted
  std::vector<char> is_kept_;   // by task; false: not readable as a whole
  std::vector<std::byte> bytes_;
};

}  // namespace inquest
