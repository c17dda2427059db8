// SPDX-License-Identifier: GPL-3.0-or-later
// How bt shows saved registers, in the layout of their architecture.

#pragma once

#include "command/bt_row.h"

namespace inquest {

std::string registers_text(const BtRegisters& registers);
// The line below what has a line number.
std::string line_text(const std::optional<SourceLine>& line);

}  // namespace inquest
