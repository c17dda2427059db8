// SPDX-License-Identifier: GPL-3.0-or-later
// The small arithmetic of crash's eval: one operator between two numbers or
// symbols, as in "eval 1 << 20" or "struct page (init_task + 16)".

#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/kernel.h"

namespace inquest {

// Numbers are decimal, hexadecimal with 0x or where they are no decimal ones;
// k, m and g multiply. Parentheses around the whole are allowed. |not_found|
// in crash's words when |text| makes no sense.
Result<std::uint64_t> calculated(const Kernel& kernel, std::string_view text);

}  // namespace inquest
