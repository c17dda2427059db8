// SPDX-License-Identifier: GPL-3.0-or-later
// Session commands that have a file of their own.

#pragma once

namespace inquest {

struct Builtin;

extern const Builtin gdb_builtin;
extern const Builtin extend_builtin;
extern const Builtin help_builtin;
extern const Builtin set_builtin;

}  // namespace inquest
