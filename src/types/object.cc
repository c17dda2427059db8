// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/object.h"

#include <algorithm>

#include <fmt/format.h>

#include "types/declaration.h"

namespace inquest {
namespace {

// Nothing in a kernel comes near; damaged type data easily does.
constexpr std::uint64_t max_value_size = std::uint64_t{256} << 20;
constexpr std::size_t max_string = 65536;

std::string quoted(const Type& type) {
  return type.name.empty() ? "an unnamed type" : type.name;
}

// |bit_size| bits of |bytes| from |bit_offset| on, counted from the least
// significant bit on little-endian machines, from the most on the others.
std::uint64_t extract_bits(Bytes bytes, unsigned bit_offset, unsigned bit_size,
                           std::endian endian) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bit_size; ++i) {
    bool is_little = endian == std::endian::little;
    unsigned at = bit_offset + (is_little ? bit_size - 1 - i : i);
    unsigned shift = is_little ? at % 8 : 7 - at % 8;
    auto byte = std::to_integer<unsigned>(bytes[at / 8]);
    value = value << 1 | (byte >> shift & 1);
  }
  return value;
}

const Type& unknown_type() {
  static const Type type;
  return type;
}

}  // namespace

Object::Object(Error fault)
    : type_(&unknown_type()),
      fault_(std::make_shared<Error>(std::move(fault))) {}

Object Object::value(const AddressSpace& space, const Type& type,
                     std::vector<std::byte> bytes) {
  Object object(space, type, Address{});
  object.value_ =
      std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return object;
}

Object Object::value(const AddressSpace& space, const Type& type,
                     std::uint64_t number) {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(type.size(), 16));
  std::size_t low = std::min<std::size_t>(bytes.size(), 8);
  bool is_little = space.endian() == std::endian::little;
  std::span<std::byte> all(bytes);
  store_unsigned(is_little ? all.first(low) : all.last(low), number,
                 space.endian());
  if (type.stripped().is_signed && static_cast<std::int64_t>(number) < 0) {
    std::ranges::fill(
        is_little ? all.subspan(low) : all.first(all.size() - low),
        std::byte{0xff});
  }
  return value(space, type, std::move(bytes));
}

// The object |place| describes, of a structure or array that starts here.
Object Object::part(const MemberPlace& place) const {
  if (place.type == nullptr) {
    return Error(ErrorKind::corrupt, "a member of no type");
  }
  Object inner = *this;
  inner.type_ = place.type;
  inner.bit_size_ = place.bit_size;
  inner.bit_offset_ = static_cast<unsigned>(place.bit_offset % 8);
  if (!value_) {
    inner.address_ = address_ + place.offset();
    return inner;
  }
  std::uint64_t size = place.bit_size == 0
                           ? place.type->size()
                           : (inner.bit_offset_ + place.bit_size + 7) / 8;
  Result<Bytes> bytes = slice(*value_, place.offset(), size, "a value");
  if (!bytes) return bytes.error();
  inner.value_ = std::make_shared<const std::vector<std::byte>>(bytes->begin(),
                                                                bytes->end());
  return inner;
}

Object Object::operator[](std::string_view member) const {
  if (fault_) return *this;
  if (type_->is_pointer()) return dereference()[member];
  // A path may lead through pointers: take one step at a time then.
  Result<MemberPlace> place = find_member(*type_, member);
  if (place) return part(*place);
  std::size_t dot = member.rfind('.');
  if (dot == std::string_view::npos) return place.error();
  return (*this)[member.substr(0, dot)][member.substr(dot + 1)];
}

Object Object::member(const Member& member) const {
  if (fault_) return *this;
  return part({member.type, member.bit_offset, member.bit_size});
}

Object Object::at(std::uint64_t index) const {
  if (fault_) return *this;
  const Type& type = type_->stripped();
  const Type* element = type.target();
  if (element == nullptr ||
      (type.kind != TypeKind::pointer && type.kind != TypeKind::array)) {
    return Error(ErrorKind::usage, quoted(*type_) + " has no elements");
  }
  std::uint64_t offset = index * element->size();
  if (type.kind == TypeKind::array && value_) {
    if (offset > value_->size()) {
      return Error(ErrorKind::usage, "no such element of a value");
    }
    return part({element, offset * 8, 0});
  }
  // In memory any index will do, and a negative one leads backwards.
  if (type.kind == TypeKind::array) {
    return {*space_, *element, address_ + offset};
  }
  Result<Address> base = to_address();
  if (!base) return base.error();
  return {*space_, *element, *base + offset};
}

Object Object::dereference() const {
  if (fault_) return *this;
  const Type& type = type_->stripped();
  if (type.kind == TypeKind::array) return at(0);
  if (type.kind != TypeKind::pointer) {
    return Error(ErrorKind::usage, quoted(*type_) + " is not a pointer");
  }
  if (type.target() == nullptr) {
    return Error(ErrorKind::usage, "a void pointer leads to no object");
  }
  Result<Address> target = to_address();
  if (!target) return target.error();
  return {*space_, *type.target(), *target};
}

