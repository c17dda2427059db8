// SPDX-License-Identifier: GPL-3.0-or-later
#include "types/named_members.h"

namespace inquest {
namespace {

using Visit = std::function<bool(const Type& in, const Member& member)>;

// False: enough. |left|: how many structures may still be looked into.
bool visit_in(const Type& type, const Visit& visit, unsigned& left) {
  if (left == 0) return true;
  --left;
  for (const Member& member : type.members()) {
    bool goes_on = true;
    if (!member.name.empty()) {
      goes_on = visit(type, member);
    } else if (member.type != nullptr) {
      goes_on = visit_in(member.type->stripped(), visit, left);
    }
    if (!goes_on) return false;
  }
  return true;
}

}  // namespace

void visit_named_members(const Type& type, const Visit& visit) {
  unsigned left = 1000;
  visit_in(type.stripped(), visit, left);
}

}  // namespace inquest
