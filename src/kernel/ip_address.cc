// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/ip_address.h"

#include <arpa/inet.h>

#include "base/numbers.h"

namespace inquest {
namespace {

constexpr std::size_t v4_size = 4;
constexpr std::size_t v6_size = 16;

}  // namespace

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer = {};
  const char* text = inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data(),
                               buffer.data(), buffer.size());
  return text == nullptr ? std::string() : std::string(text);
}

Result<IpAddress> ip_address_at(const AddressSpace& space, Address at,
                                bool is_v6) {
  auto raw = TRY(space.bytes(at, is_v6 ? v6_size : v4_size));
  IpAddress found{.is_v6 = is_v6};
  for (std::size_t i = 0; i < raw.size(); ++i)
    found.bytes.at(i) = std::to_integer<std::uint8_t>(raw[i]);
  return found;
}

Result<IpAddress> ip_address(const Object& object) {
  if (object.fault() != nullptr) return *object.fault();
  bool is_v6 = object.type().size() == v6_size;
  return ip_address_at(object.space(), object.address(), is_v6);
}

std::optional<IpAddress> ip_address_of_number(std::string_view text,
                                              std::endian endian) {
  constexpr std::size_t digits = 32;
  constexpr std::uint64_t most = 0xffffffff;
  IpAddress found;
  if (text.size() == digits) {
    found.is_v6 = true;
    for (std::size_t i = 0; i < v6_size; ++i) {
      auto byte = parse_hex(text.substr(2 * i, 2));
      if (!byte) return std::nullopt;
      found.bytes.at(i) = static_cast<std::uint8_t>(*byte);
    }
    return found;
  }
  auto number = parse_number(text);
  if (!number || *number > most) return std::nullopt;
  for (std::size_t i = 0; i < v4_size; ++i) {
    std::size_t place = endian == std::endian::little ? i : v4_size - 1 - i;
    found.bytes.at(place) = static_cast<std::uint8_t>(*number >> (8 * i));
  }
  return found;
}

}  // namespace inquest
