// SPDX-License-Identifier: GPL-3.0-or-later
// struct, union and * are one command under three names, which differ in the
// tags that they accept.

#pragma once

#include "command/command.h"

namespace inquest {

// What all three say of themselves.
const std::vector<std::pair<std::string_view, std::string_view>>&
structure_options();

enum class StructureTag { structure, union_type, any };

Result<void> show_structure(Session& session, Command::Words words,
                            StructureTag tag, report::Sink& out);

}  // namespace inquest
