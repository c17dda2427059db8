// SPDX-License-Identifier: GPL-3.0-or-later
//
// An entry of a wait queue has a function and a pointer for it. For all that
// simply sleep the pointer is their task. poll and select point to their
// struct poll_wqueues, which knows the task; others to anything, often on the
// sleeper's stack, which tells the task too.
//
// 4.13 renamed the structures (commits ac6424b981bc, 2055da97389a). Simple wait
// queues (4.6, commit 13b35686e8b9) know the task alone.

#include "kernel/wait_queue.h"

#include <array>

#include "kernel/list.h"
#include "kernel/task_places.h"

namespace inquest {
namespace {

// How a kind of wait queue looks.
struct Shape {
  std::string_view head;   // its structure
  std::string_view list;   // the list in it
  std::string_view entry;  // the structure of the entries
  std::string_view link;   // the list in these
  std::string_view owner;  // what leads to the task
};
constexpr std::array<Shape, 3> shapes = {{
    {"wait_queue_head", "head", "wait_queue_entry", "entry", "private"},
    {"__wait_queue_head", "task_list", "__wait_queue", "task_list", "private"},
    {"swait_queue_head", "task_list", "swait_queue", "task_list", "task"},
}};

const Shape* shape_of(const Object& head) {
  for (const Shape& shape : shapes) {
    if (head.type().stripped().name == shape.head) return &shape;
  }
  return nullptr;
}

// The queue itself, of what leads to it or contains it.
Object queue_of(const Object& head) {
  Object queue = head.fault() == nullptr && head.type().is_pointer()
                     ? head.dereference()
                     : head;
  if (queue.fault() == nullptr &&
      queue.type().stripped().name == "completion") {
    return queue["wait"];
  }
  return queue;
}

// The task that |pointer| leads to.
std::optional<Object> owner_of(const TaskPlaces& places, Address pointer) {
  auto task = places.task(pointer);
  return task ? task : places.stack_owner(pointer);
}

std::optional<Object> polling_task(const Kernel& kernel, Address pointer,
                                   const TaskPlaces& places) {
  auto task =
      kernel.object("poll_wqueues", pointer)["polling_task"].to_address();
  return task ? owner_of(places, *task) : std::nullopt;
}

Waiter waiter_of(const Kernel& kernel, const Object& entry, const Shape& shape,
                 const TaskPlaces& places) {
  Waiter waiter{entry.address(), std::nullopt, Address{0}};
  if (entry.has_member("func")) waiter.function = entry["func"].to_address();
  auto pointer = entry[shape.owner].to_address();
  if (!pointer || pointer->value == 0) return waiter;
  auto place = waiter.function ? kernel.place(*waiter.function) : std::nullopt;
  if (place && place->symbol == "pollwake") {
    waiter.task = polling_task(kernel, *pointer, places);
  }
  if (!waiter.task) waiter.task = owner_of(places, *pointer);
  return waiter;
}

}  // namespace

Object wait_queue_head(const Kernel& kernel, Address at) {
  bool is_new = kernel.structure("wait_queue_head").has_value();
  return kernel.object(is_new ? "wait_queue_head" : "__wait_queue_head", at);
}

Result<WaitQueue> wait_queue(const Kernel& kernel, const Object& head) {
  Object queue = queue_of(head);
  if (queue.fault() != nullptr) return *queue.fault();
  const Shape* shape = shape_of(queue);
  if (shape == nullptr) return Error(ErrorKind::not_found, "no wait queue");
  WaitQueue found{queue.address(), {}, std::nullopt};
  std::optional<TaskPlaces> places;
  for (const Object& entry :
       list_entries(queue[shape->list], kernel.structure(shape->entry),
                    std::string(shape->link))) {
    if (entry.fault() != nullptr) {
      found.fault = *entry.fault();
      continue;
    }
    if (!places) places.emplace(kernel);
    found.waiters.push_back(waiter_of(kernel, entry, *shape, *places));
  }
  return found;
}

}  // namespace inquest
