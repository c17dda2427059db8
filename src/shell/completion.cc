// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/completion.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "shell/manual.h"
#include "shell/shell.h"
#include "shell/variables.h"
#include "types/named_members.h"

namespace inquest {
namespace {

constexpr std::size_t limit = 500;

using Names = std::set<std::string>;

void add(Names& names, std::string_view name, std::string_view prefix) {
  if (names.size() < limit && name.starts_with(prefix)) names.emplace(name);
}

void add_commands(Names& names, Shell& shell, std::string_view prefix) {
  for (const Topic& topic : topics(shell.extensions().topics()))
    add(names, topic.name, prefix);
  for (const Alias& alias : shell.aliases().all())
    add(names, alias.name, prefix);
}

void add_symbols(Names& names, const Kernel& kernel, std::string_view prefix) {
  if (prefix.empty()) return;
  for (const Symbol& symbol : kernel.symbols().sorted())
    add(names, symbol.name, prefix);
}

void add_types(Names& names, const Kernel& kernel, std::string_view prefix) {
  if (prefix.empty()) return;
  for (const std::string& name : kernel.types().names(prefix, limit))
    add(names, name, prefix);
}

// What the name or path in front of a member is: a structure's tag, or a
// variable.
const Type* compound_type(const Kernel& kernel, std::string_view path) {
  std::size_t dot = path.find_first_of(".-");
  std::string_view name = path.substr(0, dot);
  const Type* type = nullptr;
  if (auto tag = kernel.types().type(name, TypeTag::any)) {
    type = *tag;
  } else if (auto variable = kernel.types().variable(name)) {
    type = variable->type;
  }
  while (type != nullptr && dot != std::string_view::npos) {
    path.remove_prefix(dot + (path[dot] == '-' ? 2 : 1));
    dot = path.find_first_of(".-");
    const Type& outer = type->stripped();
    const Type* target = outer.is_pointer() ? outer.target() : &outer;
    if (target == nullptr) return nullptr;
    auto place = find_member(*target, path.substr(0, dot));
    type = place ? place->type : nullptr;
  }
  if (type == nullptr) return nullptr;
  const Type& real = type->stripped();
  return real.is_pointer() ? real.target() : &real;
}

void add_members(Names& names, const Type& type, std::string_view before,
                 std::string_view prefix) {
  visit_named_members(type, [&](const Type&, const Member& member) {
    if (member.name.starts_with(prefix))
      names.insert(std::string(before) + member.name);
    return true;
  });
}

// Where the member's name starts in |word|, or npos without "." and "->".
std::size_t member_start(std::string_view word) {
  std::size_t dot = word.find_last_of(".,");
  std::size_t arrow = word.rfind("->");
  if (dot == std::string_view::npos && arrow == std::string_view::npos)
    return std::string_view::npos;
  if (dot == std::string_view::npos ||
      (arrow != std::string_view::npos && arrow > dot)) {
    return arrow + 2;
  }
  return dot + 1;
}

// The path in front of a member: of "a.b,c.d" that is "a.c".
std::string owner(std::string_view before) {
  bool is_arrow = before.ends_with("->");
  bool is_list = before.ends_with(',');
  before.remove_suffix(is_arrow ? 2 : 1);
  std::size_t comma = before.find(',');
  if (!is_list && comma == std::string_view::npos) return std::string(before);
  std::string root(before.substr(0, before.find('.')));
  if (is_list) return root;
  return root + '.' + std::string(before.substr(before.rfind(',') + 1));
}

}  // namespace

std::vector<std::string> completions(Shell& shell, std::string_view line) {
  std::size_t start = line.find_last_of(" \t\"'()&*");
  start = start == std::string_view::npos ? 0 : start + 1;
  std::string_view word = line.substr(start);
  std::string_view before = trim(line.substr(0, start));
  const Kernel& kernel = shell.session().kernel;
  Names names;
  if (std::size_t at = member_start(word); at != std::string_view::npos) {
    std::string_view front = word.substr(0, at);
    if (const Type* type = compound_type(kernel, owner(front)))
      add_members(names, *type, front, word.substr(at));
  } else if (before.empty() || before == "help" || before == "man") {
    add_commands(names, shell, word);
  } else if (before == "set") {
    for (const Variable& variable : variables())
      add(names, variable.name, word);
  } else if (before == "struct" || before == "union") {
    add_types(names, kernel, word);
  } else {
    add_symbols(names, kernel, word);
    add_types(names, kernel, word);
  }
  return {names.begin(), names.end()};
}

}  // namespace inquest
