// SPDX-License-Identifier: GPL-3.0-or-later
// C expressions over the dumped kernel, as gdb evaluates them.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "types/object.h"
#include "types/types.h"

namespace inquest {

// Where an expression's names come from.
class Scope {
 public:
  virtual ~Scope() = default;

  virtual const AddressSpace& space() const = 0;
  virtual Types& types() const = 0;
  // A variable, function or per-CPU variable (its template); |not_found|
  // otherwise. A symbol whose type is not known has type void and an address.
  virtual Object variable(std::string_view name) const = 0;
  // The value history: $N, $ (number 0: the last), $$ (the one before).
  virtual Object history(int number, bool from_end) const = 0;
};

// Evaluates casts, . -> [] * & + - ! ~, arithmetic, shifts, comparisons,
// && || ?: , sizeof, slices "a[0]@4", literals, names and $N. |usage| for
// syntax errors, with the place; otherwise the reason of the failed step.
Object evaluate(std::string_view text, const Scope& scope);

}  // namespace inquest
