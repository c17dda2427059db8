// SPDX-License-Identifier: GPL-3.0-or-later
// IP addresses of both versions.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "types/object.h"

namespace inquest {

struct IpAddress {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> bytes = {};  // as on the wire; IPv4: the first 4

  // "127.0.0.1", "fe80::1".
  std::string text() const;
  bool operator==(const IpAddress&) const = default;
};

// The bytes at |at|, in the order of the wire.
Result<IpAddress> ip_address_at(const AddressSpace& space, Address at,
                                bool is_v6);
// A member of type __be32 or struct in6_addr.
Result<IpAddress> ip_address(const Object& object);

// What an address is as a number: one of 32 bits, in hexadecimal with 0x or
// decimal, as the machine keeps it in memory; or the 32 digits of an IPv6
// address as /proc writes them.
std::optional<IpAddress> ip_address_of_number(std::string_view text,
                                              std::endian endian);

}  // namespace inquest
