// SPDX-License-Identifier: GPL-3.0-or-later
// Types of a driver that is part of the kernel or a module of it.

#pragma once

#include <string>

#include "kernel/kernel.h"

namespace inquest {

class DriverTypes {
 public:
  DriverTypes(const Kernel& kernel, std::string module);

  const Kernel& kernel() const { return kernel_; }
  // |not_found| names the type and the module that should have it.
  Result<const Type*> structure(std::string_view name) const;
  Result<std::int64_t> enumerator(std::string_view name) const;
  // The smallest value of the enumeration that has |name|.
  Result<std::int64_t> least_of_enumeration(std::string_view name) const;
  // |structure| at |at|.
  Object object(std::string_view structure, Address at) const;

 private:
  TypeSource* own() const;
  Error missing(std::string_view name) const;
  Result<std::pair<const Type*, std::int64_t>> enumeration(
      std::string_view name) const;

  const Kernel& kernel_;
  std::string module_;
};

}  // namespace inquest
