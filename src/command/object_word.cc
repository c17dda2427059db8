// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/object_word.h"

#include <fmt/format.h>

#include "command/values.h"

namespace inquest {
namespace {

Result<NamedObject> found_object(std::string name, const Object& object) {
  if (object.fault() != nullptr) return *object.fault();
  return NamedObject{std::move(name), object.address(), object};
}

// "struct.member", of the structure at |address|.
Result<NamedObject> member_object(const Session& session,
                                  const std::string& path,
                                  const std::string& address) {
  std::size_t dot = path.find('.');
  if (dot == std::string::npos) {
    return Error(ErrorKind::usage, "unexpected " + address);
  }
  Address at = TRY(start_address(session, address));
  Object object = session.kernel.object(path.substr(0, dot), at);
  return found_object("", object[path.substr(dot + 1)]);
}

}  // namespace

Result<NamedObject> named_object(const Session& session,
                                 std::span<const std::string> words) {
  if (words.empty() || words.size() > 2) return Error(ErrorKind::usage, "");
  const Kernel& kernel = session.kernel;
  const std::string& word = words.front();
  if (words.size() == 2) return member_object(session, word, words.back());
  std::size_t dot = word.find('.');
  if (dot != std::string::npos && !word.starts_with('(')) {
    return found_object(
        word, kernel.variable(word.substr(0, dot))[word.substr(dot + 1)]);
  }
  auto symbol = kernel.symbol(word);
  if (!symbol) {
    auto at = start_address(session, word);
    if (at) return NamedObject{"", *at, std::nullopt};
    return Error(ErrorKind::not_found,
                 fmt::format("cannot resolve \"{}\"", word));
  }
  NamedObject named{word, *symbol, std::nullopt};
  Object variable = kernel.variable(word);
  if (variable.fault() == nullptr) named.object = variable;
  return named;
}

}  // namespace inquest
