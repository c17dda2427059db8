// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as users of crash write them.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace inquest {

// The whole of |text| as a number, or nothing: no sign, no blanks. A 0x prefix
// is allowed for hexadecimal.
std::optional<std::uint64_t> parse_hex(std::string_view text);
std::optional<std::uint64_t> parse_decimal(std::string_view text);
// 0x means hexadecimal, otherwise decimal; when |text| is no decimal number
// but a hexadecimal one, that.
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace inquest
