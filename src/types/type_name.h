// SPDX-License-Identifier: GPL-3.0-or-later
// C type names as in casts and sizeof: "const struct foo *", "int (*)[4]".

#pragma once

#include "types/lexer.h"
#include "types/types.h"

namespace inquest {

// "long unsigned int", "unsigned long int" -> "unsigned long"; "_Bool" and
// names that are no C keywords stay.
std::string canonical_name(std::string_view name);

// Whether a type name starts at the cursor: a keyword or a known typedef.
bool starts_type(const TokenCursor& cursor, Types& types);

// The type name at the cursor, which moves behind it. A bare name may also
// stand for a structure when |bare_tags|.
Result<const Type*> parse_type(TokenCursor& cursor, Types& types,
                               bool bare_tags);

}  // namespace inquest
