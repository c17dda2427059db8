// SPDX-License-Identifier: GPL-3.0-or-later
// Whose task_struct or stack an address is in.

#pragma once

#include <map>
#include <optional>

#include "kernel/kernel.h"

namespace inquest {

class TaskPlaces {
 public:
  // A walk over all tasks.
  explicit TaskPlaces(const Kernel& kernel);

  // The task whose task_struct begins at |at|.
  std::optional<Object> task(Address at) const;
  // The task on whose stack |at| is.
  std::optional<Object> stack_owner(Address at) const;

 private:
  std::uint64_t stack_size_;
  std::map<Address, Object> tasks_;
  std::map<Address, Object> stacks_;  // by lowest address
};

}  // namespace inquest
