// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/driver_types.h"

#include <algorithm>

#include <fmt/format.h>

#include "kernel/module.h"

namespace inquest {

DriverTypes::DriverTypes(const Kernel& kernel, std::string module)
    : kernel_(kernel), module_(std::move(module)) {}

// Null: the module is not loaded, or nothing knows its types.
TypeSource* DriverTypes::own() const {
  Modules& modules = kernel_.modules();
  const Module* module = modules.find(module_);
  return module != nullptr ? modules.types(*module) : nullptr;
}

Error DriverTypes::missing(std::string_view name) const {
  return {ErrorKind::not_found,
          fmt::format("the kernel has no type {}, nor has a module {}", name,
                      module_)};
}

Result<const Type*> DriverTypes::structure(std::string_view name) const {
  if (auto found = kernel_.structure(name)) return *found;
  if (TypeSource* source = own()) {
    auto found = source->type(name, TypeTag::structure);
    if (found && !(*found)->is_declaration) return *found;
  }
  return missing(name);
}

Result<std::pair<const Type*, std::int64_t>> DriverTypes::enumeration(
    std::string_view name) const {
  if (auto found = kernel_.types().enumerator(name)) return *found;
  if (TypeSource* source = own()) {
    if (auto found = source->enumerator(name)) return *found;
  }
  return missing(name);
}

Result<std::int64_t> DriverTypes::enumerator(std::string_view name) const {
  return TRY(enumeration(name)).second;
}

Result<std::int64_t> DriverTypes::least_of_enumeration(
    std::string_view name) const {
  auto [type, value] = TRY(enumeration(name));
  for (const Enumerator& one : type->enumerators())
    value = std::min(value, static_cast<std::int64_t>(one.value));
  return value;
}

Object DriverTypes::object(std::string_view structure_name, Address at) const {
  auto type = structure(structure_name);
  if (!type) return type.error();
  return {kernel_.memory(), **type, at};
}

}  // namespace inquest