Object Object::container_of(const Type& type, std::string_view member) const {
  if (fault_) return *this;
  Result<MemberPlace> place = find_member(type, member);
  if (!place) return place.error();
  Address inside = address_;
  if (type_->is_pointer()) {
    Result<Address> target = to_address();
    if (!target) return target.error();
    inside = *target;
  } else if (value_) {
    return Error(ErrorKind::usage, "a computed value lies in no structure");
  }
  return {*space_, type, inside - place->offset()};
}

Object Object::cast(const Type& type) const {
  if (fault_) return *this;
  bool is_number = type.is_scalar() && type_->is_scalar();
  if (is_number && type.stripped().kind != TypeKind::floating) {
    Result<std::uint64_t> number = to_unsigned();
    if (!number) return number.error();
    bool is_true = type.stripped().kind == TypeKind::boolean && *number != 0;
    return value(*space_, type, is_true ? std::uint64_t{1} : *number);
  }
  if (type.is_pointer() && type_->is_array() && !value_) {
    return value(*space_, type, address_.value);
  }
  if (value_ && type.size() > value_->size()) {
    return Error(ErrorKind::usage, "the value is too short for the type");
  }
  Object other = *this;
  other.type_ = &type;
  return other;
}

Result<std::vector<std::byte>> Object::to_bytes() const {
  if (fault_) return *fault_;
  std::uint64_t size =
      bit_size_ == 0 ? type_->size() : (bit_offset_ + bit_size_ + 7) / 8;
  if (value_) {
    Bytes bytes = TRY(slice(*value_, 0, size, "a value"));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }
  if (size > max_value_size) {
    return Error(ErrorKind::corrupt,
                 fmt::format("a value of type `{}' would need {} bytes, more "
                             "than are shown at once",
                             type_name(*type_), size));
  }
  std::vector<std::byte> bytes(size);
  TRY(space_->read(address_, bytes));
  return bytes;
}

Result<std::uint64_t> Object::to_unsigned() const {
  if (fault_) return *fault_;
  const Type& type = type_->stripped();
  if (type.kind == TypeKind::array && !value_) return address_.value;
  if (!type.is_scalar()) {
    return Error(ErrorKind::usage, quoted(*type_) + " is not a number");
  }
  if (type.byte_size == 0 || type.byte_size > 16 || bit_size_ > 64) {
    return Error(ErrorKind::corrupt,
                 fmt::format("{} of {} bytes", quoted(*type_), type.byte_size));
  }
  std::endian endian = space_->endian();
  std::array<std::byte, 16> buffer{};
  std::span<std::byte> bytes(buffer);
  bytes = bytes.first(bit_size_ == 0 ? type.byte_size
                                     : (bit_offset_ % 8 + bit_size_ + 7) / 8);
  if (value_) {
    std::ranges::copy(TRY(slice(*value_, 0, bytes.size(), "a value")),
                      bytes.begin());
  } else {
    TRY(space_->read(address_, bytes));
  }
  unsigned bits = bit_size_;
  std::uint64_t value = 0;
  if (bit_size_ != 0) {
    value = extract_bits(bytes, bit_offset_, bit_size_, endian);
  } else {
    if (endian == std::endian::big && bytes.size() > 8) bytes = bytes.last(8);
    value = load_unsigned(bytes, endian);
    bits = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 8)) * 8;
  }
  if (!type.is_signed) return value;
  return static_cast<std::uint64_t>(sign_extend(value, bits));
}

Result<std::int64_t> Object::to_signed() const {
  return static_cast<std::int64_t>(TRY(to_unsigned()));
}

Result<Address> Object::to_address() const {
  return Address{TRY(to_unsigned())};
}

Result<std::string> Object::to_string() const {
  if (fault_) return *fault_;
  const Type& type = type_->stripped();
  if (type.kind == TypeKind::pointer) {
    return space_->c_string(TRY(to_address()), max_string);
  }
  if (type.kind != TypeKind::array) {
    return Error(ErrorKind::usage, quoted(*type_) + " is not a string");
  }
  if (type.is_flexible && !value_) {
    return space_->c_string(address_, max_string);
  }
  std::vector<std::byte> bytes = TRY(to_bytes());
  std::string_view text = as_text(bytes);
  return std::string(text.substr(0, text.find('\0')));
}

bool Object::has_member(std::string_view path) const {
  if (fault_) return false;
  const Type& type = type_->stripped();
  if (type.kind != TypeKind::pointer) return inquest::has_member(type, path);
  return type.target() != nullptr && inquest::has_member(*type.target(), path);
}

Result<Object> pointed(const Object& pointer, std::string_view missing) {
  if (TRY(pointer.to_address()).value == 0) {
    return Error(ErrorKind::not_found, std::string(missing));
  }
  Object object = pointer.dereference();
  if (object.fault() != nullptr) return *object.fault();
  return object;
}

}  // namespace inquest
