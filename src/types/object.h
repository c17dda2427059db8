// SPDX-License-Identifier: GPL-3.0-or-later
// A typed value of the dumped kernel: in its memory, or computed.
//
// Object follows C: member access looks through pointers, so a kernel
// expression task->mm->pgd is written task["mm"]["pgd"]. An Object that could
// not be reached carries the reason instead of a location; every further step
// passes the reason on, and only the final read reports it. One TRY per
// expression is enough.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "memory/address_space.h"
#include "types/type.h"

namespace inquest {

class Object {
 public:
  // What lies at |address|.
  Object(const AddressSpace& space, const Type& type, Address address)
      : space_(&space), type_(&type), address_(address) {}
  // A computed value; |bytes| are as long as the type, in the space's order.
  static Object value(const AddressSpace& space, const Type& type,
                      std::vector<std::byte> bytes);
  // A computed integer or pointer.
  static Object value(const AddressSpace& space, const Type& type,
                      std::uint64_t number);
  Object(Error fault);

  Object operator[](std::string_view member) const;  // a.b and a->b, a path too
  Object member(const Member& member) const;         // of this very type
  Object at(std::uint64_t index) const;              // a[i]; not bound-checked
  Object dereference() const;                        // *a
  // The |type| whose |member| this is; of a pointer: that it points to.
  Object container_of(const Type& type, std::string_view member) const;
  Object cast(const Type& type) const;

  // Integers, enumerations, booleans, pointers, bit-fields; an array is the
  // address of its first element. As C converts: a negative int becomes
  // 0xffff..., an unsigned one stays positive.
  Result<std::uint64_t> to_unsigned() const;
  Result<std::int64_t> to_signed() const;
  Result<Address> to_address() const;  // the value of a pointer
  // A char array up to its NUL, or what a char pointer points to.
  Result<std::string> to_string() const;
  // All bytes of the value.
  Result<std::vector<std::byte>> to_bytes() const;

  bool has_member(std::string_view path) const;
  // void, of what could not be reached.
  const Type& type() const { return *type_; }
  const AddressSpace& space() const { return *space_; }
  // Where it lies; meaningless for computed values and faults.
  Address address() const { return address_; }
  bool is_value() const { return value_ != nullptr; }
  bool is_bit_field() const { return bit_size_ != 0; }
  unsigned bit_offset() const { return bit_offset_; }  // from address()
  unsigned bit_size() const { return bit_size_; }
  const Error* fault() const { return fault_.get(); }

 private:
  Object part(const MemberPlace& place) const;

  const AddressSpace* space_ = nullptr;
  const Type* type_ = nullptr;
  Address address_;
  unsigned bit_offset_ = 0;
  unsigned bit_size_ = 0;
  std::shared_ptr<const std::vector<std::byte>> value_;
  std::shared_ptr<const Error> fault_;
};

// What |pointer| leads to; |not_found| with |missing| for a null pointer.
Result<Object> pointed(const Object& pointer, std::string_view missing);

}  // namespace inquest
