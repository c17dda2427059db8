// SPDX-License-Identifier: GPL-3.0-or-later
// An entry of a list or a tree, and what the user wants to see of it: -s and
// -S, as often as given.

#pragma once

#include <string>
#include <vector>

#include "command/command.h"
#include "command/options.h"
#include "command/structure_row.h"

namespace inquest {

// How entries are shown.
struct EntryShape {
  // A structure, whole or some members of it.
  struct Part {
    const Type* type = nullptr;
    std::vector<std::string> members;
    bool is_direct = false;  // -S
  };
  std::vector<Part> parts;
  ValueStyle style;
  // How far behind the start of the structure an entry's address is (-l).
  std::uint64_t offset = 0;
};

// What -s, -S, -x and -d ask for. |not_found| names a structure or member that
// there is not.
Result<EntryShape> entry_shape(const Session& session, const Options& options);

struct EntryRow {
  Address address;
  // Where it is in its tree, "" if that is not asked for.
  std::optional<std::uint64_t> index = std::nullopt;
  std::string position = {};
  std::vector<InstanceRow> parts = {};
};
report::Record to_record(const EntryRow& row);
std::string to_text(const EntryRow& row);

// Completes |row| by what |shape| asks for. Members that cannot be read are
// problems behind it.
void show_entry(const AddressSpace& space, const EntryShape& shape,
                EntryRow row, report::Sink& out);

}  // namespace inquest
