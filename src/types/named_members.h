// SPDX-License-Identifier: GPL-3.0-or-later
// A structure's members as C names them.

#pragma once

#include <functional>

#include "types/type.h"

namespace inquest {

// Calls |visit| with each member of |type| that has a name, those of unnamed
// structures in it included, in their order, and with the structure it is in,
// until that returns false. Looks into at most 1000 structures: damaged type
// data can have such as hold themselves.
void visit_named_members(
    const Type& type,
    const std::function<bool(const Type& in, const Member& member)>& visit);

}  // namespace inquest
