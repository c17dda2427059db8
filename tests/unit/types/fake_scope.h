// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <string>

#include "types/expression.h"
#include "unit/types/build_types.h"

namespace inquest {

// Variables by name, at addresses of their own, and two values of history.
class FakeScope : public Scope {
 public:
  explicit FakeScope(TypeBench& bench) : bench_(bench) {}

  const AddressSpace& space() const override { return bench_.space; }
  Types& types() const override { return bench_.types; }
  Object variable(std::string_view name) const override {
    auto found = variables.find(name);
    if (found != variables.end()) return found->second;
    return Error(ErrorKind::not_found, "no variable");
  }
  Object history(int number, bool from_end) const override {
    return Object::value(
        bench_.space, bench_.c("int"),
        static_cast<std::uint64_t>(number) + (from_end ? 1000 : 0));
  }

  std::map<std::string, Object, std::less<>> variables;

 private:
  TypeBench& bench_;
};

}  // namespace inquest
