// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/task_places.h"

#include "base/interrupt.h"
#include "kernel/task.h"

namespace inquest {

TaskPlaces::TaskPlaces(const Kernel& kernel) : stack_size_(stack_size(kernel)) {
  for (const Object& task : known_tasks(kernel)) {
    if (interrupted()) break;
    tasks_.emplace(task.address(), task);
    auto stack = task_stack(task);
    if (stack) stacks_.emplace(*stack, task);
  }
}

std::optional<Object> TaskPlaces::task(Address at) const {
  auto found = tasks_.find(at);
  return found == tasks_.end() ? std::nullopt
                               : std::optional<Object>(found->second);
}

std::optional<Object> TaskPlaces::stack_owner(Address at) const {
  auto above = stacks_.upper_bound(at);
  if (above == stacks_.begin()) return std::nullopt;
  const auto& [stack, owner] = *--above;
  bool is_inside = at.value - stack.value < stack_size_;
  return is_inside ? std::optional<Object>(owner) : std::nullopt;
}

}  // namespace inquest
