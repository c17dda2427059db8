// SPDX-License-Identifier: GPL-3.0-or-later
// The architectures, one file each.

#pragma once

#include "arch/arch.h"

namespace inquest {

const Arch& x86_64();
const Arch& arm64();

}  // namespace inquest
