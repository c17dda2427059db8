// SPDX-License-Identifier: GPL-3.0-or-later
// What zram and zswap make of a page.

#pragma once

#include <string_view>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A page that |compression|, by the kernel's name, made into |packed|.
// |unsupported| names one that we do not know.
Result<std::vector<std::byte>> unpacked_page(const Kernel& kernel,
                                             std::string_view compression,
                                             std::span<const std::byte> packed);

// A page of one word.
std::vector<std::byte> repeated_word(const Kernel& kernel, std::uint64_t word);

}  // namespace inquest
