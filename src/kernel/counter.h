// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers that are an atomic_t or atomic_long_t in some kernels and plain in
// others.

#pragma once

#include "types/object.h"

namespace inquest {

inline Object plain_number(const Object& number) {
  return number.has_member("counter") ? number["counter"] : number;
}

}  // namespace inquest
