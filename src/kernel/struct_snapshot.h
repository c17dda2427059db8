// SPDX-License-Identifier: GPL-3.0-or-later
// Some members of many structures of one type.
//
// A task_struct is some 9 KB, and a machine may have 100,000 of them: reading
// each task's members when they are asked for unpacks every page of the dump
// many times. This is read once, by all processors.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "memory/address_space.h"
#include "types/type.h"

namespace inquest {

// |memory|, of which the |members| of each structure are at hand; members that
// |type| lacks are left out. For dumps only: what is at hand does not change.
class StructSnapshot : public AddressSpace {
 public:
  StructSnapshot(const AddressSpace& memory, const Type& type,
                 std::span<const std::string_view> members,
                 std::vector<Address> structures);

  std::endian endian() const override { return memory_.endian(); }
  Result<void> read(Address from, std::span<std::byte> out) const override;
  Result<PhysAddress> to_physical(Address at) const override {
    return memory_.to_physical(at);
  }

  // The same memory, for who reads mostly from |structure|.
  const AddressSpace& around(Address structure) const;

 private:
  // Memory around one structure.
  class Own : public AddressSpace {
   public:
    Own(const StructSnapshot& all, std::size_t structure)
        : all_(all), structure_(structure) {}
    std::endian endian() const override { return all_.endian(); }
    Result<void> read(Address from, std::span<std::byte> out) const override;
    Result<PhysAddress> to_physical(Address at) const override {
      return all_.to_physical(at);
    }

   private:
    const StructSnapshot& all_;
    std::size_t structure_;
  };

  void choose_members(const Type& type,
                      std::span<const std::string_view> members);
  void take(std::size_t first, std::size_t last);
  // The last structure that starts at or before |at|.
  std::optional<std::size_t> structure_before(Address at) const;
  // Whether all of |out| was at hand in |structure|.
  bool read_kept(std::size_t structure, Address from,
                 std::span<std::byte> out) const;
  std::span<std::byte> bytes_of(std::size_t structure) {
    return {bytes_.get() + structure * kept_, kept_};
  }

  // [start, start + size) of a structure, at |at| in what is kept of it.
  struct Part {
    std::uint64_t start = 0, size = 0, at = 0;
  };

  const AddressSpace& memory_;
  std::uint64_t size_ = 0;           // of a structure
  std::vector<Part> parts_;          // sorted
  std::uint64_t kept_ = 0;           // bytes of each structure
  std::vector<Address> structures_;  // sorted
  // By structure; false: not readable as a whole.
  std::vector<char> is_kept_;
  std::unique_ptr<std::byte[]> bytes_;
  std::vector<Own> own_;  // by structure
};

}  // namespace inquest
