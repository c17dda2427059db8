// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/numbers.h"
#include "shell/shell.h"

namespace inquest {
namespace {

using Words = std::vector<std::string>;

Words prefixed(std::initializer_list<std::string> front, const Words& words,
               std::size_t from) {
  Words all(front);
  all.insert(all.end(), words.begin() + static_cast<std::ptrdiff_t>(from),
             words.end());
  return all;
}

// gdb's names for what p and whatis do, "p/x" included.
Words as_gdb_command(const Words& words) {
  std::string_view word = words[0];
  std::size_t slash = word.find('/');
  std::string_view name = word.substr(0, slash);
  if (name == "print" || name == "inspect" || name == "output") name = "p";
  if (name == "p" && slash != std::string_view::npos)
    return prefixed({"p", std::string(word.substr(slash))}, words, 1);
  if (name == "p") return prefixed({"p"}, words, 1);
  if (word == "ptype") return prefixed({"whatis"}, words, 1);
  return words;
}

// The identifier at the start of an expression: "jiffies" of "&jiffies[2]".
std::string_view leading_name(std::string_view word) {
  std::size_t begin = word.find_first_not_of("&*");
  if (begin == std::string_view::npos) return {};
  word.remove_prefix(begin);
  std::size_t length = 0;
  while (length < word.size() &&
         (std::isalnum(static_cast<unsigned char>(word[length])) != 0 ||
          word[length] == '_')) {
    ++length;
  }
  return word.substr(0, length);
}

bool is_expression(const Session& session, const std::string& word) {
  if (word.starts_with('$')) return true;
  std::string_view name = leading_name(word);
  if (name.empty() || parse_decimal(name)) return false;
  std::string_view rest = word;
  rest.remove_prefix(static_cast<std::size_t>(name.data() - rest.data()) +
                     name.size());
  bool is_plain = rest.empty() || std::string_view(".[-:+").find(rest[0]) !=
                                      std::string_view::npos;
  return is_plain && session.kernel.symbol(name).has_value();
}

Words as_typedef_command(const Type& type, const Words& words) {
  const Type& real = type.stripped();
  if (real.kind == TypeKind::structure) return prefixed({"struct"}, words, 0);
  if (real.kind == TypeKind::union_type) return prefixed({"union"}, words, 0);
  bool is_address = words.size() == 2 && parse_hex(words[1]);
  if (real.kind == TypeKind::integer && is_address)
    return prefixed({"rd", fmt::format("-{}", real.size() * 8)}, words, 1);
  return prefixed({"whatis"}, words, 0);
}

// "task_struct.pid init_task" and the like.
Words as_type_command(Session& session, const Words& words) {
  std::string_view word = words[0];
  std::string_view name = leading_name(word);
  if (name.empty() || name.data() != word.data()) return words;
  Types& types = session.kernel.types();
  if (types.type(name, TypeTag::structure))
    return prefixed({"struct"}, words, 0);
  if (types.type(name, TypeTag::union_type))
    return prefixed({"union"}, words, 0);
  if (types.type(name, TypeTag::enumeration))
    return prefixed({"whatis", "enum"}, words, 0);
  auto plain = words.size() == 1 || name == word
                   ? types.type(name, TypeTag::plain)
                   : Result<const Type*>(Error(ErrorKind::not_found, ""));
  return plain ? as_typedef_command(**plain, words) : words;
}

}  // namespace

std::vector<std::string> as_command(Session& session,
                                    std::vector<std::string> words) {
  const std::string& word = words[0];
  if (word.size() > 1 && word[0] == '*')
    return prefixed({"*", word.substr(1)}, words, 1);
  Words gdb = as_gdb_command(words);
  if (gdb != words) return gdb;
  if (word == "enum") return prefixed({"whatis"}, words, 0);
  if (words.size() == 1 && is_expression(session, word)) return {"p", words[0]};
  return as_type_command(session, words);
}

bool is_host_command(std::string_view word) {
  constexpr std::array names = {"vi",   "pwd",  "grep", "cat",  "more",
                                "less", "echo", "ls",   "clear"};
  return std::ranges::find(names, word) != names.end();
}

}  // namespace inquest
