// SPDX-License-Identifier: GPL-3.0-or-later
// Types as C text, laid out as gdb's ptype and crash's struct/whatis do.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "types/type.h"

namespace inquest {

// "struct task_struct *", "int (*)(struct file *, loff_t)", "char [16]".
std::string type_name(const Type& type);
// The same around a name: "int (*open)(struct inode *)", "char comm[16]".
std::string declaration(const Type& type, std::string_view name);
// The body of a struct, union or enum, or what a typedef stands for; as gdb's
// ptype, nested anonymous types expanded, four spaces a level.
std::string definition(const Type& type);

// A line of definition() and the member it declares or closes; "" for lines
// that open or close an unnamed struct or union.
struct DefinitionLine {
  std::string text;  // without line end
  std::string member;
};
std::vector<DefinitionLine> definition_lines(const Type& type);

}  // namespace inquest
